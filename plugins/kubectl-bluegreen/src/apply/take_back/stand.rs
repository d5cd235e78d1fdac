//! Where a Service stands once it was taken back.

use std::time::Duration;

use release_cli::run::Run;
use release_cluster::slice_view::{SliceView, slices_of};
use tokio::time::timeout;

use super::super::converge::{self, Aim};
use super::super::in_progress::MoveInProgress;
use super::super::known_pods::KnownPods;
use super::deserted::{forward_again, is_deserted, until_deserted};
use crate::plan::Move;
use crate::snapshot::Snapshot;

/// Going back gets this much time even when the run's own is over.
const GRACE: Duration = Duration::from_secs(30);

/// Where a Service stands once it was taken back.
#[derive(Debug)]
pub enum Stand {
    Served,
    Unserved(String),
    /// On the color that failed again, because nothing else serves.
    Forward(String),
}

impl Stand {
    /// In words, each on a line of its own.
    pub fn told(self) -> String {
        match self {
            Self::Served => String::new(),
            Self::Unserved(text) | Self::Forward(text) => format!("\n{text}"),
        }
    }
}

/// Waits until the endpoints followed, or until it shows that they lead to nobody.
pub async fn stand(run: &Run, snapshot: &Snapshot, made: &MoveInProgress<'_>) -> Stand {
    let Move { service, from, .. } = made.movement;
    let is_served = tokio::select! {
        is_served = follow(run, snapshot, made) => is_served,
        () = until_deserted(run, made) => return forward(run, made).await,
    };
    if is_served {
        return Stand::Served;
    }
    if is_deserted(run, made).await == Some(true) {
        return forward(run, made).await;
    }
    Stand::Unserved(format!("service/{service} is on {from} again, and not served by it either"))
}

async fn forward(run: &Run, made: &MoveInProgress<'_>) -> Stand {
    let Move { service, from, to, .. } = made.movement;
    match forward_again(run, made).await {
        Ok(()) => {
            run.progress.step("emergency", &format!("{}{from} -> {to}: nothing serves on {from}", made.prefix()));
            Stand::Forward(format!(
                "service/{service} is on {to} again: nothing serves on {from}, and pods of {to} are ready"
            ))
        }
        Err(why) => {
            let text = format!(
                "service/{service} is on {from} again, and not served by it; {to} has ready pods: {}",
                why.message
            );
            Stand::Unserved(text)
        }
    }
}

/// False where its endpoints don't follow and nothing is ready behind it: what it was taken back to serves
/// nobody.
async fn follow(run: &Run, snapshot: &Snapshot, made: &MoveInProgress<'_>) -> bool {
    let Move { from, to, .. } = made.movement;
    let service = made.movement.backend(from);
    let Ok(mut at) = slices_of(&run.cluster, service).await else { return true };
    at.slices = at.slices.behind(made.view.ports.clone());
    let mut view = SliceView::at(&run.cluster, service, at);
    let known = KnownPods::of(made.tracks, &snapshot.pods);
    let aim = Aim { service, color: from, by_subset: made.view.is_by_subset(), was_served: false };
    let waited = converge::wait(run, &mut view, known, aim, made.tracks);
    let Ok(Ok(seen)) = timeout(GRACE, waited).await else { return !view.slices.ready_pods().is_empty() };
    run.progress.step("converged", &format!("{from} {}, {to} 0", seen.ready));
    true
}
