//! Where a rollback goes. It never toggles: once back, it says so.

use release_core::command::{Command, Scope};
use release_core::failure::Outcome;
use release_core::kube::has_all;
use release_core::traffic::selector::{Color, Tracks};

use super::by_hand;
use super::choice::Chosen;
use super::stay::StayState;
use super::way::{WayBack, describe, forward};
use crate::left::{Age, age_beside};
use crate::record::{Record, RecordedVerb};
use crate::refusal;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// Reads it from the cluster's own record; without a usable one, takes the only other color that
/// has ready pods and is older, or the only one that serves at all, and says so.
///
/// # Errors
/// Exit 1 where the color was deleted since, or nothing says which it is.
pub fn way_back(
    snapshot: &Snapshot,
    all: &[ServiceView<'_>],
    view: &ServiceView<'_>,
    tracks: &Tracks,
) -> Outcome<WayBack> {
    if let Some(found) = never_moved_in_set(all, view, tracks, &snapshot.scope) {
        return Ok(found);
    }
    match view.recorded.current.as_ref().filter(|r| r.key == tracks.key) {
        Some(record) if record.to == tracks.active => by_record(record, snapshot, view, tracks),
        Some(record) => by_hand::way_back(snapshot, view, tracks, record),
        None => without_record(snapshot, view, tracks),
    }
}

/// A set moves as the set that its last record names: a Service that this run never reached, or
/// that stood where it should already, has nothing to take back.
fn never_moved_in_set(
    all: &[ServiceView<'_>],
    view: &ServiceView<'_>,
    tracks: &Tracks,
    scope: &Scope,
) -> Option<WayBack> {
    let moved = all.iter().filter_map(|s| Some((s, s.recorded.current.as_ref()?)));
    let (holder, last) = moved.max_by_key(|(_, r)| r.at)?;
    let ours = view.recorded.current.as_ref().map(|r| r.id.as_str());
    // A rollback that was cut off before it came to this one is gone on with.
    let taken_back = holder.recorded.all().nth(1).filter(|_| last.verb == RecordedVerb::Rollback).map(|r| &r.id);
    let is_to_follow = ours.is_some() && ours == taken_back.map(String::as_str);
    let missed = last.services.iter().any(|s| s == view.name()) && ours != Some(&last.id) && !is_to_follow;
    missed.then(|| WayBack::AlreadyBack {
        state: StayState::NotMoved,
        message: format!(
            "{} is active; the last {} did not move this one{}",
            tracks.active,
            last.verb,
            by_its_own(view, tracks, scope)
        ),
        forward: None,
    })
}

/// It has a move of its own to take back, which nobody asked for with the others.
fn by_its_own(view: &ServiceView<'_>, tracks: &Tracks, scope: &Scope) -> String {
    let own = view.recorded.current.as_ref().filter(|r| r.verb == RecordedVerb::Switch && r.to == tracks.active);
    let back = || Command::new("kubectl bluegreen rollback").arg(view.name()).scope(scope);
    own.map_or_else(String::new, |own| format!("; its own, from {}, is taken back by {}", own.from, back()))
}

fn by_record(record: &Record, snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks) -> Outcome<WayBack> {
    let scope = &snapshot.scope;
    if record.verb == RecordedVerb::Rollback {
        return Ok(WayBack::AlreadyBack {
            state: StayState::AlreadyBack,
            message: format!("{} is active since {}", record.to, describe(record)),
            forward: forward(view, tracks, &record.from, scope),
        });
    }
    // Only the track key goes back: what else differs from the record is a check's to tell.
    let selector = tracks.selector_for(&record.from);
    let there = tracks.color(&record.from).is_some_and(|color| {
        color.workloads.iter().any(|w| has_all(&w.pod_labels(), &selector))
            || ready_count(&tracks.pods_of(&color.name, &snapshot.pods)) > 0
    });
    if !there {
        return Err(refusal::way_back_gone(view, tracks, record, snapshot));
    }
    Ok(WayBack::Color(Chosen::of(tracks, &record.from, Some(format!("taking back {}", describe(record))))))
}

fn without_record(snapshot: &Snapshot, view: &ServiceView<'_>, tracks: &Tracks) -> Outcome<WayBack> {
    let ready = |c: &&Color| ready_count(&tracks.pods_of(&c.name, &snapshot.pods)) > 0;
    let kept: Vec<&Color> = tracks.others().filter(|c| c.is_run()).filter(ready).collect();
    let mut ready = if kept.is_empty() { tracks.others().filter(ready).collect() } else { kept }.into_iter();
    match (ready.next(), ready.next()) {
        // By turns it would go to one and to the other.
        (Some(color), None) if serves(snapshot, tracks) && age(color, tracks) == Age::Unknown => {
            Err(refusal::neither_before(view, tracks, &snapshot.scope))
        }
        (Some(color), None) => {
            let note = format!("no record of a switch: {} is the only other color with ready pods", color.name);
            Ok(WayBack::Color(Chosen::of(tracks, &color.name, Some(note))))
        }
        _ => Err(refusal::no_way_back(view, tracks, &snapshot.scope)),
    }
}

fn serves(snapshot: &Snapshot, tracks: &Tracks) -> bool {
    ready_count(&tracks.serving(&tracks.active, &snapshot.pods)) > 0
}

fn age(color: &Color, tracks: &Tracks) -> Age {
    tracks.color(&tracks.active).map_or(Age::Unknown, |active| age_beside(color, active))
}
