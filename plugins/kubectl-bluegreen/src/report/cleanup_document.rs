//! The document of `cleanup`.

use release_cli::report::{Members, Subject};
use schemars::JsonSchema;
use serde::Serialize;

/// What `cleanup` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CleanupMembers {
    /// Every color besides the active one of every Service asked for.
    pub services: Vec<ColorEntry>,
}

impl Members for CleanupMembers {
    const KIND: &'static str = "Cleanup";
    const SUBJECT: Subject = Subject::Service;
}

/// One color of one Service.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColorEntry {
    /// The Service's name.
    pub name: String,
    /// Its namespace: with `--all-namespaces` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Absent where the Service doesn't tell which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    #[serde(flatten)]
    pub verdict: ColorOutcome,
}

/// What becomes of a color.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", tag = "verdict")]
pub enum ColorOutcome {
    Remove {
        /// What is taken down.
        plan: String,
        /// Whether all pods of its workloads are gone.
        gone: bool,
        /// Pods with its labels that no workload of it runs, which stay.
        #[serde(skip_serializing_if = "Option::is_none")]
        others: Option<String>,
    },
    Kept {
        reason: KeptReason,
        why: String,
    },
    /// The preview that shows it is removed.
    Unexpose {
        /// `service/api-preview`
        preview: String,
        /// Whether it is.
        gone: bool,
    },
    /// It is down already.
    Down,
}

/// Why a color stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum KeptReason {
    /// Somebody sends traffic to it.
    InUse,
    /// What may send traffic to it could not be read.
    Unread,
    /// Its retention hasn't passed.
    NotDue,
    /// No record says that a switch left it.
    NoRecord,
    /// The API server doesn't tell when the record was written that says so.
    NoTime,
    /// The move that left it goes on, or was cut off: it may have to go back.
    Unfinished,
    /// Somebody else moved the Service away from it, after our last record.
    MovedByHand,
    /// It is not what was left: it was deployed, or made anew, since.
    ChangedSince,
    /// A controller or a GitOps tool would bring it up again.
    PutBack,
    /// The active color is in trouble, and this one is the way back.
    WayBack,
    /// Its volumes would be deleted.
    LosesVolumes,
    /// A DaemonSet can't be scaled to zero, only be deleted.
    NoSize,
    /// A controller that isn't one of Kubernetes' own runs its pods.
    NotOurs,
    /// The Service can't be switched any more, or its record can't be read.
    NotSwitchable,
}
