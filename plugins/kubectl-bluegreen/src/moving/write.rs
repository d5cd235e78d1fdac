//! Writing the moves: one conditional patch a Service, all or none.

use k8s_openapi::api::core::v1::Service;
use kubectl_release::change::Change;
use kubectl_release::cluster::conditional::{Found, UNCLEAR, Written};
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::objects::Labels;
use kubectl_release::record::Recorded;
use kubectl_release::selector::as_label_selector;

use super::{Journey, conclude, take_back};
use crate::plan::service_path;
use crate::subject::Subject;
use kubectl_release::run::Run;

/// Writes every move in order; where one fails, the ones done are taken back in reverse order.
///
/// # Errors
/// The failure of the one that failed, with what became of the others.
pub async fn all(run: &Run, journeys: &[Journey<'_>]) -> Outcome<()> {
    for (index, journey) in journeys.iter().enumerate() {
        let change = journey.movement.change(journey.subject, &run.cluster.flags);
        let written = one(run, &change, journey).await;
        let unclear = written.as_ref().is_err_and(|failure| failure.reason == UNCLEAR);
        journey.moved.set((!unclear).then_some(written.is_ok()));
        let Err(failure) = written else {
            told(run, &change, journeys, index);
            continue;
        };
        conclude::attempt_failed(run, journey, &failure).await;
        return Err(match index {
            0 => failure,
            _ => undo_earlier(run, &journeys[..index], failure).await,
        });
    }
    Ok(())
}

fn told(run: &Run, change: &Change, journeys: &[Journey<'_>], index: usize) {
    let movement = journeys[index].movement;
    let names: Vec<&str> = journeys[..=index].iter().map(|j| j.movement.service.as_str()).collect();
    run.stands(format!(
        "interrupted: service/{} selects {} now, not proven yet\nBack: kubectl bluegreen rollback {}{}",
        names.join(", service/"),
        movement.to,
        names.join(" "),
        run.suffix
    ));
    let service = if journeys.len() > 1 { format!("{}: ", movement.service) } else { String::new() };
    let word = if movement.record.verb == "rollback" { "rolled back" } else { "switched" };
    run.progress.step(word, &format!("{service}{} -> {}", movement.from, movement.to));
    if let Some(undo) = &change.undo {
        run.progress.step("undo", undo);
    }
}

async fn undo_earlier(run: &Run, written: &[Journey<'_>], failure: Failure) -> Failure {
    let mut left = Vec::new();
    for journey in written.iter().rev() {
        match take_back::one(run, journey, &failure.message).await {
            Ok(()) => run.progress.step(
                "taken back",
                &format!("{}: {} -> {}", journey.movement.service, journey.movement.to, journey.movement.from),
            ),
            Err(why) => {
                left.push(format!("service/{} could not be taken back: {}", journey.movement.service, why.message))
            }
        }
    }
    let exit = if left.is_empty() && failure.exit == Exit::Failed { Exit::RolledBack } else { failure.exit };
    let what =
        if left.is_empty() { format!("the {} written before were taken back", written.len()) } else { left.join("\n") };
    Failure { exit, message: format!("{}\n{what}", failure.message), ..failure }
}

/// Makes one write and finds out what became of it.
async fn one(run: &Run, change: &Change, journey: &Journey<'_>) -> Outcome<()> {
    let service = &journey.movement.service;
    let look_again = format!("kubectl bluegreen status {service}{}", run.suffix);
    run.stands(format!("interrupted while {} was being written: see {look_again}", change.object));
    match run.cluster.write_if_unchanged(change, run.write_mode(), async || look(run, journey).await).await {
        Ok(Written::Answered) => Ok(()),
        Ok(Written::ReadBack(error)) => {
            if error.leaves_write_unclear() {
                run.progress.step("read back", &format!("{error}; the change is there"));
            }
            Ok(())
        }
        Err(unwritten) => Err(unwritten.failure(&format!("service/{service} was switched"), &look_again)),
    }
}

/// Reads the Service back.
async fn look(run: &Run, journey: &Journey<'_>) -> Result<Found, ApiError> {
    let movement = journey.movement;
    let service: Service = run.cluster.get(&service_path(&movement.namespace, &movement.service)).await?;
    let recorded = Recorded::read(&service.metadata.annotations.clone().unwrap_or_default());
    let selector = service.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
    let ours = recorded.current.as_ref().is_some_and(|r| r.id == movement.record.id);
    if ours && selector == movement.selector {
        return Ok(Found::Ours);
    }
    Ok(match what_changed(&selector, &recorded, journey) {
        None => {
            let subject = Subject { service: &service, ..journey.subject.clone() };
            Found::Untouched(Box::new(movement.change(&subject, &run.cluster.flags)))
        }
        Some(what) => {
            let text = format!(
                "service/{} was changed by someone else meanwhile: {what}; nothing was overwritten",
                movement.service
            );
            let next = format!("kubectl bluegreen status {}{}", movement.service, run.suffix);
            Found::Changed(Failure::changed(text).next(next))
        }
    })
}

/// What of all that the patch is conditional on is not as it was read.
fn what_changed(selector: &Labels, recorded: &Recorded, journey: &Journey<'_>) -> Option<String> {
    let before = &journey.subject.recorded;
    let by = recorded.current.as_ref().filter(|_| recorded.raw_current != before.raw_current);
    let by = by.map(|r| format!("{} {} -> {} by {}", r.verb, r.from, r.to, r.by));
    if *selector != journey.movement.previous {
        let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
        return Some(format!("its selector is {} now{by}", as_label_selector(selector)));
    }
    if recorded.raw_current != before.raw_current {
        return Some(by.unwrap_or_else(|| "its record was edited".to_owned()));
    }
    let cleanup = recorded.cleanup.as_ref().map(|c| format!("{} is being taken down by {}", c.color, c.by));
    let noted = recorded.raw_cleanup != before.raw_cleanup;
    noted.then(|| cleanup.unwrap_or_else(|| "the note of its last cleanup was edited".to_owned()))
}

/// Sends the writes with `dryRun=All`: admission, validation and permissions answer for real.
///
/// # Errors
/// The API server's refusal.
pub async fn rehearse(run: &Run, changes: &[Change]) -> Outcome<()> {
    for change in changes {
        run.cluster.apply(change, kubectl_release::cluster::apply::DryRun::Server).await?;
    }
    Ok(())
}
