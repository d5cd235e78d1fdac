//! What was done to a workload's images, as it is kept on the workload.

pub mod believed;
mod images;
pub mod rewritten;
pub mod room;
#[cfg(test)]
pub mod samples;
pub mod unrecorded;
pub mod way_here;

use std::fmt;

use jiff::Timestamp;
use release_core::kube::Workload;
use release_core::registry::image::is_tag;
use release_core::release::annotations::Room;
use release_core::release::record::{Record, Recorded, RunResult};
use release_core::text::{is_label_value, printable};
use release_core::workload::revisions::{Revision, deployed_number};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a template was changed last, as `kubectl rollout history` shows it
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/#change-cause>).
const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";
/// Controllers copy a workload's annotations to its ReplicaSets and ControllerRevisions, with some of their own
/// (`SetNewReplicaSetAnnotations` in `k8s.io/kubernetes/pkg/controller/deployment/util`): without room for these
/// nothing rolls out. A list of earlier revisions may be longer than this.
const CONTROLLERS_BYTES: usize = 512;

/// What a workload's annotations say of our changes.
pub type RecordedImages = Recorded<ImageRecord>;

/// One change of a workload's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImageRecord {
    /// Tells this write from any other.
    pub id: String,
    pub verb: RecordVerb,
    pub containers: Vec<Moved>,
    /// The rollout history said where to: the same words mean the same move, also where it led forward.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_history: bool,
    /// How many back were asked for, where that was more than one: other words mean another rollback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<usize>,
    /// UID of the workload: manifests are copied with their annotations.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The number of a Deployment's template that was left; the next one is this change's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// `sha256:…` of what was left, and of what was gone to, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_digest: Option<String>,
    /// The tag that the template went by before it was pinned, where that one moves: `unpin` goes back
    /// to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unpin_to: Option<String>,
    /// Why pods of what was left were failing then, where they were: it is never taken back to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_failing: Option<String>,
    /// No pod was ever made of the template that was left, because it was paused or its controller had not come to
    /// it: no revision tells of its images, so that only the run which saw it takes anything back to it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub left_unrolled: bool,
    /// What was seen of pods that ran its template, where they were seen failing. Without it nothing is said
    /// against the image, whatever the result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Absent while running, or where the run was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// Milliseconds from the start of the command to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What changed the images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum RecordVerb {
    /// To an image that was pushed before.
    Rollback,
    /// To one that was pushed later.
    Forward,
    Unpin,
    /// Written by another version of ours, or by somebody's hand.
    #[serde(untagged)]
    Other(String),
}

impl fmt::Display for RecordVerb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rollback => "rollback",
            Self::Forward => "forward",
            Self::Unpin => "unpin",
            Self::Other(text) => text,
        })
    }
}

impl RecordVerb {
    /// What was done, for a line that goes on with `to`: `rolled back`.
    #[must_use]
    pub fn past(&self) -> &'static str {
        match self {
            Self::Rollback | Self::Other(_) => "rolled back",
            Self::Forward => "moved forward",
            Self::Unpin => "unpinned",
        }
    }
}

/// What a workload's own annotations say. Records of another workload, which a copied manifest has, are
/// left out; what no run of ours can have written is reported besides.
#[must_use]
pub fn recorded_on(workload: &Workload) -> RecordedImages {
    let mut recorded = RecordedImages::read(workload.metadata.annotations.as_ref());
    recorded.room = room_on(workload);
    let made_up = recorded.current.as_ref().and_then(|record| made_up(record, workload));
    if let Some(why) = made_up {
        recorded.unreadable = Some(format!("{}: {why}", ImageRecord::CURRENT));
        recorded.current = None;
    }
    let is_own = |record: &ImageRecord| record.uid.as_deref() == Some(workload.uid());
    recorded.current = recorded.current.filter(is_own);
    recorded.history.retain(is_own);
    recorded
}

/// What the workload's controller has copied to the revision that it has now, where the workload itself says nothing any
/// more: whoever replaces an object takes its annotations away.
#[must_use]
pub fn kept_by_revision(
    recorded: &RecordedImages,
    workload: &Workload,
    revisions: &[Revision],
) -> Option<RecordedImages> {
    if recorded.raw_current.is_some() || recorded.raw_history.is_some() {
        return None;
    }
    let current = revisions.iter().find(|revision| revision.current)?;
    let mut kept = RecordedImages::read(Some(&current.notes));
    let is_own = |record: &ImageRecord| record.uid.as_deref() == Some(workload.uid());
    kept.current = kept.current.filter(|record| is_own(record) && made_up(record, workload).is_none());
    kept.history.retain(is_own);
    kept.current.is_some().then_some(kept)
}

/// What annotations of others leave for ours, and for those that its controller adds.
fn room_on(workload: &Workload) -> Room {
    let ours = [ImageRecord::CURRENT, ImageRecord::HISTORY, CHANGE_CAUSE];
    let room = Room::beside(workload.metadata.annotations.as_ref(), &ours);
    Room { bytes: room.bytes.saturating_sub(CONTROLLERS_BYTES), ..room }
}

/// Why a record can't be of a run of ours: each notes the workload, and the template that it left.
fn made_up(record: &ImageRecord, workload: &Workload) -> Option<String> {
    if record.uid.is_none() {
        return Some("it says of no workload that it is its own".into());
    }
    let there = deployed_number(workload);
    let ahead = record.revision.filter(|left| there.is_some_and(|there| *left > there));
    ahead.map(|left| format!("it left revision {left}, which there never was"))
}

/// One container's image before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Moved {
    pub name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init: bool,
    pub from: String,
    pub to: String,
}

impl ImageRecord {
    /// True while nobody knows how it ends.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.result, None | Some(RunResult::Unfinished))
    }

    /// The record with its end; `seen` is what was seen of its pods, where they failed.
    #[must_use]
    pub fn concluded(&self, result: RunResult, millis: u64, seen: Option<String>) -> Self {
        let failure = seen.as_deref().map(printable);
        Self { result: Some(result), millis: Some(millis), failure, ..self.clone() }
    }
}

impl Record for ImageRecord {
    const CURRENT: &'static str = "kubectl-release.dev/ecr-rollback";
    const HISTORY: &'static str = "kubectl-release.dev/ecr-rollback-history";

    fn checked(mut self) -> Result<Self, String> {
        if self.containers.is_empty() || self.containers.len() > 50 {
            return Err("it names no containers".into());
        }
        for moved in &self.containers {
            if !is_label_value(&moved.name) || moved.name.is_empty() {
                return Err("it names something that is no container".into());
            }
            if !is_reference(&moved.from) || !is_reference(&moved.to) {
                return Err("it holds something that is no image".into());
            }
        }
        for text in [&mut self.id, &mut self.by, &mut self.reason] {
            *text = printable(text);
        }
        if let RecordVerb::Other(text) = &mut self.verb {
            *text = printable(text);
        }
        self.result = self.result.map(RunResult::printable);
        self.from_digest = self.from_digest.filter(|digest| is_reference(digest));
        self.to_digest = self.to_digest.filter(|digest| is_reference(digest));
        self.unpin_to = self.unpin_to.filter(|tag| is_tag(tag));
        for text in [&mut self.uid, &mut self.left_failing, &mut self.failure] {
            *text = text.as_deref().map(printable);
        }
        Ok(self)
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn ended(&self, result: RunResult, millis: u64) -> Self {
        Self { result: Some(result), millis: Some(millis), ..self.clone() }
    }
}

/// What may stand in an image reference: enough to keep blanks and terminal commands out.
fn is_reference(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty() && text.len() <= 512 && text.chars().all(plain)
}

#[cfg(test)]
mod tests;
