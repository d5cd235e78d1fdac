//! A target that is deployed anew while it is watched: what runs then is not what was proven.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::{Workload, WorkloadKind};
use release_core::release::hand::{last_hand_on, manager_of};

use super::in_progress::{MoveInProgress, status};
use crate::plan::runs;
use crate::record::RecordedVerb;
use crate::snapshot::{workload_now, workloads_and_images};

/// Looks whether the target's workloads still have the templates that the move was planned with, and says so
/// where they don't. Its pods are watched on: a deployment that fails is taken back as any failure.
pub async fn look(run: &Run, made: &MoveInProgress<'_>) {
    let watched = made.tracks.color(&made.movement.to).filter(|_| made.meanwhile.deployed_by.borrow().is_none());
    for before in watched.iter().flat_map(|color| &color.workloads) {
        // A read that fails is no verdict; the next look asks again.
        let Ok(Some(now)) = workload_now(&run.cluster, before).await else { continue };
        if is_deployed_anew(before, &now) {
            let who = manager_of(last_hand_on(&now.metadata, "/f:spec/f:template"));
            run.progress.step("deployed", &format!("{}{now} has another pod template, by {who}", made.prefix()));
            made.meanwhile.deployed_by.replace(Some(who));
            return;
        }
    }
}

/// Where a new template reaches no pod by itself, it is none that runs.
fn is_deployed_anew(before: &Workload, now: &Workload) -> bool {
    let rolls_out = now.kind != WorkloadKind::ReplicaSet && !now.updates_on_delete && !now.paused;
    rolls_out && now.template != before.template
}

/// Whether what was watched to the end is what the move was made for.
///
/// # Errors
/// Exit 3 where it is something else; it is ready and has the traffic, and is left so.
pub async fn verdict(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    look(run, made).await;
    let to = &made.movement.to;
    let by = made.meanwhile.deployed_by.borrow().clone();
    let text = match (by, made.image) {
        (Some(who), _) => format!("{to} was deployed anew by {who} during the verification"),
        (None, Some(tag)) if !still_runs(run, made, tag).await => {
            made.meanwhile.deployed_by.replace(Some(manager_of(None)));
            format!("not every ready pod of {to} runs {tag} any more")
        }
        (None, _) => return Ok(()),
    };
    let text = format!("{text}: what runs was not verified\nservice/{} stays on {to}", made.service());
    Err(Failure::changed(text).next(what_next(run, made)))
}

async fn still_runs(run: &Run, made: &MoveInProgress<'_>, tag: &str) -> bool {
    let Some(color) = made.tracks.color(&made.movement.to) else { return true };
    let Ok((workloads, pods)) = workloads_and_images(&run.cluster, &made.tracks.base).await else { return true };
    runs(made.view, made.tracks, &color.as_of(&workloads), tag, &pods)
}

/// A rollback's own way back would be forward again: nobody is told to go there unseen.
fn what_next(run: &Run, made: &MoveInProgress<'_>) -> Next {
    let look = status(made.service(), run.scope());
    let record = &made.movement.record;
    if record.verb == RecordedVerb::Rollback {
        return Next::Look(look, None);
    }
    let own = record.services.is_empty().then(|| made.service().to_owned());
    let services = record.services.iter().cloned().chain(own);
    let back = Command::new("kubectl bluegreen rollback").args(services).scope(run.scope());
    Next::Try(vec![back], Some(format!("look first: {look}")))
}
