//! What a test can tell the ECR double: one JSON object each, sent to `POST /lab/instructions`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hold_point::When;

/// Path of the instructions.
pub const PATH: &str = "/lab/instructions";

/// One instruction of a test.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Instruction {
    /// Says something about an image. Answer: `null`.
    Describe(ImageDescription),
    /// Serves a repository from this recording. Answer: `null`.
    Record(Recording),
    /// Answers the next preview of a repository like this. Answer: `null`.
    Preview(Recorded),
    /// Makes trouble. Answer: the rule's number.
    Fault(Rule),
    /// Waits until a held call is there. Answer: the [`Call`], or `null` when none came in time.
    AwaitHeld { rule: u64, within_millis: u64 },
    /// Lets a held call go on, and forgets the rule. Answer: `null`.
    Release { rule: u64 },
    /// Answer: every [`Call`] so far, in order.
    Calls(Scope),
    /// Looks an image up as a node does before it starts a container. Answer: a [`Pull`].
    Pull { image: String },
}

/// A repository. Names are unique to a region here, whatever the account.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RepositoryId {
    pub region: String,
    /// With slashes, such as `team/api`.
    pub name: String,
}

/// What is true of one image besides what moto knows.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImageDescription {
    pub id: RepositoryId,
    /// `sha256:…`
    pub digest: String,
    /// Fields of ECR's ImageDetail, put over moto's; `null` takes one away.
    pub detail: Map<String, Value>,
    /// Annotations that a pod of this image behaves by; nothing leaves the former ones.
    pub behavior: Option<BTreeMap<String, String>>,
}

/// A repository that is answered without moto.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recording {
    pub id: RepositoryId,
    /// ECR's ImageDetail objects, answered in this order.
    pub images: Vec<Value>,
    /// Time each page takes.
    pub page_delay_millis: u64,
}

/// The recorded answer of a lifecycle policy preview.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Recorded {
    pub id: RepositoryId,
    /// So many answers say `IN_PROGRESS` first.
    pub in_progress: u32,
    /// `COMPLETE`, `FAILED` or `EXPIRED`.
    pub status: String,
    /// ECR's LifecyclePolicyPreviewResult objects.
    pub results: Vec<Value>,
}

/// Whose calls are meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Scope {
    /// Calls about this repository.
    Repository(RepositoryId),
    /// Calls signed with this access key.
    AccessKey(String),
}

/// Trouble with certain calls.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Rule {
    pub scope: Scope,
    /// Such as `DescribeImages`; nothing means every operation.
    pub operation: Option<String>,
    /// With how many calls.
    pub times: usize,
    pub fault: Fault,
}

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    /// Answer with an error in the protocol's form, without doing anything.
    Fail { status: u16, code: String, message: String },
    /// Reset the connection without doing anything.
    Reset,
    /// Do it, and then reset the connection.
    DoThenReset,
    /// Do it after this time.
    Delay { millis: u64 },
    /// Stop it until it is released.
    Hold(When),
    /// Answer it so, without doing anything.
    Answer { body: Value },
    /// The same, and always with the token of another page.
    Endless { body: Value },
    /// Answer with so many bytes that never come to an end.
    Flood { bytes: u64 },
    /// Throttle it, and ask for so many seconds' patience.
    Wait { seconds: u64 },
    /// Throttle it where more than so many come in a second.
    Limit { per_second: u32 },
}

/// A call as the double saw it. What it was signed with is never kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Position among all calls of the lab, from 0.
    pub index: usize,
    /// Such as `DescribeImages`.
    pub operation: String,
    /// The region it was signed for.
    pub region: String,
    /// The access key it was signed with (no secret).
    pub access_key: String,
    /// The repository it is about, if it is about one.
    pub repository: Option<String>,
    /// Its parameters.
    pub request: Value,
    /// HTTP status of the answer; `None` while it runs, or when the connection was broken.
    pub status: Option<u16>,
}

/// What a node finds when it pulls an image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Pull {
    /// It is there: the digest that the reference has now, and how pods of it behave.
    Found { digest: String, behavior: BTreeMap<String, String> },
    /// It is not, and why, as a container runtime says it.
    Missing { why: String },
}
