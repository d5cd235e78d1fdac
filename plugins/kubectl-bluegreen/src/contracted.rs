//! That what the color before needs is gone, noted on the Service: there is no way back to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use release_core::release::annotations::parse;
use release_core::release::change::{Op, annotation_pointer};
use release_core::text::{is_label_value, printable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The annotation: a [`Contracted`] as JSON. Whoever writes one can only keep a move from being made.
pub const CONTRACTED: &str = "kubectl-release.dev/bluegreen-contracted";

/// Which release was contracted, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Contracted {
    /// The id of the record of the move that left the color.
    pub record: String,
    /// What can't be gone back to.
    pub color: String,
    pub by: String,
    pub at: Timestamp,
    /// Absent while it goes on, or where it failed or was cut off: it has begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

impl Contracted {
    /// Reads the annotation; nothing where there is none, or it makes no sense.
    #[must_use]
    pub fn read(annotations: Option<&BTreeMap<String, String>>) -> Option<Self> {
        let raw = annotations?.get(CONTRACTED)?;
        let note = parse::<Self>(raw).ok()?;
        let (record, by) = (printable(&note.record), printable(&note.by));
        is_label_value(&note.color).then_some(Self { record, by, ..note })
    }

    /// The operations that write it, where what decides, and our record on it, still are what was read.
    #[must_use]
    pub fn written(&self, still: Vec<Op>, (record, raw): (&str, Option<&String>)) -> Vec<Op> {
        let beside = [
            Op::test(&annotation_pointer(record), json!(raw)),
            Op::add(&annotation_pointer(CONTRACTED), json!(self).to_string()),
        ];
        still.into_iter().chain(beside).collect()
    }
}
