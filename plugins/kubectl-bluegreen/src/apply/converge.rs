//! Waiting until the EndpointSlices hold the target's pods and no other color's.

use std::time::Duration;

use release_cli::run::Run;
use release_cluster::slice_view::SliceView;
use release_core::command::Scope;
use release_core::failure::{Failure, Outcome};
use release_core::traffic::endpoints::Convergence;
use release_core::traffic::selector::Tracks;
use tokio::time::Instant;

use super::emptied::{TOLERATED, emptied};
use super::in_progress::status;
use super::known_pods::KnownPods;
use super::lasting::Lasting;
use crate::snapshot::workloads_and_pods;

/// When it takes longer than this, pods may have come or gone: look at them again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Waiting that is shorter than this is not worth a line.
const PATIENCE: Duration = Duration::from_millis(500);

/// Which color a Service's endpoints are to be of.
#[derive(Debug, Clone, Copy)]
pub struct Aim<'a> {
    /// The Service that has the endpoints.
    pub service: &'a str,
    pub color: &'a str,
    /// It has those of every color, and a route chooses among them.
    pub by_subset: bool,
    /// A route sends there from the write on, and the color that was left did serve: nobody there is an emergency.
    pub was_served: bool,
}

impl Aim<'_> {
    /// Looks at the endpoints that the requests go to.
    fn at(self, view: &mut SliceView, known: &KnownPods) {
        if self.by_subset {
            view.slices.count_among(known.all_of(self.color));
        }
    }
}

/// The reason of a move of which the endpoints have seen nothing: the color that was left went on serving.
pub const NOT_FOLLOWED: &str = "NotFollowed";

/// Waits for convergence.
///
/// # Errors
/// Exit 1 where the Service stays without a ready endpoint, 4 once the run's time is over
/// ([`NOT_FOLLOWED`] where the color has served nobody until then).
pub async fn wait(
    run: &Run,
    view: &mut SliceView,
    mut known: KnownPods,
    aim: Aim<'_>,
    tracks: &Tracks,
) -> Outcome<Convergence> {
    let began = Instant::now();
    aim.at(view, &known);
    let mut looked = began;
    // Where nothing served before either, it is no news that nothing does: controllers may take long.
    let (mut served, mut empty) = (aim.was_served, Lasting::default());
    let mut arrived = false;
    loop {
        let seen = view.slices.convergence(&known.ready_of(aim.color), |pod| known.is_foreign(pod, aim.color));
        let strangers = view.slices.pods().iter().any(|pod| !known.colors.contains_key(*pod));
        if seen.is_done() && !strangers {
            return Ok(seen);
        }
        // A pod that nobody knows yet may be of the color that is left: find out before saying done.
        if (strangers && seen.is_done()) || looked.elapsed() > LOOK_AGAIN {
            looked = Instant::now();
            let refreshed = refresh(run, tracks).await;
            if let Some(refreshed) = refreshed {
                known = refreshed;
                aim.at(view, &known);
                let seen = view.slices.convergence(&known.ready_of(aim.color), |pod| known.is_foreign(pod, aim.color));
                if seen.is_done() {
                    return Ok(seen);
                }
            }
        }
        let serves = !view.slices.ready_pods().is_empty();
        served |= serves;
        arrived |= seen.ready > 0;
        if empty.longer_than(TOLERATED, served && !serves) {
            return Err(emptied(run, aim.service, aim.color).await);
        }
        if run.left().is_zero() {
            return Err(not_converged(aim, (seen, view.unread()), arrived, run.scope()));
        }
        if began.elapsed() > PATIENCE {
            let unread = view.unread().map(|why| format!(", when they could be read: {why}")).unwrap_or_default();
            run.waiting(&format!("{}: {}{unread}", aim.service, counts(seen)));
        }
        view.changed(run.left().min(LOOK_AGAIN)).await;
    }
}

async fn refresh(run: &Run, tracks: &Tracks) -> Option<KnownPods> {
    let now = workloads_and_pods(&run.cluster, &tracks.base);
    let (_, pods) = tokio::time::timeout(run.left(), now).await.ok()?.ok()?;
    Some(KnownPods::of(tracks, &pods))
}

fn counts(seen: Convergence) -> String {
    format!("{} ready, {} missing, {} of other colors", seen.ready, seen.missing, seen.foreign)
}

/// What nobody could see is no fact about the endpoints.
fn unread(aim: Aim<'_>, why: &str, scope: &Scope) -> Failure {
    let Aim { service, color, .. } = aim;
    let text =
        format!("out of time: whether the endpoints of service/{service} followed to {color} can't be read: {why}");
    Failure::out_of_time(text).look(status(service, scope))
}

fn not_converged(aim: Aim<'_>, (seen, why): (Convergence, Option<&str>), arrived: bool, scope: &Scope) -> Failure {
    let Aim { service, color, .. } = aim;
    if let Some(why) = why {
        return unread(aim, why, scope);
    }
    let text = format!("out of time: the endpoints of service/{service} did not follow to {color} ({})", counts(seen));
    let failure = Failure::out_of_time(text).look(status(service, scope));
    let reason = if arrived || seen.foreign == 0 { failure.reason } else { NOT_FOLLOWED };
    Failure { reason, ..failure }
}
