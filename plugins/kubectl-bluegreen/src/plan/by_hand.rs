//! The way back where somebody else has moved the Service since our last record: nothing of ours is to be
//! taken back then, and what they did may be.

use release_core::failure::Outcome;
use release_core::traffic::selector::Tracks;

use super::choice::Chosen;
use super::stay::StayState;
use super::way::{WayBack, describe, forward};
use crate::record::{Record, RecordedVerb};
use crate::refusal;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Where a switch of ours was undone by hand, it is back already. Else the color before is the one that our
/// record left active: a rollback of ours may have been undone, or a third color put there.
///
/// # Errors
/// Exit 1 where that color was deleted since.
pub fn way_back(snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks, ours: &Record) -> Outcome<WayBack> {
    let who = view.hand().map(|hand| format!(" ({hand})")).unwrap_or_default();
    let active = &tracks.active;
    if ours.verb != RecordedVerb::Rollback && ours.from == *active {
        let message = format!("{active} is active; {} was undone by another hand{who}", describe(ours));
        let forward = forward(view, tracks, &ours.to, &snapshot.scope);
        return Ok(WayBack::AlreadyBack { state: StayState::MovedByHand, message, forward });
    }
    if !tracks.color(&ours.to).is_some_and(|color| color.is_run() || color.has_strays) {
        return Err(refusal::way_back_gone(view, tracks, ours, snapshot));
    }
    let note = format!("undoing the move to {active} by another hand{who}; {} left {}", describe(ours), ours.to);
    Ok(WayBack::Color(Chosen::of(tracks, &ours.to, Some(note))))
}
