//! The fields of a Rollout that a release is made of, and those that it has besides.

use schemars::JsonSchema;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::canary::Canary;
use super::problem::Problem;
use super::seconds::seconds;
use crate::kube::Labels;
use crate::release::document::checked;

/// As much of it as a release is made of.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rollout {
    pub api_version: ApiVersion,
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    pub metadata: Metadata,
    pub spec: Spec,
    /// As the API server prints it.
    #[serde(default, rename = "status")]
    _status: IgnoredAny,
}

/// `apiVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ApiVersion {
    #[serde(rename = "argoproj.io/v1alpha1")]
    V1Alpha1,
}

/// Whose release it is; what else stands there is the Rollout's own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    pub name: String,
    pub namespace: Option<String>,
    generate_name: Option<String>,
}

/// `spec`, whole: a field that Argo doesn't know is one that somebody misspelt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    #[serde(default, deserialize_with = "checked::size")]
    pub replicas: Option<i32>,
    pub strategy: Strategy,
    pub template: Option<Template>,
    pub workload_ref: Option<WorkloadRef>,
    #[serde(default)]
    pub paused: bool,
    pub analysis: Option<Value>,
    pub min_ready_seconds: Option<u32>,
    #[serde(default, deserialize_with = "seconds")]
    pub progress_deadline_seconds: Option<u32>,
    pub progress_deadline_abort: Option<bool>,
    pub restart_at: Option<Value>,
    pub revision_history_limit: Option<Value>,
    pub rollback_window: Option<RollbackWindow>,
    pub selector: Option<Value>,
}

/// How far back no steps are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RollbackWindow {
    pub revisions: u32,
}

/// The workload whose pods are released.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct WorkloadRef {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    /// What becomes of it once the Rollout runs; here it is what runs.
    pub scale_down: Option<String>,
}

/// One of the two.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Strategy {
    pub blue_green: Option<BlueGreen>,
    pub canary: Option<Canary>,
}

/// The fields of `spec.strategy.blueGreen`
/// (<https://argo-rollouts.readthedocs.io/en/stable/features/specification/>).
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BlueGreen {
    #[serde(deserialize_with = "checked::other_service")]
    pub active_service: Option<String>,
    #[serde(deserialize_with = "checked::other_service")]
    pub preview_service: Option<String>,
    pub preview_replica_count: Option<u32>,
    pub auto_promotion_enabled: Option<bool>,
    #[serde(deserialize_with = "seconds")]
    pub auto_promotion_seconds: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    pub scale_down_delay_seconds: Option<u32>,
    pub scale_down_delay_revision_limit: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    pub abort_scale_down_delay_seconds: Option<u32>,
    pub pre_promotion_analysis: Option<Value>,
    pub post_promotion_analysis: Option<Value>,
    pub anti_affinity: Option<Value>,
    pub active_metadata: Option<Value>,
    pub preview_metadata: Option<Value>,
    /// A number of pods, or a percentage.
    pub max_unavailable: Option<Value>,
}

/// The pods' template, whole: its images by what they are, the rest as it stands.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct Template {
    pub metadata: PodLabels,
    pub spec: PodSpec,
}

/// Labels and what else a template's metadata has.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
pub struct PodLabels {
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub labels: Labels,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// Its containers, and the rest.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub containers: Vec<Container>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub init_containers: Vec<Container>,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

/// A container's name and image, and the rest.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Container {
    #[serde(deserialize_with = "checked::container")]
    pub name: String,
    #[serde(deserialize_with = "checked::image")]
    pub image: String,
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

impl Metadata {
    /// Whether it names one workload.
    pub(super) fn invalid(&self) -> Option<Problem> {
        if self.generate_name.is_some() {
            return Some(Problem::new("metadata.generateName", "a release is of a workload by its name"));
        }
        self.name.is_empty().then(|| Problem::new("metadata.name", "there is none"))
    }
}
