//! Every read of one moment: the Services named, and all that decides about switching them.
//!
//! The first read opens the connection and the rest share it, concurrently. What a switch can't
//! do without fails the snapshot; everything else becomes a [`Reading`] that may say why it
//! could not be made.

#[allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "reads the cluster and stamps the moment"
)]
mod read;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kubectl_release::endpoints::Slices;
use kubectl_release::objects::{Pod, Workload};
use kubectl_release::routes::{DestinationRule, HttpRoute, VirtualService};
use serde::Deserialize;

pub use kubectl_release::cluster::read::Reading;
pub use read::{Reach, load, pods_with, service, slices_of, workloads};

/// A TargetGroupBinding of the AWS Load Balancer Controller (`elbv2.k8s.aws/v1beta1`).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TargetGroupBinding {
    pub metadata: BindingMeta,
    pub spec: BindingSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BindingMeta {
    pub name: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BindingSpec {
    pub service_ref: ServiceRef,
    /// `ip` or `instance`.
    pub target_type: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ServiceRef {
    pub name: String,
}

/// The EndpointSlices of one Service and where a watch of them goes on.
#[derive(Debug, Clone, Default)]
pub struct SlicesAt {
    pub slices: Slices,
    pub resource_version: String,
}

/// One namespace at one moment, as far as the named Services are concerned.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub namespace: String,
    pub at: Timestamp,
    /// The user as the API server knows them.
    pub who: Reading<String>,
    /// The Services asked for, in the order asked.
    pub services: Vec<Service>,
    /// All Services of the namespace.
    pub neighbours: Reading<Vec<Service>>,
    pub workloads: Vec<Arc<Workload>>,
    /// The pods that the named Services select or could select; none where nothing can.
    pub pods: Vec<Pod>,
    /// By Service name.
    pub slices: BTreeMap<String, SlicesAt>,
    pub budgets: Reading<Vec<PodDisruptionBudget>>,
    pub autoscalers: Reading<Vec<HorizontalPodAutoscaler>>,
    pub network_policies: Reading<Vec<NetworkPolicy>>,
    pub virtual_services: Reading<Vec<VirtualService>>,
    /// Read only where a VirtualService names a subset.
    pub destination_rules: Reading<Vec<DestinationRule>>,
    pub http_routes: Reading<Vec<HttpRoute>>,
    pub target_group_bindings: Reading<Vec<TargetGroupBinding>>,
}

impl Snapshot {
    /// A namespace of which nothing is known yet.
    #[must_use]
    pub fn empty(namespace: &str, at: Timestamp) -> Self {
        Self {
            namespace: namespace.to_owned(),
            at,
            who: Err("not asked".into()),
            services: Vec::new(),
            neighbours: Ok(Vec::new()),
            workloads: Vec::new(),
            pods: Vec::new(),
            slices: BTreeMap::new(),
            budgets: Ok(Vec::new()),
            autoscalers: Ok(Vec::new()),
            network_policies: Ok(Vec::new()),
            virtual_services: Ok(Vec::new()),
            destination_rules: Ok(Vec::new()),
            http_routes: Ok(Vec::new()),
            target_group_bindings: Ok(Vec::new()),
        }
    }
}

/// The name of a Service.
#[must_use]
pub fn service_name(service: &Service) -> &str {
    service.metadata.name.as_deref().unwrap_or_default()
}
