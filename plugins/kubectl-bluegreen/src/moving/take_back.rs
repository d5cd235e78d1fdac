//! Taking a failed move back by itself.

use k8s_openapi::api::core::v1::Service;
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::record::{Record, Recorded, printable};
use tokio::time::Instant;

use super::{Journey, KnownPods, conclude, converge, slice_view::SliceView};
use crate::plan::{Move, service_path};
use crate::snapshot::{Snapshot, slices_of};
use kubectl_release::run::Run;

/// Our own outcome note may change the record between reading and taking back.
const ATTEMPTS: u32 = 3;
/// Going back gets this much time even when the run's own is over.
const GRACE: std::time::Duration = std::time::Duration::from_secs(30);

/// Takes all moves back, in reverse order, and waits until the endpoints followed.
pub async fn all(
    run: &Run,
    snapshot: &Snapshot,
    journeys: &[Journey<'_>],
    failure: Failure,
    began: Instant,
) -> Failure {
    run.progress.step("failed", &failure.message);
    let exposed = began.elapsed();
    let mut left = Vec::new();
    for journey in journeys.iter().rev() {
        let movement = journey.movement;
        match one(run, journey, &failure.message).await {
            Ok(()) => run.progress.step(
                "rolled back",
                &format!("{}{} -> {}", super::prefix(&movement.service, journey), movement.to, movement.from),
            ),
            Err(why) => left.push(still_there(journey, &why)),
        }
    }
    if !left.is_empty() {
        let names: Vec<&str> = journeys.iter().map(|j| j.movement.service.as_str()).collect();
        return Failure::failed("RollbackFailed", format!("{}\n{}", failure.message, left.join("\n"))).next(format!(
            "kubectl bluegreen rollback {}{}",
            names.join(" "),
            run.suffix
        ));
    }
    for journey in journeys {
        follow(run, snapshot, journey).await;
    }
    conclude::rolled_back(run, journeys, &failure).await;
    let to = journeys.first().map_or("", |j| j.movement.to.as_str());
    let verdict =
        format!("switch failed and was rolled back; {to} had traffic for {:.0} s", exposed.as_secs_f32().max(1.0));
    Failure {
        exit: Exit::RolledBack,
        reason: "RolledBack",
        message: format!("{verdict}\n{}", failure.message),
        next: failure.next,
    }
}

fn still_there(journey: &Journey<'_>, why: &Failure) -> String {
    let Move { service, to, .. } = journey.movement;
    let stand = match journey.moved.get() {
        Some(true) => format!("still selects {to}"),
        Some(false) => "was not taken back".to_owned(),
        None => format!("may still select {to}, it can't be read"),
    };
    format!("service/{service} {stand}: {}", why.message)
}

/// Takes one move back, unless someone else has moved the Service since.
///
/// # Errors
/// Where the write is refused, or the Service isn't as we left it.
pub async fn one(run: &Run, journey: &Journey<'_>, why: &str) -> Outcome<()> {
    let mut last = None;
    for attempts in (0..=ATTEMPTS).rev() {
        // The last look only finds out what became of the write before it.
        match attempt(run, journey, why, attempts > 0).await {
            Ok(()) => {
                journey.moved.set(Some(false));
                return Ok(());
            }
            Err(Attempt::Final(failure)) => return Err(failure),
            Err(Attempt::Again(error)) => last = Some(error),
            Err(Attempt::Stands) => break,
        }
    }
    Err(last.map_or_else(|| Failure::failed("RollbackFailed", "not taken back"), Failure::from))
}

enum Attempt {
    Again(ApiError),
    Final(Failure),
    /// It is as we left it, and no further write is to be made.
    Stands,
}

async fn attempt(run: &Run, journey: &Journey<'_>, why: &str, may_write: bool) -> Result<(), Attempt> {
    let movement = journey.movement;
    let path = service_path(&movement.namespace, &movement.service);
    journey.moved.set(None);
    let service: Service = run.cluster.get(&path).await.map_err(Attempt::Again)?;
    let annotations = service.metadata.annotations.clone().unwrap_or_default();
    let mut recorded = Recorded::read(&annotations);
    let selector = service.spec.and_then(|s| s.selector).unwrap_or_default();
    journey.moved.set(Some(selector == movement.selector));
    if selector == movement.previous {
        return Ok(());
    }
    let ours = recorded.current.as_ref().is_some_and(|r| r.id == movement.record.id);
    if !ours || selector != movement.selector {
        let text = format!("service/{} was changed by someone else meanwhile; left as it is", movement.service);
        return Err(Attempt::Final(Failure::changed(text)));
    }
    if !may_write {
        return Err(Attempt::Stands);
    }
    let record = undoing(movement, run, why);
    if let Some(failed) = &mut recorded.current {
        failed.result = Some("rolled back".into());
    }
    let change = movement.take_back(&recorded, &record, &run.cluster.flags);
    run.cluster.apply(&change, run.write_mode()).await.map_err(Attempt::Again)?;
    if let Some(undo) = &change.undo {
        run.progress.step("undo", undo);
    }
    Ok(())
}

/// The record of the way back. It keeps the run's id, so that the run's own last note finds it.
fn undoing(movement: &Move, run: &Run, why: &str) -> Record {
    Record {
        verb: "rollback".into(),
        from: movement.to.clone(),
        to: movement.from.clone(),
        at: jiff::Timestamp::now(),
        reason: printable(&format!("by itself: {why}")),
        selector: movement.selector.clone(),
        result: Some("done".into()),
        millis: Some(run.millis()),
        ..movement.record.clone()
    }
}

async fn follow(run: &Run, snapshot: &Snapshot, journey: &Journey<'_>) {
    let Ok(at) = slices_of(&run.cluster, &journey.movement.service).await else { return };
    let mut view = SliceView::at(&run.cluster, &journey.movement.service, at);
    let back =
        Move { from: journey.movement.to.clone(), to: journey.movement.from.clone(), ..journey.movement.clone() };
    let known = KnownPods::of(journey.tracks, snapshot);
    let waited = tokio::time::timeout(GRACE, converge::wait(run, &mut view, known, &back, journey.tracks)).await;
    if let Ok(Ok(seen)) = waited {
        run.progress.step("converged", &format!("{} {}, {} 0", back.to, seen.ready, back.from));
    }
}
