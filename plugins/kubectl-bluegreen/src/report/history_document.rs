//! The document of `history`.

use jiff::Timestamp;
use release_cli::report::{Members, Subject};
use schemars::JsonSchema;
use serde::Serialize;

use crate::record::Record;

/// What `history` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HistoryMembers {
    /// The Service asked for.
    pub services: Vec<ServiceHistory>,
}

impl Members for HistoryMembers {
    const KIND: &'static str = "History";
    const SUBJECT: Subject = Subject::Service;
    const ONLY_READS: bool = true;
}

/// A Service and what was done to it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceHistory {
    pub name: String,
    /// What somebody else did after the newest record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<MoveByHand>,
    /// Newest first.
    pub records: Vec<Record>,
    /// Moves that somebody else made between two of these records, which don't follow from each other; newest
    /// first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub moved_between: Vec<MoveBetween>,
    /// Why an annotation of ours can't be used.
    pub unreadable: Option<String>,
}

/// A move that nothing is known of but that it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveBetween {
    /// Where the older record left the Service.
    pub from: String,
    /// Where the newer record found it.
    pub to: String,
    /// The id of the newer record.
    pub before: String,
}

/// A move of the Service that we didn't make.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MoveByHand {
    /// Where our newest record left it.
    pub from: String,
    /// What it selects now.
    pub to: String,
    /// The field manager that holds the selector: `kubectl-patch`.
    pub manager: String,
    /// When at the latest: the API server keeps a manager's last write only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}
