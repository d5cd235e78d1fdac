//! The JSON documents of the verbs on workloads: what stands in them beside what all have.

use release_cli::report::{Members, Report, Subject};
use release_core::command::Command;
use release_core::kube::Workload;
use release_core::registry::push_history::{Candidate, Deployed, Left, LeftOut, Pinned, PushedImage};
use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::ChangeInProgress;
use crate::plan::evidence::Evidence;
use crate::pods_now::PodsOfImage;
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
    const ONLY_READS: bool = true;
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
    pub state: ChangeState,
    /// The whole image reference that is left, and the one that is gone to.
    from: String,
    to: String,
    containers: Vec<Moved>,
    /// `sha256:…` of what was left, and of what was gone to; null where it isn't known.
    from_digest: Option<String>,
    to_digest: Option<String>,
    /// Why the reference has a digest; null where it has none.
    pinned: Option<Pinned>,
    /// The tag that `unpin` goes back to; null where nothing is pinned that followed a tag.
    unpin_to: Option<String>,
    /// The revision that ran the image last.
    revision: Option<i64>,
    #[serde(flatten)]
    evidence: Evidence,
    /// Null where it is not known whether the write was made.
    pub changed: Option<bool>,
    /// False where annotations of others leave no room for its record, or an admission policy takes it away: `history`
    /// doesn't tell of it, and nothing tells a repetition but `--if-running`.
    pub recorded: bool,
    /// The bare kubectl command that takes it back.
    undo: Option<String>,
    /// True where the rollback of another run was taken up.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(default)]
    pub attached: bool,
    /// What the pods ran at the end, whichever image they are of; absent where they were not watched, or it was
    /// taken back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(default)]
    pub pods: Vec<PodsOfImage>,
    /// Milliseconds from the start of the command; once the rollout was watched to its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_millis: Option<u64>,
}

impl WorkloadChange {
    /// As it is before anything was written.
    #[must_use]
    pub fn planned(made: &ChangeInProgress<'_>, undo: Option<String>) -> Self {
        let (workload, change) = (made.workload, made.image_change);
        let record = &change.record;
        Self {
            kind: workload.kind.kind(),
            name: workload.name().to_owned(),
            verb: record.verb.clone(),
            state: ChangeState::Planned,
            from: change.from().to_owned(),
            to: change.to.clone(),
            containers: record.containers.clone(),
            from_digest: record.from_digest.clone(),
            to_digest: record.to_digest.clone(),
            pinned: change.pinned,
            unpin_to: record.unpin_to.clone(),
            revision: change.revision,
            evidence: change.evidence.clone(),
            changed: Some(false),
            recorded: made.is_recorded.get(),
            undo,
            attached: false,
            pods: Vec::new(),
            total_millis: None,
        }
    }
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ChangeState {
    /// Nothing was written.
    Planned,
    /// It is written, and its rollout goes on.
    UnderWay,
    /// Its rollout is done.
    Done,
    /// Its rollout failed, and stays.
    Failed,
    /// Its rollout failed and was taken back.
    TakenBack,
    /// It is not known whether the write was made.
    Unclear,
    /// There was nothing to do.
    Unchanged,
}

/// A workload that is as it was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct NothingToDo {
    kind: &'static str,
    name: String,
    /// Always `unchanged`.
    state: ChangeState,
    /// The whole image reference that is asked for.
    to: String,
    /// Always false.
    changed: bool,
    /// How it came to that.
    message: String,
    /// What its pods run.
    pods: Vec<PodsOfImage>,
    /// The command that goes one further back; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl NothingToDo {
    /// `message` says how it is, `next` goes further.
    #[must_use]
    pub fn with(workload: &Workload, to: &str, message: &str, pods: &[PodsOfImage], next: Option<&Command>) -> Self {
        Self {
            kind: workload.kind.kind(),
            name: workload.name().to_owned(),
            state: ChangeState::Unchanged,
            to: to.to_owned(),
            changed: false,
            message: message.to_owned(),
            pods: pods.to_vec(),
            next: next.map(ToString::to_string),
        }
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
