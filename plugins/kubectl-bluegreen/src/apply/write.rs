//! Writing the moves: one conditional patch a Service, all or none.

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_cluster::conditional::{Found, UNCLEAR, Written};
use release_cluster::exchange::ApiError;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::change::Change;
use release_core::release::record::{Recorded, RunResult};
use release_core::text::printable;
use release_core::traffic::router::service;
use release_core::traffic::selector::as_label_selector;
use serde_json::Value;

use super::home::Home;
use super::in_progress::{MoveInProgress, rollback, status};
use super::rewritten::{other_than_written, put_back};
use super::{conclude, records, take_back};
use crate::news;
use crate::plan::{Move, Place};
use crate::record::Record;

/// Writes every move in order that isn't written yet; where one fails, the ones done are taken back in reverse order.
///
/// # Errors
/// The failure of the one that failed, with what became of the others.
pub async fn all(run: &Run, moves: &[MoveInProgress<'_>]) -> Outcome<()> {
    for (index, made) in moves.iter().enumerate().filter(|(_, made)| made.moved.get() != Some(true)) {
        let change = made.change();
        // Whoever is interrupted meanwhile doesn't know.
        made.moved.set(None);
        let written = one(run, &change, made).await;
        let unclear = written.as_ref().is_err_and(|failure| failure.reason == UNCLEAR);
        made.moved.set((!unclear).then_some(written.is_ok()));
        let Err(failure) = written else {
            told(run, &change, moves, index);
            continue;
        };
        conclude::attempt_failed(run, made, &failure).await;
        return Err(match index {
            0 => failure,
            _ => undo_earlier(run, &moves[..index], failure).await,
        });
    }
    Ok(())
}

fn told(run: &Run, change: &Change, moves: &[MoveInProgress<'_>], index: usize) {
    let movement = moves[index].movement;
    let names: Vec<&str> = moves[..=index].iter().map(MoveInProgress::service).collect();
    let selects = if movement.route.is_some() { "is sent to" } else { "selects" };
    let is_wide = moves[index].is_wide.get();
    let to = if is_wide { movement.both() } else { movement.to.clone() };
    let text = format!("interrupted: service/{} {selects} {to} now, not proven yet", names.join(", service/"));
    let back = rollback(&moves[..=index], run.scope());
    run.stands(Stand { text, next: Some(Next::Try(vec![back], Some("goes back".into()))) });
    let service = if moves.len() > 1 { format!("{}: ", movement.service) } else { String::new() };
    let step = if is_wide { "widened" } else { movement.record.verb.past() };
    run.progress.step(step, &format!("{service}{} -> {to}", movement.from));
    if names.len() == moves.len() && !is_wide {
        news::switched(run, moves.iter().map(|made| (made.service(), made.movement.to.as_str())));
    }
    if !moves[index].is_recorded.get() {
        run.progress.step("not recorded", &format!("{service}{}", moves[index].unrecorded()));
    }
    // It is over in a moment, and so is what would undo it.
    if let Some(undo) = change.undo.as_ref().filter(|_| !is_wide) {
        run.progress.step("undo", &undo.to_string());
    }
}

async fn undo_earlier(run: &Run, written: &[MoveInProgress<'_>], failure: Failure) -> Failure {
    let mut left = Vec::new();
    for made in written.iter().rev() {
        // It has not failed: another one of its set could not be written.
        match take_back::one(run, made, &failure.message, RunResult::Failed).await {
            Ok(()) => run.progress.step(
                "taken back",
                &format!("{}: {} -> {}", made.movement.service, made.movement.to, made.movement.from),
            ),
            Err(why) => {
                left.push(format!("service/{} could not be taken back: {}", made.movement.service, why.message))
            }
        }
    }
    let exit = if left.is_empty() && failure.exit == Exit::Failed { Exit::RolledBack } else { failure.exit };
    let what =
        if left.is_empty() { format!("the {} written before were taken back", written.len()) } else { left.join("\n") };
    let failure = if left.is_empty() { failure } else { failure.try_next(rollback(written, run.scope())) };
    Failure { exit, message: format!("{}\n{what}", failure.message), ..failure }
}

/// Makes one write and finds out what became of it.
async fn one(run: &Run, change: &Change, made: &MoveInProgress<'_>) -> Outcome<()> {
    let look_again = status(made.service(), run.scope());
    let text = format!("interrupted while {} was being written", change.object);
    run.stands(Stand { text, next: Some(Next::Look(look_again.clone(), None)) });
    if made.movement.records().is_some() {
        return records::make(run, made, change, async || look(run, made).await).await;
    }
    match run.cluster.write_if_unchanged(change, run.write_mode(), async || look(run, made).await).await {
        Ok(Written::Answered(stored)) => {
            made.is_recorded.set(made.is_recorded.get() && is_recorded_in(&stored, made));
            match other_than_written(&stored, made) {
                Some(other) => Err(put_back(run, made, other).await),
                None => Ok(()),
            }
        }
        Ok(Written::ReadBack(error)) => {
            if error.leaves_write_unclear() {
                run.progress.step("read back", &format!("{error}; the change is there"));
            }
            Ok(())
        }
        Err(unwritten) => Err(unwritten.failure(&change.object, "switched", look_again)),
    }
}

/// An admission policy may take annotations off: what is stored is what counts.
fn is_recorded_in(stored: &Value, made: &MoveInProgress<'_>) -> bool {
    // An answer that is no object says nothing of it.
    let is_object = stored["metadata"]["name"].is_string();
    !is_object || Recorded::<Record>::in_object(stored).is_of(&made.movement.record)
}

/// Reads what decides back.
async fn look(run: &Run, made: &MoveInProgress<'_>) -> Result<Found, ApiError> {
    let movement = made.movement;
    let home = Home::read(run, movement).await?;
    if made.is_last_in(&home.recorded) && matches!(home.place, Place::After | Place::Both) {
        return Ok(Found::Ours);
    }
    Ok(match what_changed(&home, made) {
        None => Found::Untouched(Box::new(made.change_beside(&home.recorded, &home.cleanup))),
        Some(what) => {
            let text =
                format!("{} was changed by someone else meanwhile: {what}; nothing was overwritten", movement.object());
            Found::Changed(Failure::changed(text).look(status(&movement.service, run.scope())))
        }
    })
}

/// What of all that the patch is conditional on is not as it was read.
fn what_changed(home: &Home, made: &MoveInProgress<'_>) -> Option<String> {
    let (before, recorded) = (&made.view.recorded, &home.recorded);
    let by = recorded.current.as_ref().filter(|_| recorded.raw_current != before.raw_current);
    let by = by.map(Record::shown);
    if !made.movement.is_untouched(&home.object) {
        let by = by.map(|by| format!(" ({by})")).unwrap_or_default();
        return Some(format!("{}{by}", stands(home, made.movement)));
    }
    if recorded.raw_current != before.raw_current {
        return Some(by.unwrap_or_else(|| "its record was edited".to_owned()));
    }
    let noted = !home.cleanup.is_as_in(&made.view.cleanup);
    let by = home.cleanup.note.as_ref().map(|c| format!("{} is being taken down by {}", c.color, c.by));
    noted.then(|| by.unwrap_or_else(|| "the note of its last cleanup was edited".to_owned()))
}

fn stands(home: &Home, movement: &Move) -> String {
    let Some(route) = &movement.route else {
        return format!("its selector is {} now", as_label_selector(&service::selector(&home.object)));
    };
    match &home.place {
        Place::Before => "its destinations are not what they were".to_owned(),
        _ => printable(&format!("it sends to {} now", route.standing(&home.object).shown())),
    }
}
