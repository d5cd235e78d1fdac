//! The JSON documents of the verbs on workloads: what stands in them beside what all have.

use release_cli::report::{Members, Report, Subject};
use release_core::kube::Workload;
use release_core::registry::push_history::{Candidate, Deployed, Left, LeftOut, Pinned, PushedImage};
use schemars::JsonSchema;
use serde::Serialize;

use crate::plan::image_change::ImageChange;
use crate::record::{ImageRecord, Moved, RecordVerb};

/// Members of the document of a rollback.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollbackMembers {
    pub workloads: Vec<ChangedWorkload>,
}

/// Members of the document of `unpin`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UnpinMembers {
    pub workloads: Vec<ChangedWorkload>,
}

/// Members of the document of `history`.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryMembers {
    pub workloads: Vec<WorkloadHistory>,
}

impl Members for RollbackMembers {
    const KIND: &'static str = "ImageRollback";
    const SUBJECT: Subject = Subject::Workload;
}

impl Members for UnpinMembers {
    const KIND: &'static str = "ImageUnpin";
    const SUBJECT: Subject = Subject::Workload;
}

impl Members for HistoryMembers {
    const KIND: &'static str = "ImageHistory";
    const SUBJECT: Subject = Subject::Workload;
}

/// A document about one workload that is changed.
pub trait OfOneChange: Members {
    /// The workloads in it.
    fn workloads(&mut self) -> &mut Vec<ChangedWorkload>;
}

impl OfOneChange for RollbackMembers {
    fn workloads(&mut self) -> &mut Vec<ChangedWorkload> {
        &mut self.workloads
    }
}

impl OfOneChange for UnpinMembers {
    fn workloads(&mut self) -> &mut Vec<ChangedWorkload> {
        &mut self.workloads
    }
}

/// The change in a report, where one was planned or taken up.
pub fn change_in<M: OfOneChange>(report: &mut Report<M>) -> Option<&mut WorkloadChange> {
    match report.members.workloads().last_mut() {
        Some(ChangedWorkload::Change(change)) => Some(change),
        Some(ChangedWorkload::Nothing(_)) | None => None,
    }
}

/// One workload of a run that changes images.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum ChangedWorkload {
    /// Planned, made, or taken up.
    Change(Box<WorkloadChange>),
    /// It is so already.
    Nothing(NothingToDo),
}

/// A change of a workload's images.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadChange {
    /// `Deployment`, `StatefulSet` or `DaemonSet`
    kind: &'static str,
    name: String,
    verb: RecordVerb,
    containers: Vec<Moved>,
    /// `sha256:…` of what was left, and of what was gone to; null where it isn't known.
    from_digest: Option<String>,
    to_digest: Option<String>,
    /// Why the reference has a digest; null where it has none.
    pinned: Option<Pinned>,
    /// The revision that ran the image last.
    revision: Option<i64>,
    /// Null where it is not known whether the write was made.
    pub changed: Option<bool>,
    /// The bare kubectl command that takes it back.
    undo: Option<String>,
    /// True where the rollback of another run was taken up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub attached: bool,
    /// Milliseconds from the start of the command; once the rollout was watched to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_millis: Option<u64>,
}

impl WorkloadChange {
    /// As it is before anything was written.
    #[must_use]
    pub fn planned(workload: &Workload, change: &ImageChange, undo: Option<String>) -> Self {
        let record = &change.record;
        Self {
            kind: workload.kind.kind(),
            name: workload.name().to_owned(),
            verb: record.verb.clone(),
            containers: record.containers.clone(),
            from_digest: record.from_digest.clone(),
            to_digest: record.to_digest.clone(),
            pinned: change.pinned,
            revision: change.revision,
            changed: Some(false),
            undo,
            attached: false,
            total_millis: None,
        }
    }
}

/// A workload that is as it was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NothingToDo {
    kind: &'static str,
    name: String,
    /// Always false.
    changed: bool,
    message: String,
    /// What to type for going one further.
    next: Option<String>,
}

impl NothingToDo {
    /// `message` says how it is, `next` how to go further.
    #[must_use]
    pub fn with(workload: &Workload, message: &str, next: Option<String>) -> Self {
        let (kind, name) = (workload.kind.kind(), workload.name().to_owned());
        Self { kind, name, changed: false, message: message.to_owned(), next }
    }
}

/// What a repository holds, and what a workload has to do with it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadHistory {
    pub kind: &'static str,
    pub name: String,
    pub container: String,
    /// `HOST/NAME`
    pub repository: String,
    /// What the workload asks for, and which image that really is.
    pub left: Left,
    /// Newest push first.
    pub images: Vec<ListedImage>,
    /// What was done to the workload, newest first.
    pub records: Vec<ImageRecord>,
}

/// One image of the repository.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedImage {
    #[serde(flatten)]
    image: PushedImage,
    /// The tag to go by; null for an untagged image.
    tag: Option<String>,
    /// That tag is a name, or stands for a longer version beside it: it will move.
    tag_moves: bool,
    /// Of the same form as the tag that the workload asks for: what `--steps` counts.
    same_form: bool,
    /// What the workload asks for.
    running: bool,
    /// Ready pods run it.
    ready: bool,
    /// The newest of the same form pushed before.
    previous: bool,
    /// When this workload had it, as far as its revisions tell.
    deployed: Option<Deployed>,
    /// Why it can't be gone back to; null where it can.
    left_out: Option<LeftOut>,
}

impl From<&Candidate<'_>> for ListedImage {
    fn from(candidate: &Candidate<'_>) -> Self {
        Self {
            image: candidate.image.clone(),
            tag: candidate.tag.map(str::to_owned),
            tag_moves: candidate.tag_moves,
            same_form: candidate.same_form,
            running: candidate.running,
            ready: candidate.ready,
            previous: candidate.previous,
            deployed: candidate.deployed.clone(),
            left_out: candidate.left_out.clone(),
        }
    }
}
