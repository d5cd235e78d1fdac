//! Proving that moves have taken place: the endpoints followed, and stay.

use futures::future::{try_join, try_join_all};
use release_cli::run::Run;
use release_cluster::slice_view::SliceView;
use release_core::duration::short_duration;
use release_core::failure::{Failure, Outcome};
use tokio::time::Instant;

use super::converge::Aim;
use super::emptied::EMPTIED;
use super::in_progress::{MoveInProgress, status};
use super::known_pods::KnownPods;
use super::together::Together;
use super::{accepted, astray, converge, verify};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Says in the end what was reached.
#[derive(Debug, Clone, Default)]
pub struct Reached {
    /// From the first write to convergence.
    pub converged_millis: u64,
    pub ready: usize,
}

/// Proves all moves at once.
///
/// # Errors
/// The first failure.
pub async fn all(
    run: &Run,
    snapshot: &Snapshot,
    moves: &[MoveInProgress<'_>],
    began: Instant,
) -> Outcome<Vec<Reached>> {
    let together = Together::new(moves.len());
    let proven = async |made| {
        let proven = one(run, snapshot, made, (began, &together)).await;
        made.meanwhile.failed.set(proven.is_err());
        proven
    };
    let reached = try_join_all(moves.iter().map(proven)).await?;
    let verify_for = moves.iter().map(|made| made.verify_for).max().unwrap_or_default();
    if !verify_for.is_zero() {
        let less = moves.iter().filter_map(|made| {
            let shrunk = made.meanwhile.shrunk.borrow();
            Some(format!(", with {}", shrunk.as_ref()?.of(&made.movement.to)))
        });
        let less: String = less.collect();
        run.progress.step("verified", &format!("for {}{less}", short_duration(verify_for)));
    }
    Ok(reached)
}

async fn one(
    run: &Run,
    snapshot: &Snapshot,
    made: &MoveInProgress<'_>,
    (began, together): (Instant, &Together),
) -> Outcome<Reached> {
    let movement = made.movement;
    let service = movement.backend(&movement.to);
    let slices = snapshot.slices.get(service).cloned().unwrap_or_default();
    let mut view = SliceView::at(&run.cluster, service, slices);
    let known = KnownPods::of(made.tracks, &snapshot.pods);
    let was_served = movement.route.is_some() && is_served(snapshot, made);
    let aim = Aim { service, color: &movement.to, by_subset: made.view.is_by_subset(), was_served };
    let arrived = async {
        let followed = converge::wait(run, &mut view, known, aim, made.tracks);
        try_join(accepted::wait(run, made), followed).await.map(|(_, converged)| converged)
    };
    let converged = tokio::select! {
        converged = arrived => converged?,
        failure = verify::until_changed(run, made) => return Err(failure),
    };
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let seconds = began.elapsed().as_secs_f32();
    let text = format!("{}{} {}, {} 0 ({seconds:.1} s)", made.prefix(), movement.to, converged.ready, movement.from);
    run.progress.step("converged", &text);
    verify::hold(run, &mut view, made, together).await?;
    if !made.verify_for.is_zero() {
        astray::check(run, snapshot, made).await?;
    }
    Ok(Reached { converged_millis: millis, ready: converged.ready })
}

/// The color that is left had ready endpoints as it was looked at.
fn is_served(snapshot: &Snapshot, made: &MoveInProgress<'_>) -> bool {
    let from = &made.movement.from;
    let at = snapshot.slices.get(made.movement.backend(from)).cloned().unwrap_or_default();
    !made.seen_in(at.slices, from, &snapshot.pods).ready_pods().is_empty()
}

/// Proves that a Service which stays is served by its color, and by no other.
///
/// # Errors
/// Exit 1 where nothing is ready behind it, 4 where the endpoints don't follow in time.
pub async fn stands(run: &Run, snapshot: &Snapshot, view: &ServiceView<'_>) -> Outcome<()> {
    let Ok(tracks) = &view.tracks else { return Ok(()) };
    let color = tracks.active.as_str();
    let (name, service) = (view.name(), view.backend(color));
    let mut slices = SliceView::at(&run.cluster, service, snapshot.slices.get(service).cloned().unwrap_or_default());
    let known = KnownPods::of(tracks, &snapshot.pods);
    // Addresses may be published of pods that aren't ready (publishNotReadyAddresses).
    if known.ready_of(color).is_empty() {
        let selects = if view.route.is_some() { "is sent to" } else { "selects" };
        let text = format!("service/{name} {selects} {color} already, and has no ready endpoint");
        return Err(Failure::failed(EMPTIED, text).look(status(name, run.scope())));
    }
    converge::wait(
        run,
        &mut slices,
        known,
        Aim { service, color, by_subset: view.is_by_subset(), was_served: false },
        tracks,
    )
    .await
    .map(drop)
}
