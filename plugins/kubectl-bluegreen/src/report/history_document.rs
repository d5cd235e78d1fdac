//! The document of `history`.

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
}

/// A Service and what was done to it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceHistory {
    pub name: String,
    /// Newest first.
    pub records: Vec<Record>,
    /// Why an annotation of ours can't be used.
    pub unreadable: Option<String>,
}
