//! What speaks against taking a color down that is idle, and whose retention has passed: pure.

use release_core::checks::ids::{self, CheckId};
use release_core::command::Command;
use release_core::kube::{Workload, WorkloadKind};
use release_core::traffic::selector::Color;

use super::asked::{Asked, all_the_same};
use super::brought_back::brought_back;
use super::put_back::put_back;
use super::retention::left_by_hand;
use super::seen::Seen;
use crate::idle;
use crate::left::differences;
use crate::report::cleanup_document::KeptReason;
use crate::service_view::ready_count;

/// One reason to keep it.
#[derive(Debug)]
pub struct Hindrance {
    pub reason: KeptReason,
    pub why: String,
    way: Way,
}

/// What goes on from there.
#[derive(Debug)]
enum Way {
    /// Overriding a check by its id.
    Force(CheckId),
    /// Deleting instead of scaling.
    Delete,
    /// Something else is to be done.
    Elsewhere(Command),
    Nothing,
}

/// The first reason, and the command that takes it down all the same: it gets past all others, too.
#[must_use]
pub fn hindered(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Option<(Hindrance, Option<Command>)> {
    let mut all = hindrances(asked, seen, color);
    let next = next(asked, seen, (color, &all));
    (!all.is_empty()).then(|| (all.remove(0), next))
}

fn next(asked: Asked<'_>, seen: Seen<'_>, (color, all): (&Color, &[Hindrance])) -> Option<Command> {
    if let Some(Hindrance { way: Way::Elsewhere(command), .. }) = all.first() {
        return Some(command.clone());
    }
    let mut command = all_the_same(asked, seen, color);
    let mut ids: Vec<&str> = asked.force.iter().map(String::as_str).collect();
    for hindrance in all {
        match &hindrance.way {
            Way::Force(id) => ids.push(id.as_str()),
            Way::Delete => command = command.arg("--delete"),
            Way::Elsewhere(_) | Way::Nothing => return None,
        }
    }
    let command = if ids.is_empty() { command } else { command.option("--force", &ids.join(",")) };
    Some(command.scope(&seen.snapshot.scope))
}

fn hindrances(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Vec<Hindrance> {
    let forced = |id: CheckId| asked.forces(id);
    let by_id = |id: CheckId, reason, why: Option<String>| {
        why.filter(|_| !forced(id)).map(|why| Hindrance { reason, why, way: Way::Force(id) })
    };
    let changed = deployed_since(seen, color).or_else(|| brought_back(seen, color));
    let put_back = put_back(seen, color).and_then(|(id, why)| by_id(id, KeptReason::PutBack, Some(why)));
    [
        needed_as_way_back(asked, seen, color),
        by_id(ids::NEIGHBOURS_UNREAD, KeptReason::Unread, unread(seen)),
        by_id(ids::CHANGED_SINCE, KeptReason::ChangedSince, changed),
        put_back,
        without_size(asked, color),
        loses_volumes(asked, color),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Not known is not nobody: what could not be read may send traffic to it.
fn unread(seen: Seen<'_>) -> Option<String> {
    let unread = idle::unread(seen.snapshot);
    (!unread.is_empty()).then(|| format!("who needs it is not known, unread: {}", unread.join(", ")))
}

/// While the active color is in trouble, the other one is the way back.
fn needed_as_way_back(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Option<Hindrance> {
    let ready = |name: &str| ready_count(&seen.tracks.serving(name, &seen.snapshot.pods));
    let active = seen.tracks.color(&seen.tracks.active)?;
    let endpoints = seen.snapshot.slices.get(seen.view.name()).map(|at| at.slices.ready_pods().len());
    let here = ready(&active.name).min(endpoints.unwrap_or(usize::MAX));
    let (there, wanted) = (ready(&color.name), active.asked());
    let whole = here > 0 && here >= wanted;
    if there <= here || whole || asked.forces(ids::READY_BELOW_ACTIVE) {
        return None;
    }
    let why = format!("{} has {here} of {wanted} pods ready: it is the way back", active.name);
    let back = Command::new("kubectl bluegreen rollback").arg(seen.view.name()).scope(&seen.snapshot.scope);
    Some(Hindrance { reason: KeptReason::WayBack, why, way: Way::Elsewhere(back) })
}

/// What is on the color is not what was left: it is the next release, waiting for its switch.
fn deployed_since(seen: Seen<'_>, color: &Color) -> Option<String> {
    if left_by_hand(seen.view, seen.tracks, &color.name).is_some() {
        return None;
    }
    let record = seen.view.left_by(seen.tracks, &color.name)?;
    let pods = seen.tracks.pods_with_labels(&color.name, &seen.snapshot.pods);
    let changed = differences(&record.left, record.at, color, &pods);
    (!changed.is_empty()).then(|| format!("not what was left: {}", changed.join("; ")))
}

fn without_size(asked: Asked<'_>, color: &Color) -> Option<Hindrance> {
    let set = color.workloads.iter().find(|w| w.kind == WorkloadKind::DaemonSet && !asked.delete)?;
    let why = format!("{set} can't be scaled to zero, only be deleted");
    Some(Hindrance { reason: KeptReason::NoSize, why, way: Way::Delete })
}

/// Volumes are never deleted by a cleanup, by no detour either.
fn loses_volumes(asked: Asked<'_>, color: &Color) -> Option<Hindrance> {
    let goes = |w: &Workload| if asked.delete { w.volumes_go_when_deleted } else { w.volumes_go_when_scaled };
    let workload = color.workloads.iter().find(|w| w.has_own_volumes && goes(w))?;
    let why = format!("{workload} deletes its volume claims then (persistentVolumeClaimRetentionPolicy)");
    Some(Hindrance { reason: KeptReason::LosesVolumes, why, way: Way::Nothing })
}
