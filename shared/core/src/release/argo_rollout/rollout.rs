//! The fields of a Rollout that a release is made of, and those that it has besides.

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::seconds::seconds;
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

/// Whose release it is; labels and the rest are the Rollout's own.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Metadata {
    pub name: String,
    pub namespace: Option<String>,
}

/// `spec`, whole: a field that Argo doesn't know is one that somebody misspelt.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Spec {
    #[serde(default, deserialize_with = "checked::size")]
    pub replicas: Option<i32>,
    pub strategy: Strategy,
    pub template: Option<Template>,
    pub workload_ref: Option<Value>,
    #[serde(default)]
    pub paused: bool,
    pub analysis: Option<Value>,
    pub min_ready_seconds: Option<Value>,
    pub progress_deadline_seconds: Option<Value>,
    pub progress_deadline_abort: Option<Value>,
    pub restart_at: Option<Value>,
    pub revision_history_limit: Option<Value>,
    pub rollback_window: Option<Value>,
    pub selector: Option<Value>,
}

/// One of the two.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Strategy {
    pub blue_green: Option<BlueGreen>,
    pub canary: Option<Value>,
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

/// The pods' template, of which the images are deployed.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Template {
    pub spec: PodSpec,
}

/// Its containers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub containers: Vec<Container>,
    pub init_containers: Vec<Container>,
}

/// A container's name and image.
#[derive(Debug, Clone, Deserialize)]
pub struct Container {
    #[serde(deserialize_with = "checked::container")]
    pub name: String,
    #[serde(deserialize_with = "checked::image")]
    pub image: String,
}
