//! A move as the checks are asked about it.

use std::sync::Arc;

use jiff::Timestamp;
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, Workload, has_all};
use release_core::traffic::capacity::{staying, strays};
use release_core::traffic::selector::{Color, Tracks};
use release_core::workload::trouble::{is_starting, pods_refused};

use super::movement::Move;
use crate::checks::Case;
use crate::left::{self, LeftWorkload};
use crate::options::{MoveOptions, Verb};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What all cases of one plan have in common.
#[derive(Debug, Clone, Copy)]
pub struct Common<'a> {
    pub snapshot: &'a Snapshot,
    pub options: &'a MoveOptions,
    /// All Services that move together.
    pub moving: &'a [String],
    /// The targets have been brought to size already.
    pub scaled: bool,
}

/// The case of one Service's move.
///
/// # Errors
/// Where the color isn't there.
pub fn case<'a>(common: Common<'a>, view: &'a ServiceView<'a>, movement: &Move) -> Outcome<Case<'a>> {
    let Common { snapshot, options, moving, scaled } = common;
    let vanished = || Failure::failed("NoSuchColor", format!("service/{} can't be switched", view.name()));
    let tracks = view.tracks.as_ref().map_err(|_| vanished())?;
    let target = tracks.color(&movement.to).ok_or_else(vanished)?;
    let active = tracks.color(&movement.from).ok_or_else(vanished)?;
    let mut target_pods = tracks.pods_of(&target.name, &snapshot.pods);
    // A recorded selector may ask for more than the color: only pods that it matches count.
    target_pods.retain(|pod| has_all(&pod.metadata.labels, &movement.selector));
    let active_pods = tracks.pods_of(&active.name, &snapshot.pods);
    // What a rollout runs beside is about to go.
    let carrying = staying(active, &tracks.able(&active.name, &active_pods));
    let needed = carrying.max(left_size(view, tracks, movement, active));
    let required = within_reach(options, snapshot, target, required(options, view, active, needed));
    let able = tracks.able(&target.name, &target_pods);
    let ready = staying(target, &able);
    // Pods that no workload keeps may be gone in a moment: they are no reason not to start others.
    let kept = ready.saturating_sub(strays(&able).len());
    let short = kept < required;
    let may_grow = target.asked() < active.asked().max(needed).max(1)
        || ready == 0
        || is_coming_up(target, &tracks.pods_of(&target.name, &snapshot.pods), snapshot.at);
    let can_grow = !target.workloads.is_empty() && tracks.unreached(&target.name, &snapshot.pods).is_none();
    let waits = options.scale && short && !scaled && can_grow;
    let scales_first = waits && (options.verb == Verb::Switch || may_grow);
    Ok(Case {
        verb: options.verb,
        snapshot,
        view,
        tracks,
        target,
        active,
        target_pods,
        active_pods,
        required,
        scales_first,
        widens: options.widen,
        prepares: options.prepares,
        moving,
        is_recorded: view.recorded.has_room_for(&movement.record),
        agreed: options.yes,
    })
}

/// True while pods are on their way that are asked for: a run that was cut off left the color so, and the same words
/// wait as it did. Those that the API server refuses, that are in trouble, or that have been unready for long don't
/// come by waiting.
fn is_coming_up(target: &Color, pods: &[&Pod], now: Timestamp) -> bool {
    let alive = || pods.iter().filter(|pod| pod.is_alive());
    let missing = alive().count() < target.asked() && !target.workloads.iter().any(|w| pods_refused(w).is_some());
    missing || alive().any(|pod| is_starting(pod, now))
}

/// A rollback asks for no more than the color's autoscalers let it have: they would take the rest away again.
fn within_reach(options: &MoveOptions, snapshot: &Snapshot, target: &Color, required: usize) -> usize {
    let ceiling = |w: &Arc<Workload>| {
        let own = snapshot.autoscalers.iter().flatten().find(|hpa| w.is_scaled_by(hpa));
        let most = own.and_then(|hpa| hpa.spec.as_ref()).map(|spec| spec.max_replicas).filter(|most| *most > 0);
        most.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX)
    };
    if options.verb != Verb::Rollback || target.workloads.is_empty() {
        return required;
    }
    required.min(target.workloads.iter().map(ceiling).fold(0, usize::saturating_add))
}

/// The size that a color had when it was left, where nothing is asked for any more that would say how many
/// pods the load needs.
fn left_size(view: &ServiceView<'_>, tracks: &Tracks, movement: &Move, active: &Color) -> usize {
    let left = left_by_last_move(view, tracks, &movement.to).filter(|_| active.asked() == 0);
    left.map_or(0, left::size)
}

/// What a color ran when the Service left it, where its last move did.
pub fn left_by_last_move<'v>(view: &'v ServiceView<'_>, tracks: &Tracks, color: &str) -> Option<&'v [LeftWorkload]> {
    let record = view.recorded.current.as_ref().filter(|r| r.key == tracks.key && r.from == color)?;
    Some(&record.left)
}

/// Ready pods that the target needs; never zero. An annotation may have been written by somebody who must
/// not scale anything: it asks for no more than the active color asks for, and never for less than is usual.
fn required(options: &MoveOptions, view: &ServiceView<'_>, active: &Color, needed: usize) -> usize {
    let usual = needed.max(1);
    match (options.min_ready, view.settings.min_ready) {
        _ if options.now => 1,
        (Some(typed), _) => typed.of(needed),
        (None, Some(annotated)) => annotated.of(needed).min(active.asked()).max(usual),
        (None, None) => usual,
    }
}
