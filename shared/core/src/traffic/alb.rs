//! The AWS Load Balancer Controller's objects, cut down to what decisions need.

use serde::Deserialize;

/// A TargetGroupBinding of the AWS Load Balancer Controller (`elbv2.k8s.aws/v1beta1`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    pub metadata: BindingMeta,
    pub spec: BindingSpec,
}

/// Names of the bindings through which a load balancer sends to a Service.
#[must_use]
pub fn bindings_to(service: &str, bindings: &[TargetGroupBinding]) -> Vec<String> {
    let to_it = bindings.iter().filter(|binding| binding.spec.service_ref.name == service);
    to_it.map(|binding| format!("targetgroupbinding/{}", binding.metadata.name)).collect()
}

/// Its name.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BindingMeta {
    pub name: String,
}

/// Which Service it binds, and how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingSpec {
    pub service_ref: ServiceRef,
    /// `ip` or `instance`.
    pub target_type: Option<String>,
}

/// The Service that a binding is for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    pub name: String,
}
