//! A change under way, and the commands about it.

use std::cell::Cell;

use release_cli::run::Run;
use release_core::command::Command;
use release_core::kube::{Pod, Workload};
use release_core::registry::image::{ImageRef, is_named};
use release_core::registry::push_history::digest_of_image_id;
use release_core::release::change::Change;
use release_core::workload::rollout_pods::follow_command;

use crate::options::WriteOptions;
use crate::plan::image_change::{At, ImageChange};
use crate::pods_now::is_mirrored;
use crate::record::{RecordVerb, RecordedImages};
use crate::typed::{TARGET, UNDER_WAY};

/// A change under way.
#[derive(Debug)]
pub struct ChangeInProgress<'a> {
    pub run: &'a Run,
    /// As it was when the plan was made.
    pub workload: &'a Workload,
    pub recorded: &'a RecordedImages,
    pub image_change: &'a ImageChange,
    pub options: &'a WriteOptions,
    /// Whether its record was written, or will be: annotations of others may leave no room.
    pub is_recorded: Cell<bool>,
    /// It was written by another run.
    pub is_taken_up: bool,
    /// Its record says that it was done: what goes on is only watched, and neither noted nor taken back.
    pub is_over: bool,
}

impl<'a> ChangeInProgress<'a> {
    /// Where its writes go.
    pub(super) fn at(&self) -> At<'a> {
        At { namespace: &self.run.cluster.namespace, scope: self.run.scope() }
    }

    /// The write that makes it.
    #[must_use]
    pub fn forward(&self) -> Change {
        self.forward_beside(self.workload, self.recorded)
    }

    /// The same from what is there now.
    pub(super) fn forward_beside(&self, workload: &Workload, recorded: &RecordedImages) -> Change {
        self.is_recorded.set(recorded.has_room_for(&self.image_change.record));
        self.image_change.forward(workload, recorded, self.at())
    }

    /// Whether what a workload says of our changes is what this one wrote.
    pub(super) fn is_last_in(&self, recorded: &RecordedImages) -> bool {
        recorded.is_left_by(&self.image_change.record, self.is_recorded.get())
    }

    /// True for a pod that asks for the images that were written.
    pub(super) fn asks_for_new(&self, pod: &Pod) -> bool {
        let change = self.image_change;
        change.containers.iter().all(|one| {
            let asked = pod.image_of(&one.name).filter(|asked| *asked != one.image);
            asked.is_some_and(|asked| is_named(asked, &change.to) || self.is_mirror(asked, &one.image))
        })
    }

    /// True for the name that a mirror has for what was written, and not for what was left.
    fn is_mirror(&self, asked: &str, left: &str) -> bool {
        let change = self.image_change;
        let (to, from) = (change.record.to_digest.as_deref(), change.record.from_digest.as_deref());
        is_mirrored(asked, &change.to, to) && !is_mirrored(asked, left, from)
    }

    /// True for a pod that runs what was written, under whatever name: policies put digests and mirrors into pods.
    pub(super) fn runs_target(&self, pod: &Pod) -> bool {
        let (change, to) = (self.image_change, ImageRef::parse(&self.image_change.to));
        let digest = to.digest.or(change.record.to_digest.as_deref());
        change.containers.iter().all(|one| {
            let Some(asked) = pod.image_of(&one.name) else { return false };
            let pulled = pod.container_status(&one.name).and_then(|status| digest_of_image_id(&status.image_id));
            let is_it = digest.is_some() && pulled == digest;
            is_named(asked, &change.to) || is_it || ImageRef::parse(asked).stands_for(&to, digest)
        })
    }

    /// True for a pod that asks for those that were left.
    pub(super) fn asks_for_left(&self, pod: &Pod) -> bool {
        self.image_change.containers.iter().all(|one| pod.image_of(&one.name) == Some(one.image.as_str()))
    }

    /// The command that takes it back by hand.
    #[must_use]
    pub fn undo(&self) -> Command {
        self.image_change.undo(self.workload, self.run.scope())
    }

    /// The command that shows where things stand.
    pub(super) fn look(&self) -> Command {
        let labels = self.workload.selector.match_labels.clone().unwrap_or_else(|| self.workload.pod_labels());
        follow_command(self.workload, &labels, self.run.scope())
    }

    /// The command that takes this up. An `unpin` is only looked at, as is what has no record to be known by: the
    /// same words would go one further back.
    pub(super) fn again(&self) -> Command {
        if self.image_change.record.verb == RecordVerb::Unpin || !self.is_recorded.get() {
            return self.look();
        }
        let command = Command::new("kubectl ecr-rollback").arg(self.workload.reference());
        // It is asked for where time has run out.
        let typed = self.options.typed.with_time();
        let command = command.args(typed.only(&UNDER_WAY));
        let command = match self.image_change.record.verb {
            // Without its target it would be a rollback, from what was just gone to.
            RecordVerb::Forward => command.args(self.target()),
            _ => command,
        };
        command.scope(self.run.scope())
    }

    /// One further back, counted as it was this time.
    #[must_use]
    pub fn further(&self) -> Command {
        let typed = self.options.typed.with_time();
        let counted = typed.only(&["--from", "--tag-filter"]);
        let but: Vec<&str> = TARGET.into_iter().chain(["--if-running"]).collect();
        let command = Command::new(typed.verb()).arg(self.workload.reference()).args(typed.without(&but));
        command.args(counted).arg("--again").scope(self.run.scope())
    }

    /// The flag that names what is gone to.
    fn target(&self) -> Option<String> {
        let to = ImageRef::parse(&self.image_change.to);
        let by_digest = || to.digest.map(|digest| format!("--to-digest={digest}"));
        to.tag.map(|tag| format!("--to-tag={tag}")).or_else(by_digest)
    }
}
