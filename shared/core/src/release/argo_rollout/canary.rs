//! `spec.strategy.canary`, whole: a field that Argo doesn't know is one that somebody misspelt
//! (`pkg/apis/rollouts/v1alpha1/types.go` of argo-rollouts v1.10.1).

mod gateway;
mod judging;
mod pause;
mod step;
mod traffic;
pub(super) mod valid;

#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::Value;

use super::seconds::seconds;
use crate::kube::Labels;
use crate::release::canary::amount::Amount;
use crate::release::canary::threshold::Threshold;
use crate::release::document::checked;

pub use gateway::{GatewayRoutes, RouteName};
pub use judging::{WrittenBackground, WrittenJudging};
pub use step::{TakesController, WrittenStep};
pub use traffic::{Alb, DestinationRule, Istio, Nginx, Routing, Stickiness, TrafficRouting, VirtualService};

/// How a version comes by and by.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Canary {
    #[serde(deserialize_with = "checked::other_service")]
    pub canary_service: Option<String>,
    #[serde(deserialize_with = "checked::other_service")]
    pub stable_service: Option<String>,
    pub steps: Vec<WrittenStep>,
    pub traffic_routing: Option<TrafficRouting>,
    pub max_surge: Option<Amount>,
    pub max_unavailable: Option<Amount>,
    pub analysis: Option<WrittenBackground>,
    pub anti_affinity: Option<AntiAffinity>,
    pub canary_metadata: Option<PodMetadata>,
    pub stable_metadata: Option<Value>,
    #[serde(deserialize_with = "seconds")]
    pub scale_down_delay_seconds: Option<u32>,
    pub scale_down_delay_revision_limit: Option<u32>,
    #[serde(deserialize_with = "seconds")]
    pub abort_scale_down_delay_seconds: Option<u32>,
    pub dynamic_stable_scale: bool,
    pub ping_pong: Option<Value>,
    pub min_pods_per_replica_set: Option<u32>,
    pub replica_progress_threshold: Option<Threshold>,
}

/// Labels and annotations of pods while they are the canary's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PodMetadata {
    pub labels: Labels,
    pub annotations: Labels,
}

/// Pods of both versions keep off each other's nodes: one of the two ways.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AntiAffinity {
    pub preferred_during_scheduling_ignored_during_execution: Option<Preferred>,
    pub required_during_scheduling_ignored_during_execution: Option<Required>,
}

/// Where there is room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preferred {
    pub weight: i32,
}

/// Always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {}
