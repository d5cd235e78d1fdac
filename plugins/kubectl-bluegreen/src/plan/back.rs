//! Where a rollback goes. It never toggles: once back, it says so.

use kubectl_release::error::Outcome;
use kubectl_release::objects::{Labels, has_all};
use kubectl_release::record::Record;
use kubectl_release::selector::Tracks;

use super::Context;
use crate::refusal;
use crate::snapshot::Snapshot;
use crate::subject::{Subject, ready_count};

/// What a rollback finds.
pub enum Target {
    Color { color: String, selector: Labels, note: Option<String> },
    AlreadyBack { message: String, next: Option<String> },
}

/// Reads it from the cluster's own record; without a usable one, takes the only other color that
/// has ready pods and says so.
pub fn target(
    snapshot: &Snapshot,
    all: &[Subject<'_>],
    subject: &Subject<'_>,
    tracks: &Tracks,
    context: &Context<'_>,
) -> Outcome<Target> {
    if let Some(target) = never_moved_in_set(all, subject, tracks) {
        return Ok(target);
    }
    match subject.recorded.current.as_ref().filter(|r| r.key == tracks.key) {
        Some(record) if record.to == tracks.active => by_record(record, subject, tracks, context),
        Some(record) if record.from == tracks.active => Ok(Target::AlreadyBack {
            message: format!("{} is active; {} was undone by another hand", tracks.active, describe(record)),
            next: forward(subject, &record.to, context),
        }),
        _ => without_record(snapshot, subject, tracks, context),
    }
}

/// A run that moved several Services may have been cut off between two of them: one that it
/// never reached has nothing to take back.
fn never_moved_in_set(all: &[Subject<'_>], subject: &Subject<'_>, tracks: &Tracks) -> Option<Target> {
    let last = all.iter().filter_map(|s| s.recorded.current.as_ref()).max_by_key(|r| r.at)?;
    let ours = subject.recorded.current.as_ref().map(|r| r.id.as_str());
    // Before a switch, or after going back from it: either way it stands where it should.
    let home = if last.verb == "rollback" { &last.to } else { &last.from };
    let missed = last.services.iter().any(|s| s == subject.name()) && ours != Some(&last.id) && tracks.active == *home;
    missed.then(|| Target::AlreadyBack {
        message: format!("{} is active; the last {} did not move this one", tracks.active, last.verb),
        next: None,
    })
}

fn by_record(record: &Record, subject: &Subject<'_>, tracks: &Tracks, context: &Context<'_>) -> Outcome<Target> {
    if record.verb == "rollback" {
        return Ok(Target::AlreadyBack {
            message: format!("{} is active since {}", record.to, describe(record)),
            next: forward(subject, &record.from, context),
        });
    }
    let color = tracks.color(&record.from);
    if !color.is_some_and(|c| c.workloads.iter().any(|w| has_all(&w.pod_labels(), &record.selector))) {
        return Err(refusal::way_back_gone(subject, tracks, record, context));
    }
    Ok(Target::Color {
        color: record.from.clone(),
        selector: record.selector.clone(),
        note: Some(format!("taking back {}", describe(record))),
    })
}

fn without_record(
    snapshot: &Snapshot,
    subject: &Subject<'_>,
    tracks: &Tracks,
    context: &Context<'_>,
) -> Outcome<Target> {
    let mut ready = tracks.others().filter(|c| ready_count(&tracks.pods_of(&c.name, &snapshot.pods)) > 0);
    match (ready.next(), ready.next()) {
        (Some(color), None) => Ok(Target::Color {
            color: color.name.clone(),
            selector: tracks.selector_for(&color.name),
            note: Some(format!("no record of a switch: {} is the only other color with ready pods", color.name)),
        }),
        _ => Err(refusal::no_way_back(subject, tracks, context)),
    }
}

fn forward(subject: &Subject<'_>, color: &str, context: &Context<'_>) -> Option<String> {
    Some(format!("forward again: kubectl bluegreen switch {} --to {color}{}", subject.name(), context.suffix))
}

fn describe(record: &Record) -> String {
    format!("the {} {} -> {} by {} at {:.0}", record.verb, record.from, record.to, record.by, record.at)
}
