//! What a rollback does to the workload: pure, from a snapshot and a choice.

mod standing;

use jiff::Timestamp;
use kubectl_release::change::{Action, Change, Op, annotation_pointer, shell_quote};
use kubectl_release::image::ImageRef;
use kubectl_release::objects::Workload;
use kubectl_release::push_history::{Chosen, Left, Pinned};
use kubectl_release::record::printable;
use serde_json::{Value, json};

use crate::options::Carry;
use crate::placement::{Place, Selected};
use crate::record::{CURRENT, HISTORY, Moved, Record, Recorded};
use crate::snapshot::Snapshot;

pub use standing::{Standing, standing};

/// Why a template was changed last, as `kubectl rollout history` shows it
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/#change-cause>).
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// A change of a workload's images.
#[derive(Debug, Clone)]
pub struct Roll {
    pub places: Vec<Place>,
    /// The reference to write.
    pub to: String,
    /// The revision that ran it last, if one did.
    pub revision: Option<i64>,
    pub pinned: Option<Pinned>,
    /// What is written into the annotation.
    pub record: Record,
}

/// What a run brings to a plan.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub carry: &'a Carry,
    /// Identifies this run in records and Events.
    pub run_id: &'a str,
    /// The kubeconfig's name for the user.
    pub user: &'a str,
}

/// The rollback to a chosen image.
#[must_use]
pub fn back(snapshot: &Snapshot, selected: &Selected, left: &Left, chosen: &Chosen, context: &Context<'_>) -> Roll {
    let record = record("rollback", snapshot, selected, &chosen.image, context);
    Roll {
        places: selected.places.clone(),
        to: chosen.image.clone(),
        revision: chosen.revision,
        pinned: chosen.pinned,
        record: Record { from_digest: left.digest.clone(), to_digest: chosen.digest.clone(), ..record },
    }
}

/// The way from a pinned digest back to its tag.
#[must_use]
pub fn unpinned(snapshot: &Snapshot, selected: &Selected, to: &str, context: &Context<'_>) -> Roll {
    let record = record("unpin", snapshot, selected, to, context);
    let from_digest = ImageRef::parse(selected.image()).digest.map(str::to_owned);
    Roll {
        places: selected.places.clone(),
        to: to.to_owned(),
        revision: None,
        pinned: None,
        record: Record { from_digest, ..record },
    }
}

fn record(verb: &str, snapshot: &Snapshot, selected: &Selected, to: &str, context: &Context<'_>) -> Record {
    let moved = |p: &Place| Moved { name: p.name.clone(), init: p.init, from: p.image.clone(), to: to.to_owned() };
    Record {
        id: context.run_id.to_owned(),
        verb: verb.to_owned(),
        containers: selected.places.iter().map(moved).collect(),
        from_digest: None,
        to_digest: None,
        by: snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", context.user)),
        at: snapshot.at,
        reason: context.carry.reason.clone(),
        result: None,
        millis: None,
    }
}

impl Roll {
    /// The image that is left.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.places[0].image
    }

    /// `api:1.0.6 -> 1.0.5`
    #[must_use]
    pub fn summary(&self) -> String {
        arrow(self.from(), &self.to)
    }

    /// The one conditional patch: refused as a whole where the images or our record are no longer
    /// what the plan was made from.
    #[must_use]
    pub fn change(&self, workload: &Workload, recorded: &Recorded, namespace: &str, flags: &str) -> Change {
        let cause = change_cause(&self.record, &self.summary());
        let annotations = [
            (CURRENT, json!(self.record).to_string()),
            (HISTORY, recorded.history_with_current()),
            (CHANGE_CAUSE, cause),
        ];
        let mut ops = vec![same_object(workload)];
        ops.extend(annotation_ops(workload, recorded, annotations));
        ops.extend(self.places.iter().flat_map(|place| image_ops(place, &place.image, &self.to)));
        self.as_change(workload, ops, namespace, flags, |moved| &moved.from)
    }

    /// The patch that takes it back, conditional on it being still the last one.
    #[must_use]
    pub fn take_back(&self, workload: &Workload, recorded: &Recorded, record: &Record, at: At<'_>) -> Change {
        let summary = format!("{} (failed, taken back)", arrow(&self.to, self.from()));
        let annotations = [
            (CURRENT, json!(record).to_string()),
            (HISTORY, recorded.history_with_current()),
            (CHANGE_CAUSE, change_cause(record, &summary)),
        ];
        let mut ops = annotation_ops(workload, recorded, annotations);
        ops.extend(self.places.iter().flat_map(|place| image_ops(place, &self.to, &place.image)));
        self.as_change(workload, ops, at.namespace, at.flags, |moved| &moved.to)
    }

    fn as_change(
        &self,
        workload: &Workload,
        ops: Vec<Op>,
        namespace: &str,
        flags: &str,
        undone: impl Fn(&Moved) -> &String,
    ) -> Change {
        let images: String =
            self.record.containers.iter().map(|m| format!(" {}={}", m.name, shell_quote(undone(m)))).collect();
        Change {
            object: workload.reference(),
            path: workload.path(namespace),
            action: Action::JsonPatch(ops),
            summary: self.summary(),
            undo: Some(format!("kubectl set image {workload}{images} -n {}{flags}", shell_quote(namespace))),
        }
    }
}

/// Where a write goes.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub namespace: &'a str,
    pub flags: &'a str,
}

/// What a plan was made of, rebuilt from the record of a run that was cut off or still goes on.
#[must_use]
pub fn resumed(record: &Record, places: &[Place]) -> Roll {
    let of = |m: &Moved| {
        let index = places.iter().find(|p| p.name == m.name && p.init == m.init).map_or(0, |p| p.index);
        Place { name: m.name.clone(), init: m.init, index, image: m.from.clone() }
    };
    Roll {
        places: record.containers.iter().map(of).collect(),
        to: record.containers[0].to.clone(),
        revision: None,
        pinned: None,
        record: record.clone(),
    }
}

/// The note of a result in the record.
#[must_use]
pub fn outcome(record: &Record, finished: &Record, workload: &Workload, namespace: &str) -> Change {
    let pointer = annotation_pointer(CURRENT);
    let ops = vec![Op::test(&pointer, json!(record).to_string()), Op::replace(&pointer, json!(finished).to_string())];
    Change {
        object: workload.reference(),
        path: workload.path(namespace),
        action: Action::JsonPatch(ops),
        summary: format!("record: {}", finished.result.as_deref().unwrap_or_default()),
        undo: None,
    }
}

/// One that was deleted and made anew is another, whatever its name and images.
fn same_object(workload: &Workload) -> Op {
    Op::test("/metadata/uid", workload.metadata.uid.clone())
}

fn image_ops(place: &Place, from: &str, to: &str) -> [Op; 3] {
    let container = place.pointer();
    let (name, image) = (format!("{container}/name"), format!("{container}/image"));
    // Another container may have moved to this place in the list.
    [Op::test(&name, place.name.clone()), Op::test(&image, from), Op::replace(&image, to)]
}

fn annotation_ops(workload: &Workload, recorded: &Recorded, set: [(&str, String); 3]) -> Vec<Op> {
    if workload.metadata.annotations.is_none() {
        let all: serde_json::Map<String, Value> = set.into_iter().map(|(k, v)| (k.to_owned(), json!(v))).collect();
        return vec![
            Op::test("/metadata/annotations", Value::Null),
            Op::add("/metadata/annotations", Value::Object(all)),
        ];
    }
    let known = recorded.raw_current.clone().map_or(Value::Null, Value::String);
    let test = Op::test(&annotation_pointer(CURRENT), known);
    std::iter::once(test).chain(set.into_iter().map(|(key, value)| Op::add(&annotation_pointer(key), value))).collect()
}

fn change_cause(record: &Record, summary: &str) -> String {
    let reason = if record.reason.is_empty() { String::new() } else { format!(" ({})", record.reason) };
    printable(&format!("kubectl ecr-rollback: {summary}{reason}"))
}

/// The name is said once, where it is the same.
fn arrow(from: &str, to: &str) -> String {
    let (before, after) = (ImageRef::parse(from), ImageRef::parse(to));
    let name = format!("{}:", after.base_name());
    let after = pinned_short(to);
    let short = if before.base_name() == ImageRef::parse(to).base_name() { after.strip_prefix(&name) } else { None };
    format!("{} -> {}", pinned_short(from), short.unwrap_or(&after))
}

/// `api:1.0.5`, with the beginning of the digest where it is pinned to one.
#[must_use]
pub fn pinned_short(reference: &str) -> String {
    let parsed = ImageRef::parse(reference);
    match (parsed.tag, parsed.digest) {
        (Some(_), Some(digest)) => format!("{}@{}", parsed.short(), short_digest(digest)),
        _ => parsed.short(),
    }
}

/// `sha256:0123456789ab`
#[must_use]
pub fn short_digest(digest: &str) -> String {
    digest.chars().take(19).collect()
}

/// When a record was written, short.
#[must_use]
pub fn when(at: Timestamp) -> String {
    format!("{at:.0}")
}

#[cfg(test)]
pub mod tests;
