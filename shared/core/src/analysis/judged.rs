//! What a verification by numbers came to, for people and for documents.

use schemars::JsonSchema;
use serde::Serialize;

use super::verdict::{Counts, Phase};

/// A metric and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JudgedMetric {
    pub name: String,
    pub phase: Phase,
    /// Why, or what was answered last.
    pub message: String,
    pub successful: u32,
    pub failed: u32,
    pub inconclusive: u32,
    pub errors: u32,
}

impl JudgedMetric {
    /// From what was counted.
    #[must_use]
    pub fn of(name: &str, phase: Phase, message: String, counts: &Counts) -> Self {
        let Counts { successful, failed, inconclusive, errors, .. } = *counts;
        Self { name: name.to_owned(), phase, message, successful, failed, inconclusive, errors }
    }
}

/// The comparison with what served before, and its verdict.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JudgedComparison {
    pub phase: Phase,
    pub message: String,
    /// The ratio of error rates that is allowed.
    pub ratio: f64,
    pub requests_before: f64,
    pub errors_before: f64,
    pub requests_after: f64,
    pub errors_after: f64,
}

/// What was judged after a switch.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    pub metrics: Vec<JudgedMetric>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<JudgedComparison>,
}

impl Judged {
    /// The worst of all.
    #[must_use]
    pub fn phase(&self) -> Phase {
        let compared = self.comparison.iter().map(|one| one.phase);
        let phases: Vec<Phase> = self.metrics.iter().map(|one| one.phase).chain(compared).collect();
        super::verdict::of_run(&phases)
    }

    /// Each that stands so, in words: `metric error-rate: …`.
    #[must_use]
    pub fn those(&self, phase: Phase) -> Vec<String> {
        let metrics = self.metrics.iter().filter(|one| one.phase == phase);
        let compared = self.comparison.iter().filter(|one| one.phase == phase);
        metrics
            .map(|one| format!("metric {}: {}", one.name, one.message))
            .chain(compared.map(|one| format!("comparison: {}", one.message)))
            .collect()
    }
}
