//! The AWS Load Balancer Controller's objects, cut down to what decisions need.

use serde::Deserialize;

use crate::kube::Labels;

/// A TargetGroupBinding of the AWS Load Balancer Controller (`elbv2.k8s.aws/v1beta1`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    pub metadata: BindingMeta,
    pub spec: BindingSpec,
}

impl TargetGroupBinding {
    /// `targetgroupbinding/k8s-shop-api-0f3a`
    #[must_use]
    pub fn reference(&self) -> String {
        format!("targetgroupbinding/{}", self.metadata.name)
    }

    /// True where it has pods as its targets, and not nodes.
    #[must_use]
    pub fn has_pods(&self) -> bool {
        self.spec.target_type.as_deref() == Some("ip")
    }

    /// The target group as AWS is asked about it: by its ARN, else by its name.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.spec.target_group_arn.as_deref().or(self.spec.target_group_name.as_deref())
    }

    /// True where the controller made it for an Ingress, by the labels that it puts on what it makes (its
    /// `pkg/deploy/tracking/provider.go`): those of the Ingress, or of the group that it is in.
    #[must_use]
    pub fn is_made_for(&self, namespace: &str, ingress: &str, group: Option<&str>) -> bool {
        let is = |key: &str, value: &str| self.metadata.labels.get(key).is_some_and(|found| found == value);
        let of_group = group.is_some_and(|group| is("ingress.k8s.aws/stack", group));
        of_group || (is("ingress.k8s.aws/stack-namespace", namespace) && is("ingress.k8s.aws/stack-name", ingress))
    }
}

/// The bindings through which a load balancer sends to a Service.
pub fn bindings_to<'b>(
    service: &str,
    bindings: &'b [TargetGroupBinding],
) -> impl Iterator<Item = &'b TargetGroupBinding> {
    bindings.iter().filter(move |binding| binding.spec.service_ref.name == service)
}

/// Its name and labels.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BindingMeta {
    pub name: String,
    pub labels: Labels,
}

/// Which Service it binds, and how.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingSpec {
    pub service_ref: ServiceRef,
    /// `ip` or `instance`.
    pub target_type: Option<String>,
    #[serde(rename = "targetGroupARN")]
    pub target_group_arn: Option<String>,
    pub target_group_name: Option<String>,
}

/// The Service that a binding is for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    pub name: String,
}
