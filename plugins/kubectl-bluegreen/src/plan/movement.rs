//! One Service's move, and the writes that make it and take it back.

use release_core::command::{Command, Scope, selector_change_command};
use release_core::kube::Labels;
use release_core::kube::service::service_path;
use release_core::release::change::{Action, Change, Op};
use release_core::release::record::Recorded;
use serde_json::json;

use crate::cleanup_note::CleanupNote;
use crate::record::Record;

/// One Service's move from one color to another.
#[derive(Debug, Clone)]
pub struct Move {
    pub service: String,
    pub namespace: String,
    /// What the command that undoes it must repeat.
    pub scope: Scope,
    pub key: String,
    pub from: String,
    pub to: String,
    pub previous: Labels,
    pub selector: Labels,
    /// How the target was chosen, where the user didn't say.
    pub note: Option<String>,
    /// What is written into the annotation.
    pub record: Record,
}

impl Move {
    /// The one conditional patch: refused as a whole where the selector, our record or the note of
    /// the last cleanup is no longer what the plan was made from.
    #[must_use]
    pub fn change(&self, recorded: &Recorded<Record>, cleanup: &CleanupNote) -> Change {
        self.patch(&self.previous, &self.selector, record_ops(recorded, cleanup, &self.record))
    }

    /// The patch that takes this move back, conditional on it being still the last one.
    #[must_use]
    pub fn take_back(&self, recorded: &Recorded<Record>, cleanup: &CleanupNote, record: &Record) -> Change {
        let change = self.patch(&self.selector, &self.previous, record_ops(recorded, cleanup, record));
        // To undo it would lead to the color that just failed.
        Change { summary: format!("{}: {} -> {}", self.key, self.to, self.from), undo: None, ..change }
    }

    /// The bare kubectl command that undoes it, if the Service is still as this leaves it: pasted after a
    /// later move it fails, and overwrites nothing.
    #[must_use]
    pub fn undo(&self) -> Command {
        selector_change_command(&self.service, &self.scope, &self.selector, &self.previous)
    }

    /// The bare kubectl command that makes it, if the Service is still as it was read.
    #[must_use]
    pub fn by_hand(&self) -> Command {
        selector_change_command(&self.service, &self.scope, &self.previous, &self.selector)
    }

    fn patch(&self, from: &Labels, to: &Labels, beside: Vec<Op>) -> Change {
        let mut ops = vec![Op::test("/spec/selector", json!(from))];
        ops.extend(beside);
        ops.push(Op::replace("/spec/selector", json!(to)));
        Change {
            object: format!("service/{}", self.service),
            path: service_path(&self.namespace, &self.service),
            action: Action::JsonPatch(ops),
            summary: format!("{}: {} -> {}", self.key, self.from, self.to),
            undo: Some(self.undo()),
        }
    }
}

/// Tests that the record is as it was read, sets the new one and moves the old one to the history.
fn record_ops(recorded: &Recorded<Record>, cleanup: &CleanupNote, record: &Record) -> Vec<Op> {
    let noted = recorded.room.is_there.then(|| cleanup.still());
    noted.into_iter().chain(recorded.followed_by(record)).collect()
}
