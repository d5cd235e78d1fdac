//! What was read at one moment, as a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::{Ingress, IngressClass, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_cluster::read::Reading;
use release_cluster::slice_view::SlicesAt;
use release_core::command::Scope;
use release_core::kube::{Node, Pod, Workload};
use release_core::traffic::alb::TargetGroupBinding;
use release_core::traffic::router::find::FoundRouter;
use release_core::traffic::router::nginx::Canaries;
use release_core::traffic::router::route53::Place;
use release_core::traffic::routes::{DestinationRule, GatewayRoute, VirtualService};
use serde_json::Value;

use super::read::ReplicaSets;
use super::zone_seen::ZoneSeen;

/// One namespace at one moment, as far as the named Services are concerned.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub namespace: String,
    /// What printed commands must repeat to reach that namespace.
    pub scope: Scope,
    pub at: Timestamp,
    /// The user as the API server knows them.
    pub who: Reading<String>,
    /// Of the namespace itself: whether it is frozen, or being deleted. Read where a move waits for everything.
    pub namespace_metadata: Reading<ObjectMeta>,
    /// The Services asked for, in the order asked.
    pub services: Vec<Service>,
    /// All Services of the namespace.
    pub neighbours: Reading<Vec<Service>>,
    pub workloads: Vec<Arc<Workload>>,
    /// They tell whose pods are whose.
    pub replica_sets: Reading<ReplicaSets>,
    /// The pods that the named Services select or could select; none where nothing can.
    pub pods: Vec<Pod>,
    /// Those of the cluster, which tell whether a ready pod can be reached.
    pub nodes: Reading<Vec<Node>>,
    /// By Service name.
    pub slices: BTreeMap<String, SlicesAt>,
    pub budgets: Reading<Vec<PodDisruptionBudget>>,
    pub autoscalers: Reading<Vec<HorizontalPodAutoscaler>>,
    pub network_policies: Reading<Vec<NetworkPolicy>>,
    pub virtual_services: Reading<Vec<VirtualService>>,
    /// Read only where a VirtualService names a subset.
    pub destination_rules: Reading<Vec<DestinationRule>>,
    pub http_routes: Reading<Vec<GatewayRoute>>,
    /// Read only where another Service selects a color, too.
    pub grpc_routes: Reading<Vec<GatewayRoute>>,
    /// Read only where another Service selects a color, too, or where nothing else decides.
    pub ingresses: Reading<Vec<Ingress>>,
    /// Read only where an Ingress takes actions from annotations, and its class doesn't tell whose it is, or where one
    /// is a canary.
    pub ingress_classes: Reading<Vec<IngressClass>>,
    /// Those of the Ingresses that AWS load balancers are made for, as routes.
    pub balanced: Vec<Value>,
    /// Canary Ingresses of ingress-nginx, as routes, and what that makes of them.
    pub canary_ingresses: Vec<Value>,
    pub canaries: Canaries,
    pub target_group_bindings: Reading<Vec<TargetGroupBinding>>,
    /// Routes of other namespaces that a ReferenceGrant lets in, with their kinds (`httproute`); read by
    /// [`routes_from_beyond`](super::routes_from_beyond) alone.
    pub routes_beyond: Reading<Vec<(&'static str, GatewayRoute)>>,
    /// VirtualServices of other namespaces, read where nothing here decides.
    pub virtual_services_beyond: Vec<VirtualService>,
    /// What of other namespaces could not be read then: `virtualservices of other namespaces (forbidden)`.
    pub routers_unread: Vec<String>,
    /// Records of Route 53, read only where somebody named them, or a record of ours does.
    pub records: BTreeMap<Place, Reading<ZoneSeen>>,
    /// What decides about each of the Services, by name.
    pub routers: BTreeMap<String, FoundRouter>,
    /// Whether we may patch each of the Services, by name; asked for by `preflight` alone, for a move that
    /// may not is refused before anything is written.
    pub may_patch: BTreeMap<String, Reading<bool>>,
    /// Names of Argo's Rollouts; read only where a Service has marks of them.
    pub rollouts: Reading<Vec<String>>,
}

impl Snapshot {
    /// A namespace of which nothing is known yet.
    #[must_use]
    pub fn empty(namespace: &str, scope: &Scope, at: Timestamp) -> Self {
        Self {
            namespace: namespace.to_owned(),
            scope: scope.clone(),
            at,
            who: Err("not asked".into()),
            namespace_metadata: Ok(ObjectMeta::default()),
            services: Vec::new(),
            neighbours: Ok(Vec::new()),
            workloads: Vec::new(),
            replica_sets: Ok(ReplicaSets::default()),
            pods: Vec::new(),
            nodes: Ok(Vec::new()),
            slices: BTreeMap::new(),
            budgets: Ok(Vec::new()),
            autoscalers: Ok(Vec::new()),
            network_policies: Ok(Vec::new()),
            virtual_services: Ok(Vec::new()),
            destination_rules: Ok(Vec::new()),
            http_routes: Ok(Vec::new()),
            grpc_routes: Ok(Vec::new()),
            ingresses: Ok(Vec::new()),
            ingress_classes: Ok(Vec::new()),
            balanced: Vec::new(),
            canary_ingresses: Vec::new(),
            canaries: Canaries::new(),
            target_group_bindings: Ok(Vec::new()),
            routes_beyond: Ok(Vec::new()),
            virtual_services_beyond: Vec::new(),
            routers_unread: Vec::new(),
            records: BTreeMap::new(),
            routers: BTreeMap::new(),
            may_patch: BTreeMap::new(),
            rollouts: Ok(Vec::new()),
        }
    }
}
