//! A release as a team writes it down: the `BlueGreenDeployment` document. Nothing in the cluster knows it.
//!
//! It is values only; the file, its YAML and its positions are the edge's.

mod asked;
pub(super) mod checked;
mod checked_request;
mod hooks;
mod port;
mod refused;
pub mod time;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notice::receiver::{Entry, entries};
use crate::analysis::compare::asked::Comparison;
use crate::analysis::metric::Metric;
use crate::registry::scan_gate::MaxSeverity;
pub use asked::{Expect, Grpc, HealthCheck, HttpGet, HttpHeader, Scheme, SmokeTest};
pub use hooks::{HookSpec, Hooks};
pub use port::Port;
pub use refused::{REFUSED, refused_in};
pub use time::Time;

/// The kind that is read.
pub const KIND: &str = "BlueGreenDeployment";
/// Its groups and versions: as teams have it already, and our own.
pub const API_VERSIONS: [&str; 2] = ["deploy.example.com/v1", "kubectl-release.dev/v1"];

/// A blue-green release of one Service.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BlueGreenDeployment {
    pub api_version: ApiVersion,
    pub kind: Kind,
    pub metadata: Metadata,
    #[serde(default)]
    pub spec: Spec,
}

impl BlueGreenDeployment {
    /// The Service that is released: of the same name where none is said.
    #[must_use]
    pub fn service(&self) -> &str {
        self.spec.service.as_deref().unwrap_or(&self.metadata.name)
    }
}

/// `apiVersion` of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum ApiVersion {
    #[serde(rename = "deploy.example.com/v1")]
    Example,
    #[serde(rename = "kubectl-release.dev/v1")]
    Own,
}

/// `kind` of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
pub enum Kind {
    BlueGreenDeployment,
}

/// Whose release it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The Service's name where `spec.service` says no other.
    #[serde(deserialize_with = "checked::service")]
    pub name: String,
    /// The namespace; `-n` wins over it.
    pub namespace: Option<String>,
}

/// What a release is to be like. What is left out is inferred.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Spec {
    /// The Service, where it has another name than the document.
    #[serde(deserialize_with = "checked::other_service")]
    pub service: Option<String>,
    /// The label that tells the colors apart.
    #[serde(deserialize_with = "checked::label")]
    pub track_key: Option<String>,
    /// What decides between the colors, where it can't be found out: `KIND[/[NAMESPACE/]NAME[:ROUTE-OR-RULE]]`, KIND
    /// one of service, virtualservice, httproute, grpcroute, alb, nginx; or `route53/ZONE-ID/NAME`.
    pub router: Option<String>,
    /// At least so many pods.
    #[serde(deserialize_with = "checked::size")]
    #[schemars(range(min = 1, max = 10_000))]
    pub replicas: Option<i32>,
    /// New images by container.
    #[serde(deserialize_with = "checked::images")]
    pub images: BTreeMap<String, String>,
    /// The gravest findings that a scan of ECR may have in an image; without a finished one an image is refused.
    pub max_severity: Option<MaxSeverity>,
    /// Whether ECR has to have a signature of each image, by cosign or Notation.
    pub require_signature: Option<bool>,
    /// Asked of every pod before the traffic moves.
    pub health_check: Option<HealthCheck>,
    /// Asked of every pod after that: whether what it depends on is there.
    pub dependency_checks: Vec<SmokeTest>,
    /// Asked of at least one pod after that.
    pub smoke_tests: Vec<SmokeTest>,
    /// How long all of these may take together, from the health check's initial delay on; 30 s where nothing is said.
    #[serde(deserialize_with = "checked_request::timeout")]
    pub tests_within: Option<Time>,
    /// Between a color that is ready, and has passed, and the switch.
    pub switch_after: Option<Time>,
    /// Whether a failed release is taken back by itself; it is where nothing is said.
    pub rollback_on_failure: Option<bool>,
    /// How long the color that is left stays warm.
    pub retain_previous_version: Option<Time>,
    /// What is watched after the switch.
    pub verify: Option<Verify>,
    /// What is run around the move.
    pub hooks: Option<Hooks>,
    /// Who is told, and of what.
    #[serde(deserialize_with = "entries")]
    pub notify: Vec<Entry>,
}

/// After the switch.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Verify {
    /// How long the color is watched.
    #[serde(rename = "for")]
    pub for_: Option<Time>,
    /// Metrics that decide, as Argo's `AnalysisTemplate` has them.
    pub analysis: Vec<Metric>,
    /// The new color beside what the old one did just before.
    pub compare: Option<Comparison>,
}

/// The document's JSON Schema, as one reads and writes it.
#[must_use]
pub fn schema() -> schemars::Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_deserialize();
    settings.into_generator().into_root_schema_for::<BlueGreenDeployment>()
}

#[cfg(test)]
mod tests;
