//! A color that was down, or small, and was given its pods again: somebody is about to go there.

use jiff::{SignedDuration, Timestamp};
use release_core::kube::{Pod, Workload};
use release_core::release::hand::last_hand_on;
use release_core::traffic::selector::Color;

use super::seen::Seen;
use crate::cleanup_note::Cleanup;
use crate::hand::moved_at;
use crate::record::Record;

/// Whoever waits for pods doesn't do so for longer, unless told to.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// The manager of a HorizontalPodAutoscaler's writes.
const AUTOSCALER: &str = "kube-controller-manager";

/// Somebody gave it its pods again since it was taken down, or left: a rollback that waits for them, the next
/// release.
#[must_use]
pub fn brought_back(seen: Seen<'_>, color: &Color) -> Option<String> {
    let record = seen.view.left_by(seen.tracks, &color.name)?;
    let note = seen.view.cleanup.note.as_ref();
    match note.filter(|note| note.color == color.name && note.at >= record.at) {
        Some(note) => up_again(seen, color, note),
        None => brought_to_size(seen, color, record),
    }
}

/// A clean-up that was cut off leaves the pods that were there before it.
fn up_again(seen: Seen<'_>, color: &Color, note: &Cleanup) -> Option<String> {
    let before = |pod: &&Pod| pod.metadata.creation_timestamp.is_some_and(|created| created <= note.at);
    let is_left = seen.own_pods(color).iter().any(|pod| before(pod) && !pod.is_terminating());
    let up = color.workloads.iter().find(|workload| workload.replicas > 0).filter(|_| !is_left)?;
    Some(format!("{up} is asked for {} pods again, since it was taken down at {:.0}", up.replicas, note.at))
}

/// As far as the API server tells who gave a workload its size; an autoscaler's doing means nothing. It keeps
/// no time of what was written to `scale`: pods that have only just come tell.
fn brought_to_size(seen: Seen<'_>, color: &Color, record: &Record) -> Option<String> {
    let left = moved_at(seen.view.home(), seen.view.router_kind())?;
    let fresh = left.max(seen.snapshot.at.checked_sub(FRESH).unwrap_or(Timestamp::MIN));
    let pods = seen.own_pods(color);
    let has_fresh = |workload: &Workload| {
        let fresh = |pod: &&&Pod| pod.metadata.creation_timestamp.is_some_and(|created| created > fresh);
        pods.iter().filter(fresh).any(|pod| workload.owns(pod))
    };
    color.workloads.iter().filter(|w| w.replicas > 0).find_map(|workload| {
        let hand = last_hand_on(&workload.metadata, "/f:spec/f:replicas")?;
        let was = record.left.iter().find(|left| left.workload == workload.reference()).map_or(0, |left| left.replicas);
        // One that was made anew came with its size.
        let made = workload.metadata.creation_timestamp.as_ref().map_or(Timestamp::MIN, |time| time.0);
        let later = hand.by.map_or_else(|| has_fresh(workload), |by| by > left.max(made));
        (workload.replicas >= was && later && hand.manager != AUTOSCALER)
            .then(|| format!("{workload} was brought to {} pods by {hand}", workload.replicas))
    })
}
