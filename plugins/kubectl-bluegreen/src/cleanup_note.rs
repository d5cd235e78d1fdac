//! What the last cleanup took down, noted on the Service.

use std::collections::BTreeMap;

use jiff::Timestamp;
use release_core::release::annotations::parse;
use release_core::release::change::{Op, annotation_pointer};
use release_core::text::{is_label_value, printable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Which color a cleanup took down last: a [`Cleanup`] as JSON. Switches are conditional on it, so
/// that a cleanup and a switch to the same color can't pass each other.
pub const CLEANUP: &str = "kubectl-release.dev/bluegreen-cleanup";

/// Who took an idle color down, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cleanup {
    pub color: String,
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Cleanup {
    fn checked(self) -> Option<Self> {
        let (by, reason) = (printable(&self.by), printable(&self.reason));
        is_label_value(&self.color).then_some(Self { by, reason, ..self })
    }
}

/// The note of the last cleanup, as a Service has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CleanupNote {
    /// Nothing where there is none, or it makes no sense.
    pub note: Option<Cleanup>,
    raw: Option<String>,
}

impl CleanupNote {
    /// Reads the annotation.
    #[must_use]
    pub fn read(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let raw = annotations.and_then(|a| a.get(CLEANUP)).cloned();
        let note = raw.as_deref().and_then(|raw| parse::<Cleanup>(raw).ok()).and_then(Cleanup::checked);
        Self { note, raw }
    }

    /// True where both are the same text.
    #[must_use]
    pub fn is_as_in(&self, other: &Self) -> bool {
        self.raw == other.raw
    }

    /// Puts this note back in the place of one that followed it.
    #[must_use]
    pub fn instead_of(&self, later: &Cleanup) -> Vec<Op> {
        let pointer = annotation_pointer(CLEANUP);
        let before = self.raw.clone().map_or_else(|| Op::remove(&pointer), |raw| Op::replace(&pointer, raw));
        vec![Op::test(&pointer, later.text()), before]
    }

    /// Refuses a patch unless the note is as it was read.
    #[must_use]
    pub fn still(&self) -> Op {
        Op::test(&annotation_pointer(CLEANUP), self.raw.clone().map_or(Value::Null, Value::String))
    }
}

impl Cleanup {
    /// Sets the note, where the object has annotations.
    #[must_use]
    pub fn write(&self) -> Op {
        Op::add(&annotation_pointer(CLEANUP), self.text())
    }

    /// The annotation's value.
    #[must_use]
    pub fn text(&self) -> String {
        json!(self).to_string()
    }
}
