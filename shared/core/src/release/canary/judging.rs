//! What judges a canary, by name: templates with their arguments, at a step or in the background.

use serde::{Deserialize, Serialize};

/// Templates, and what they are given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Judging {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub templates: Vec<TemplateRef>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<GivenArgument>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dry_run: Vec<DryRun>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measurement_retention: Vec<Retention>,
}

/// A template by its name; one of the namespace, or of the cluster.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TemplateRef {
    pub template_name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cluster_scope: bool,
}

/// A value for an argument that a template declares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GivenArgument {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_from: Option<GivenFrom>,
}

/// Where a value is taken from. Argo's Rollout knows no Secret here (`ArgumentValueFrom`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GivenFrom {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_template_hash_value: Option<Side>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_ref: Option<FieldRef>,
}

/// One of the two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub enum Side {
    Stable,
    Latest,
}

/// A field by its path: of the metadata as the downward API has it, or anywhere in the Rollout.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FieldRef {
    pub field_path: String,
}

/// Metrics that are measured and decide nothing: all whose name this is found in, as a regular expression of Go's.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DryRun {
    pub metric_name: String,
}

/// How many measurements are kept of metrics, named as those of a [`DryRun`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Retention {
    pub metric_name: String,
    /// As always where it is 0.
    pub limit: u32,
}

/// What judges from a step on to the end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Background {
    pub judging: Judging,
    /// The first step at which it judges, from 0 on.
    pub starting_step: usize,
}

impl Background {
    /// Whether it judges at a step (`BeforeStartingStep` of Argo's `utils/replicaset/canary.go`).
    #[must_use]
    pub fn judges_at(&self, step: usize) -> bool {
        !self.judging.templates.is_empty() && step >= self.starting_step
    }
}
