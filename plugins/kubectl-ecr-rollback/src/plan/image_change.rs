//! A change of a workload's images as a value: what is written, on which condition, and how it is
//! taken back.

use release_core::command::{Command, Scope};
use release_core::kube::{Pod, Workload};
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{Choice, Chosen, Left, Pinned};
use release_core::release::change::{Action, Change, Op, annotation_pointer};
use release_core::release::record::Record as _;
use release_core::text::printable;
use serde_json::json;

use super::evidence::Evidence;
use super::way_back::WayBack;
use release_core::workload::failing::failing;
use release_core::workload::revisions::{Revision, deployed_number};
use release_core::workload::trouble::summarize;

use crate::record::way_here::tag_followed;
use crate::record::{ImageRecord, Moved, RecordVerb, RecordedImages, room};
use crate::selection::Selected;
use crate::snapshot::Snapshot;
use crate::words::{arrow, beside};
use release_core::workload::container_image::{ContainerImage, containers_of};

/// A change of a workload's images.
#[derive(Debug, Clone)]
pub struct ImageChange {
    pub containers: Vec<ContainerImage>,
    /// The reference to write.
    pub to: String,
    /// The revision that ran it last, if one did.
    pub revision: Option<i64>,
    pub pinned: Option<Pinned>,
    pub evidence: Evidence,
    /// The digest that pods of the revision ran under the reference, where the registry can't say
    /// whether its tag was moved.
    pub expects: Option<String>,
    /// How it is taken back.
    pub way_back: WayBack,
    /// What is written into the annotation.
    pub record: ImageRecord,
}

/// Who makes a change, in which run, and why.
#[derive(Debug, Clone, Copy)]
pub struct Author<'a> {
    /// Identifies the run in records and Events.
    pub run_id: &'a str,
    /// The kubeconfig's name for the user.
    pub user: &'a str,
    pub reason: &'a str,
}

/// Where a write goes.
#[derive(Debug, Clone, Copy)]
pub struct At<'a> {
    pub namespace: &'a str,
    /// For the command that takes it back.
    pub scope: &'a Scope,
}

/// The move to a chosen image: a rollback, or a move forward where it was pushed later.
#[must_use]
pub fn to_chosen(
    snapshot: &Snapshot,
    selected: &Selected,
    choice: &Choice<'_>,
    chosen: &Chosen,
    author: &Author<'_>,
) -> ImageChange {
    let verb = if choice.leads_forward(chosen) { RecordVerb::Forward } else { RecordVerb::Rollback };
    let record = record(verb, snapshot, selected, &chosen.image, author);
    let unpin_to = chosen.pinned.and_then(|_| tag_left(&choice.left, &snapshot.believed, selected));
    let (from_digest, to_digest) = (choice.left.own_digest(), chosen.digest.clone());
    ImageChange {
        containers: selected.containers.clone(),
        to: chosen.image.clone(),
        revision: chosen.revision,
        pinned: chosen.pinned,
        evidence: Evidence::of(choice, chosen),
        expects: None,
        way_back: WayBack::planned(&choice.left, snapshot, selected),
        record: ImageRecord { from_digest, to_digest, unpin_to, ..record },
    }
}

/// The tag that the workload went by before its image was pinned, where pinning it means that it no
/// longer follows that tag.
fn tag_left(left: &Left, recorded: &RecordedImages, selected: &Selected) -> Option<String> {
    if left.tag_moves || left.tag_moved_to.is_some() {
        return left.tag.clone();
    }
    let followed = tag_followed(recorded, selected.container(), selected.image());
    followed.filter(|_| is_pinned(selected.image())).map(str::to_owned)
}

fn is_pinned(image: &str) -> bool {
    ImageRef::parse(image).digest.is_some()
}

/// The way from a pinned digest back to its tag; `to_digest` is what that is on now.
#[must_use]
pub fn unpinned(
    snapshot: &Snapshot,
    selected: &Selected,
    to: &str,
    to_digest: Option<&str>,
    author: &Author<'_>,
) -> ImageChange {
    let record = record(RecordVerb::Unpin, snapshot, selected, to, author);
    let from_digest = ImageRef::parse(selected.image()).digest.map(str::to_owned);
    ImageChange {
        containers: selected.containers.clone(),
        to: to.to_owned(),
        revision: None,
        pinned: None,
        evidence: Evidence::default(),
        expects: None,
        way_back: WayBack::of_reference(snapshot, selected),
        record: ImageRecord { from_digest, to_digest: to_digest.map(str::to_owned), ..record },
    }
}

/// What a plan was made of, rebuilt from the record of a run that was cut off or still goes on.
#[must_use]
pub fn resumed(record: &ImageRecord, template: &[ContainerImage], pods: &[Pod]) -> ImageChange {
    let of = |m: &Moved| {
        let (index, sidecar) =
            template.iter().find(|c| c.name == m.name && c.init == m.init).map_or((0, false), |c| (c.index, c.sidecar));
        ContainerImage { name: m.name.clone(), init: m.init, sidecar, index, image: m.from.clone() }
    };
    ImageChange {
        containers: record.containers.iter().map(of).collect(),
        to: record.containers[0].to.clone(),
        revision: None,
        pinned: None,
        evidence: Evidence::default(),
        expects: None,
        way_back: WayBack::resumed(record, pods),
        record: record.clone(),
    }
}

fn record(verb: RecordVerb, snapshot: &Snapshot, selected: &Selected, to: &str, author: &Author<'_>) -> ImageRecord {
    let moved =
        |c: &ContainerImage| Moved { name: c.name.clone(), init: c.init, from: c.image.clone(), to: to.to_owned() };
    ImageRecord {
        id: author.run_id.to_owned(),
        verb,
        containers: selected.containers.iter().map(moved).collect(),
        by_history: false,
        steps: None,
        uid: snapshot.workload.metadata.uid.clone(),
        revision: deployed_number(&snapshot.workload),
        from_digest: None,
        to_digest: None,
        unpin_to: None,
        left_failing: left_failing(snapshot, selected),
        left_unrolled: is_unrolled(snapshot, selected),
        failure: None,
        by: snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", author.user)),
        at: snapshot.at,
        reason: author.reason.to_owned(),
        result: None,
        millis: None,
    }
}

/// Why pods of what is left fail, where they do.
fn left_failing(snapshot: &Snapshot, selected: &Selected) -> Option<String> {
    let asks = |pod: &&Pod| pod.image_of(selected.container()) == Some(selected.image()) && !pod.is_terminating();
    let left: Vec<&Pod> = snapshot.pods.iter().filter(asks).collect();
    let groups = summarize(&failing(&left), &snapshot.scope);
    let texts: Vec<String> = groups.into_iter().map(|group| group.message).collect();
    (!texts.is_empty()).then(|| printable(&texts.join("; ")))
}

/// True where the last revision of a Deployment is of another template than the one that is left.
fn is_unrolled(snapshot: &Snapshot, selected: &Selected) -> bool {
    let number = deployed_number(&snapshot.workload);
    let last = snapshot.revisions.iter().find(|revision| Some(revision.number) == number);
    let has_another =
        |last: &Revision| selected.containers.iter().any(|one| last.image_of(&one.name) != Some(one.image.as_str()));
    last.is_some_and(has_another)
}

impl ImageChange {
    /// The image that is left.
    #[must_use]
    pub fn from(&self) -> &str {
        &self.containers[0].image
    }

    /// `api:1.0.5`; whole where it is of another repository than what is left.
    #[must_use]
    pub fn target(&self) -> String {
        beside(self.from(), &self.to)
    }

    /// `api:1.0.6 -> 1.0.5`
    #[must_use]
    pub fn summary(&self) -> String {
        arrow(self.from(), &self.to)
    }

    /// The one conditional patch: refused as a whole where the images or our record are no longer
    /// what the plan was made from.
    #[must_use]
    pub fn forward(&self, workload: &Workload, recorded: &RecordedImages, at: At<'_>) -> Change {
        let mut ops = vec![same_object(workload)];
        ops.extend(room::ops(workload, recorded, &self.record, &self.summary()));
        ops.extend(self.containers.iter().flat_map(|one| image_ops(one, &one.image, &self.to)));
        self.as_change(workload, ops, at, |moved| self.way_back.image(&moved.from))
    }

    /// The write of the images alone, without a word of ours beside them.
    #[must_use]
    pub fn alone(&self, workload: &Workload, at: At<'_>) -> Change {
        let images = self.containers.iter().flat_map(|one| image_ops(one, &one.image, &self.to));
        let ops = std::iter::once(same_object(workload)).chain(images).collect();
        self.as_change(workload, ops, at, |moved| self.way_back.image(&moved.from))
    }

    /// The command that does the same.
    #[must_use]
    pub fn by_hand(&self, workload: &Workload, scope: &Scope) -> Command {
        self.set_images(workload, scope, |moved| moved.to.clone())
    }

    /// The image that it is taken back to: by digest, where the tag that was left may be on another by then.
    #[must_use]
    pub fn back_to(&self) -> String {
        self.way_back.image(self.from())
    }

    /// The patch that takes it back, conditional on it being still the last one. `ended` is the record
    /// that says so.
    #[must_use]
    pub fn backward(&self, workload: &Workload, recorded: &RecordedImages, ended: &ImageRecord, at: At<'_>) -> Change {
        let summary = format!("{} (failed, taken back)", arrow(&self.to, &self.back_to()));
        let mut ops = vec![same_object(workload)];
        ops.extend(room::ops(workload, recorded, ended, &summary));
        // A policy may have put a digest behind what was written.
        let template = containers_of(workload);
        let now = |one: &ContainerImage| template.iter().find(|own| own.name == one.name && own.init == one.init);
        let back = |one: &ContainerImage| {
            image_ops(one, now(one).map_or(&self.to, |own| &own.image), &self.way_back.image(&one.image))
        };
        ops.extend(self.containers.iter().flat_map(back));
        self.as_change(workload, ops, at, |moved| moved.to.clone())
    }

    /// The command that puts the images back by hand.
    #[must_use]
    pub fn undo(&self, workload: &Workload, scope: &Scope) -> Command {
        self.set_images(workload, scope, |moved| self.way_back.image(&moved.from))
    }

    fn as_change(&self, workload: &Workload, ops: Vec<Op>, at: At<'_>, undone: impl Fn(&Moved) -> String) -> Change {
        Change {
            object: workload.reference(),
            path: workload.path(at.namespace),
            action: Action::JsonPatch(ops),
            summary: self.summary(),
            undo: Some(self.set_images(workload, at.scope, undone)),
        }
    }

    fn set_images(&self, workload: &Workload, scope: &Scope, to: impl Fn(&Moved) -> String) -> Command {
        let images = self.record.containers.iter().map(|moved| format!("{}={}", moved.name, to(moved)));
        Command::new("kubectl set image").arg(workload.reference()).args(images).scope(scope)
    }
}

/// The write that replaces a record by its end, where it is still as it was read.
#[must_use]
pub fn note_of(written: &ImageRecord, ended: &ImageRecord, workload: &Workload, namespace: &str) -> Change {
    let pointer = annotation_pointer(ImageRecord::CURRENT);
    let still = Op::test(&pointer, json!(written).to_string());
    Change {
        object: workload.reference(),
        path: workload.path(namespace),
        summary: format!("record: {}", ended.result.as_ref().map(ToString::to_string).unwrap_or_default()),
        action: Action::JsonPatch(vec![same_object(workload), still, Op::replace(&pointer, json!(ended).to_string())]),
        undo: None,
    }
}

/// One that was deleted and made anew is another, whatever its name and images.
fn same_object(workload: &Workload) -> Op {
    Op::test("/metadata/uid", workload.metadata.uid.clone())
}

fn image_ops(container: &ContainerImage, from: &str, to: &str) -> [Op; 3] {
    let pointer = container.pointer();
    let (name, image) = (format!("{pointer}/name"), format!("{pointer}/image"));
    // Another container may have moved to this place in the list.
    [Op::test(&name, container.name.clone()), Op::test(&image, from), Op::replace(&image, to)]
}
