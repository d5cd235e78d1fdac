//! Taking a failed move back by itself.

use k8s_openapi::api::core::v1::Service;
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::record::{Record, Recorded, printable};
use tokio::time::Instant;

use super::{Journey, KnownPods, conclude, converge, slice_view::SliceView};
use crate::plan::{Move, service_path};
use crate::run::Run;
use crate::snapshot::{Snapshot, slices_of};

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
            Err(why) => {
                left.push(format!("service/{} still selects {}: {}", movement.service, movement.to, why.message))
            }
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
        message: format!("{}\n{verdict}", failure.message),
        next: failure.next,
    }
}

/// Takes one move back, unless someone else has moved the Service since.
///
/// # Errors
/// Where the write is refused, or the Service isn't as we left it.
pub async fn one(run: &Run, journey: &Journey<'_>, why: &str) -> Outcome<()> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        match attempt(run, journey.movement, why).await {
            Ok(()) => return Ok(()),
            Err(Attempt::Final(failure)) => return Err(failure),
            Err(Attempt::Again(error)) => last = Some(error),
        }
    }
    Err(last.map_or_else(|| Failure::failed("RollbackFailed", "not taken back"), Failure::from))
}

enum Attempt {
    Again(ApiError),
    Final(Failure),
}

async fn attempt(run: &Run, movement: &Move, why: &str) -> Result<(), Attempt> {
    let path = service_path(&movement.namespace, &movement.service);
    let service: Service = run.cluster.get(&path).await.map_err(Attempt::Again)?;
    let annotations = service.metadata.annotations.clone().unwrap_or_default();
    let recorded = Recorded::read(&annotations);
    let selector = service.spec.and_then(|s| s.selector).unwrap_or_default();
    if selector == movement.previous {
        return Ok(());
    }
    let ours = recorded.current.as_ref().is_some_and(|r| r.id == movement.record.id);
    if !ours || selector != movement.selector {
        let text = format!("service/{} was changed by someone else meanwhile; left as it is", movement.service);
        return Err(Attempt::Final(Failure::changed(text)));
    }
    let record = undoing(movement, run, why);
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
