//! A target that is scaled down while it is watched: an autoscaler may do that, and what was proven then is
//! less than what was asked for.

use std::sync::Arc;

use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::release::hand::{last_hand_on, manager_of};

use super::in_progress::{MoveInProgress, status};
use super::meanwhile::Shrunk;
use crate::snapshot::workloads;

/// Looks why fewer endpoints are ready from the start.
///
/// # Errors
/// As [`noted`].
pub async fn look(run: &Run, made: &MoveInProgress<'_>, ready: usize) -> Outcome<()> {
    match workloads(&run.cluster).await {
        Ok((now, _)) => noted(run, made, ready, &now),
        Err(_) => Ok(()),
    }
}

/// Says that the target was scaled down, where it was.
///
/// # Errors
/// Exit 1 with `--strict`.
pub fn noted(run: &Run, made: &MoveInProgress<'_>, ready: usize, now: &[Arc<Workload>]) -> Outcome<()> {
    let Some(by) = scaled_down_by(made, now) else { return Ok(()) };
    let shrunk = Shrunk { pods: ready, allowed: made.required, by };
    let text = shrunk.of(&made.movement.to);
    if made.meanwhile.shrunk.replace(Some(shrunk.clone())).as_ref() != Some(&shrunk) {
        run.progress.step("scaled down", &format!("{}{text}", made.prefix()));
    }
    if made.strict {
        return Err(Failure::failed("TargetFailed", format!("only {text}")).look(status(made.service(), run.scope())));
    }
    Ok(())
}

/// Who asks for fewer pods by now than the move was allowed with.
fn scaled_down_by(made: &MoveInProgress<'_>, now: &[Arc<Workload>]) -> Option<String> {
    let before = made.tracks.color(&made.movement.to)?;
    let now = before.as_of(now);
    let asks_less = |w: &&Arc<Workload>| {
        let before = before.workloads.iter().find(|b| b.reference() == w.reference());
        before.is_some_and(|before| w.replicas < before.replicas)
    };
    let less = now.workloads.iter().find(asks_less).filter(|_| now.asked() < made.required)?;
    Some(manager_of(last_hand_on(&less.metadata, "/f:spec/f:replicas")))
}
