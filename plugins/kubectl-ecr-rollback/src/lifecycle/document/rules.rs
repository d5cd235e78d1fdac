//! Rules in a document: what changes, what is to be remarked, what is raised.

use release_core::registry::lifecycle_policy::{Change, Protection, Raised, Remark};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

/// A warning about one rule.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemarkDocument {
    /// The rule's priority.
    rule: u32,
    id: &'static str,
    message: String,
}

impl From<&Remark> for RemarkDocument {
    fn from(remark: &Remark) -> Self {
        Self { rule: remark.rule, id: remark.id.as_str(), message: remark.message.clone() }
    }
}

/// What becomes of one rule of the policy in force.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "change", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum RuleChange {
    Same {
        rule: u32,
        in_words: String,
    },
    Added {
        rule: u32,
        in_words: String,
    },
    Removed {
        rule: u32,
        in_words: String,
    },
    /// Another rule under the same priority; `from` is the one before, in words.
    Changed {
        rule: u32,
        from: String,
        in_words: String,
    },
    /// The same rule under another priority; `from` is the one before.
    Moved {
        rule: u32,
        from: u32,
        in_words: String,
    },
}

impl From<&Change> for RuleChange {
    fn from(change: &Change) -> Self {
        match change {
            Change::Same(rule) => Self::Same { rule: rule.priority, in_words: rule.in_words() },
            Change::Added(rule) => Self::Added { rule: rule.priority, in_words: rule.in_words() },
            Change::Removed(rule) => Self::Removed { rule: rule.priority, in_words: rule.in_words() },
            Change::Changed { from, to } => {
                Self::Changed { rule: to.priority, from: from.in_words(), in_words: to.in_words() }
            }
            Change::Moved { from, to } => Self::Moved { rule: to.priority, from: *from, in_words: to.in_words() },
        }
    }
}

/// A policy that spares everything in use, and what it raises.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProtectionDocument {
    policy: Value,
    raised: Vec<RaisedLimit>,
}

impl From<&Protection> for ProtectionDocument {
    fn from(protection: &Protection) -> Self {
        Self { policy: protection.policy.to_value(), raised: protection.raised.iter().map(RaisedLimit::from).collect() }
    }
}

/// One number that is raised.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RaisedLimit {
    /// The rule's priority.
    rule: u32,
    count_type: &'static str,
    from: u32,
    to: u32,
    /// Digests of the images that it spares.
    spares: Vec<String>,
}

impl From<&Raised> for RaisedLimit {
    fn from(raised: &Raised) -> Self {
        Self {
            rule: raised.rule,
            count_type: raised.kind.word(),
            from: raised.from,
            to: raised.to,
            spares: raised.spares.clone(),
        }
    }
}
