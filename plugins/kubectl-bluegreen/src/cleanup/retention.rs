//! Whether the retention of a color has passed: pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::Service;
use release_core::duration::age;
use release_core::kube::service::service_name;
use release_core::release::record::Record as _;
use release_core::text::printable;
use release_core::traffic::selector::{Color, Tracks};

use super::asked::Asked;
use super::seen::Seen;
use crate::plan::describe;
use crate::record::Record;
use crate::report::cleanup_document::KeptReason;
use crate::service_view::ServiceView;

/// Why a color's retention is not known to have passed.
#[derive(Debug)]
pub struct Held {
    pub reason: KeptReason,
    pub why: String,
    /// Another Service, which keeps it for itself.
    pub by: Option<String>,
    /// It should be over by now, as far as anybody can tell: somebody has to look.
    pub due: bool,
}

/// Nothing where it has passed.
#[must_use]
pub fn held(view: &ServiceView<'_>, tracks: &Tracks, color: &str, now: Timestamp) -> Option<Held> {
    if let Some(ours) = left_by_hand(view, tracks, color) {
        return Some(since_a_hand(view, tracks, ours, now));
    }
    let Some(record) = view.left_by(tracks, color) else {
        let why = "no switch left it, as far as the records say".into();
        return Some(Held { reason: KeptReason::NoRecord, why, by: None, due: false });
    };
    if view.hand().is_some() {
        return Some(since_a_hand(view, tracks, record, now));
    }
    let Some(due) = view.due(record) else {
        let why = "the API server doesn't tell when its record was written (managed fields)".into();
        return Some(Held { reason: KeptReason::NoTime, why, by: None, due: record.due() <= now });
    };
    if record.result.is_none() && view.recorded.is_of(record) {
        let what = format!("the {} that left it has no result: it goes on, or was cut off", record.verb);
        return Some(Held { reason: KeptReason::Unfinished, why: what, by: None, due: due <= now });
    }
    let beside = view.written_beside().zip(view.route.as_ref());
    let beside = beside.map(|(hand, route)| format!(", after {} was written by {hand}", route.reference()));
    let why = || format!("kept for another {}{}", age(now, due), beside.unwrap_or_default());
    (due > now).then(|| Held { reason: KeptReason::NotDue, why: why(), by: None, due: false })
}

/// Resolvers of DNS keep what they were told before: whoever is in a hurry doesn't change that. Where more than time
/// holds it, that comes first.
#[must_use]
pub fn still_answered(Seen { snapshot, view, tracks }: Seen<'_>, color: &Color, held: Option<&Held>) -> Option<String> {
    let is_time = held.is_none_or(|held| held.reason == KeptReason::NotDue);
    view.route.as_ref().filter(|route| route.dns.is_some() && is_time)?;
    let until = view.answered_until(view.left_by(tracks, &color.name)?);
    (until > snapshot.at).then(|| format!("resolvers may answer with it for another {}", age(snapshot.at, until)))
}

/// No run goes on for so long after the retention of what it left: `--timeout` is 5 minutes where nothing is said.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(1);

/// True where the last move has no result, and no run can be behind that any more: it was killed, or nothing could be
/// noted.
#[must_use]
pub fn is_long_over(view: &ServiceView<'_>, now: Timestamp) -> bool {
    let due = view.recorded.current.as_ref().and_then(|record| view.due(record));
    due.is_some_and(|due| now.duration_since(due) > LONGEST_RUN)
}

/// Another Service over the same workloads may have left them later, or not be done with that: its way back
/// is this color, too.
#[must_use]
pub fn held_by_others(asked: Asked<'_>, seen: Seen<'_>, color: &Color) -> Option<Held> {
    let Seen { snapshot, view, .. } = seen;
    let others = snapshot.neighbours.iter().flatten().filter(|other| service_name(other) != view.name());
    // Whoever doesn't wait, and names both, means both.
    let meant = |other: &&Service| asked.before_due && asked.services.iter().any(|name| name == service_name(other));
    let others = others.filter(|other| !meant(other));
    let recorded = others.filter(|other| other.metadata.annotations.iter().any(|a| a.contains_key(Record::CURRENT)));
    recorded.into_iter().find_map(|other| {
        let other = ServiceView::of(other, &snapshot.workloads, &snapshot.pods, None);
        let tracks = other.tracks.as_ref().ok()?;
        let shares =
            |theirs: &&Color| theirs.workloads.iter().any(|w| color.workloads.iter().any(|o| o.uid() == w.uid()));
        let theirs = tracks.others().find(shares).filter(|theirs| other.left_by(tracks, &theirs.name).is_some())?;
        let held = held(&other, tracks, &theirs.name, snapshot.at)?;
        let why = format!("service/{} left it, too: {}", printable(other.name()), held.why);
        Some(Held { why, by: Some(other.name().to_owned()), ..held })
    })
}

/// Our last record, where it left the color active and somebody else moved the Service since.
#[must_use]
pub fn left_by_hand<'v>(view: &'v ServiceView<'_>, tracks: &Tracks, color: &str) -> Option<&'v Record> {
    let last = view.recorded.current.as_ref().filter(|r| r.key == tracks.key)?;
    (last.to == color && last.to != tracks.active).then_some(last)
}

/// Nothing that a hand leaves is known to be of no use any more: a person has to say so. The API server
/// tells when it moved the Service at the latest, and so until when the color is kept at all.
fn since_a_hand(view: &ServiceView<'_>, tracks: &Tracks, ours: &Record, now: Timestamp) -> Held {
    let hand = view.hand();
    let until = hand.as_ref().and_then(|hand| hand.by).map(|at| ours.due_from(at));
    let who = hand.map_or_else(|| "another hand".to_owned(), |hand| hand.to_string());
    let moved = format!("service/{} was moved to {} by {who}, after {}", view.name(), tracks.active, describe(ours));
    let (due, rest) = match until {
        Some(until) if until > now => (false, format!("kept for another {}", age(now, until))),
        Some(_) => (true, "its retention is over since, and no record of ours says that it may go".to_owned()),
        None => (true, "nobody knows when it was left".to_owned()),
    };
    Held { reason: KeptReason::MovedByHand, why: format!("{moved}; {rest}"), by: None, due }
}
