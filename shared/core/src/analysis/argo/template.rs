//! An `AnalysisTemplate` or `ClusterAnalysisTemplate`, whole.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::arguments::Declared;
use crate::release::canary::judging::{DryRun, Retention, TemplateRef};

/// The kind that belongs to no namespace.
const OF_CLUSTER: &str = "ClusterAnalysisTemplate";

/// A template. Its metrics are read once their arguments are in place: a number may be one
/// (argo-rollouts#3243).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArgoTemplate {
    #[serde(rename = "apiVersion")]
    _api_version: ApiVersion,
    kind: Kind,
    metadata: Metadata,
    #[serde(rename = "status", default)]
    _status: Ignored,
    pub spec: TemplateSpec,
}

/// `apiVersion`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum ApiVersion {
    #[serde(rename = "argoproj.io/v1alpha1")]
    V1Alpha1,
}

/// `kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Kind {
    AnalysisTemplate,
    #[serde(rename = "ClusterAnalysisTemplate")]
    OfCluster,
}

/// Its name; what else stands there is its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: Option<String>,
}

/// As the API server prints it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
struct Ignored(IgnoredAny);

impl PartialEq for Ignored {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// What a template says.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TemplateSpec {
    pub args: Vec<Declared>,
    pub metrics: Vec<Value>,
    pub dry_run: Vec<DryRun>,
    pub measurement_retention: Vec<Retention>,
    /// Others that are judged by, too.
    pub templates: Vec<TemplateRef>,
}

impl ArgoTemplate {
    /// As others name it.
    #[must_use]
    pub fn reference(&self) -> TemplateRef {
        TemplateRef { template_name: self.metadata.name.clone(), cluster_scope: self.kind == Kind::OfCluster }
    }

    /// The namespace that it says.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.metadata.namespace.as_deref()
    }
}

impl TemplateRef {
    /// For people, as kubectl names it.
    #[must_use]
    pub fn told(&self) -> String {
        let kind = if self.cluster_scope { OF_CLUSTER } else { "AnalysisTemplate" };
        format!("{kind}/{}", self.template_name)
    }
}
