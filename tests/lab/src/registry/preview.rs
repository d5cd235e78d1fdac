//! What a lifecycle policy preview answers: a test's own words in ECR's form.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::image::seconds;
use crate::ecr::instructions::{Recorded, RepositoryId};

/// The answer of a preview. Nothing is computed: a test says which images expire.
#[derive(Debug, Clone)]
pub struct Preview {
    in_progress: u32,
    status: &'static str,
    results: Vec<Value>,
}

impl Default for Preview {
    fn default() -> Self {
        Self::complete()
    }
}

impl Preview {
    /// In progress at the first look, complete at the second, and nothing expires.
    pub fn complete() -> Self {
        Self { in_progress: 1, status: "COMPLETE", results: Vec::new() }
    }

    /// Failed.
    pub fn failed() -> Self {
        Self { status: "FAILED", ..Self::complete() }
    }

    /// In progress for so many looks.
    #[must_use]
    pub fn in_progress(mut self, looks: u32) -> Self {
        self.in_progress = looks;
        self
    }

    /// This image expires, by the rule of this priority.
    #[must_use]
    pub fn expires(self, digest: &str, tags: &[&str], pushed_at: Timestamp, rule_priority: u32) -> Self {
        let mut result = json!({
            "imageDigest": digest, "imagePushedAt": seconds(pushed_at),
            "action": {"type": "EXPIRE"}, "appliedRulePriority": rule_priority,
        });
        if !tags.is_empty() {
            result["imageTags"] = json!(tags);
        }
        self.result(result)
    }

    /// Any other LifecyclePolicyPreviewResult.
    #[must_use]
    pub fn result(mut self, result: Value) -> Self {
        self.results.push(result);
        self
    }

    pub(super) fn at(self, id: RepositoryId) -> Recorded {
        let Self { in_progress, status, results } = self;
        Recorded { id, in_progress, status: status.to_owned(), results }
    }
}
