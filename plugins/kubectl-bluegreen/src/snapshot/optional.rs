//! What is read beside the Services and their pods: each of these may fail, and says why.

use std::time::Duration;

use futures::future::join;
use k8s_openapi::Resource;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Namespace, Service};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_cluster::Cluster;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::Node;
use release_core::kube::path::path_of;
use release_core::traffic::alb::TargetGroupBinding;
use release_core::traffic::routes::{DestinationRule, GATEWAY_API, GatewayRoute, RouteMeta, VirtualService};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::moment::Snapshot;
use super::read::replica_sets;

/// How far a snapshot looks.
#[derive(Debug, Clone, Copy)]
pub enum ReadScope {
    /// Everything, each read with the full request timeout.
    Everything,
    /// What shows the colors: no policies, no identity.
    Colors,
    /// What a rollback needs, and of the rest what the API server's cache gives within this time.
    Essentials { others: Duration },
}

/// Reads that a check may go without, and what they may cost.
pub struct OptionalReads {
    cluster: Cluster,
    query: ListQuery,
    extent: ReadScope,
}

/// An object of which only the name matters.
#[derive(Debug, Deserialize)]
struct ObjectName {
    metadata: RouteMeta,
}

type Policies = (
    Reading<String>,
    Reading<ObjectMeta>,
    Reading<Vec<PodDisruptionBudget>>,
    Reading<Vec<NetworkPolicy>>,
    Reading<Vec<TargetGroupBinding>>,
);

type Routes = (Reading<Vec<VirtualService>>, Reading<Vec<DestinationRule>>, Reading<Vec<GatewayRoute>>);

/// Names of Argo's Rollouts in a namespace.
pub async fn rollouts_in(cluster: &Cluster, namespace: &str) -> Reading<Vec<String>> {
    let mut there = cluster.clone();
    namespace.clone_into(&mut there.namespace);
    OptionalReads::of(&there, ReadScope::Colors).rollouts().await
}

impl OptionalReads {
    /// As far as asked.
    pub fn of(cluster: &Cluster, extent: ReadScope) -> Self {
        match extent {
            ReadScope::Everything | ReadScope::Colors => {
                Self { cluster: cluster.clone(), query: ListQuery::default(), extent }
            }
            ReadScope::Essentials { others } => {
                let query = ListQuery { cached: true, ..ListQuery::default() };
                let cluster = cluster.with_request_timeout(others.min(cluster.request_timeout()));
                Self { cluster, query, extent }
            }
        }
    }

    /// Reads it, all at once.
    pub async fn read(&self) -> Snapshot {
        let (neighbours, replica_sets, autoscalers, routes, nodes, policies) = futures::join!(
            self.built_in::<Service>(),
            replica_sets(&self.cluster),
            self.built_in::<HorizontalPodAutoscaler>(),
            self.routes(),
            self.nodes(),
            self.policies()
        );
        let (virtual_services, destination_rules, http_routes) = routes;
        let empty = Snapshot::empty(&self.cluster.namespace, self.cluster.scope(), self.cluster.now());
        let shown = Snapshot {
            neighbours,
            replica_sets,
            autoscalers,
            virtual_services,
            destination_rules,
            http_routes,
            nodes,
            ..empty
        };
        let Some((who, namespace_metadata, budgets, network_policies, target_group_bindings)) = policies else {
            return shown;
        };
        Snapshot { who, namespace_metadata, budgets, network_policies, target_group_bindings, ..shown }
    }

    /// What only a move needs to know.
    async fn policies(&self) -> Option<Policies> {
        if matches!(self.extent, ReadScope::Colors) {
            return None;
        }
        let who = async { self.cluster.who_am_i().await.map_err(|e| e.short()) };
        Some(futures::join!(
            who,
            self.namespace(),
            self.built_in::<PodDisruptionBudget>(),
            self.built_in::<NetworkPolicy>(),
            self.target_group_bindings(),
        ))
    }

    /// A Role of the namespace may give the right to read it. A rollback is never frozen.
    async fn namespace(&self) -> Reading<ObjectMeta> {
        if !matches!(self.extent, ReadScope::Everything) {
            return Ok(ObjectMeta::default());
        }
        let path = format!("{}/{}", path_of("", "v1", "namespaces", None), self.cluster.namespace);
        let read = self.cluster.get::<Namespace>(&path).await;
        read.map(|namespace| namespace.metadata).map_err(|e| e.short())
    }

    async fn nodes(&self) -> Reading<Vec<Node>> {
        let listed = self.cluster.list_map(&path_of("", "v1", "nodes", None), &self.query, Node::slim).await;
        listed.map(|list| list.items).map_err(|e| e.short())
    }

    /// Those of the AWS Load Balancer Controller, and those of EKS Auto Mode.
    pub async fn target_group_bindings(&self) -> Reading<Vec<TargetGroupBinding>> {
        let controller = self.custom::<TargetGroupBinding>("elbv2.k8s.aws", "v1beta1", "targetgroupbindings");
        let auto_mode = self.custom::<TargetGroupBinding>("eks.amazonaws.com", "v1", "targetgroupbindings");
        let (controller, auto_mode) = join(controller, auto_mode).await;
        let mut bindings = controller?;
        bindings.extend(auto_mode?);
        Ok(bindings)
    }

    /// What may split traffic between Services: asked for only where there is another Service of a color.
    pub async fn splits(&self) -> (Reading<Vec<GatewayRoute>>, Reading<Vec<Ingress>>) {
        join(self.custom(GATEWAY_API, "v1", "grpcroutes"), self.ingresses()).await
    }

    /// All Ingresses of the namespace.
    pub async fn ingresses(&self) -> Reading<Vec<Ingress>> {
        self.built_in().await
    }

    /// Names of Argo's Rollouts.
    pub async fn rollouts(&self) -> Reading<Vec<String>> {
        let rollouts = self.custom::<ObjectName>("argoproj.io", "v1alpha1", "rollouts").await?;
        Ok(rollouts.into_iter().map(|rollout| rollout.metadata.name).collect())
    }

    async fn routes(&self) -> Routes {
        let virtual_services = self.istio("virtualservices");
        let http_routes = self.custom(GATEWAY_API, "v1", "httproutes");
        let (virtual_services, http_routes) = join(virtual_services, http_routes).await;
        let destination_rules = self.destination_rules(&virtual_services).await;
        (virtual_services, destination_rules, http_routes)
    }

    /// Those of a namespace.
    pub async fn destination_rules_of(cluster: &Cluster, namespace: &str) -> Reading<Vec<DestinationRule>> {
        let mut there = cluster.clone();
        namespace.clone_into(&mut there.namespace);
        Self::of(&there, ReadScope::Colors).istio("destinationrules").await
    }

    /// Only where a VirtualService names a subset is there something to look up.
    async fn destination_rules(&self, routes: &Reading<Vec<VirtualService>>) -> Reading<Vec<DestinationRule>> {
        let mut destinations = routes.iter().flatten().flat_map(VirtualService::destinations);
        if destinations.any(|to| to.destination.subset.is_some()) {
            self.istio("destinationrules").await
        } else {
            Ok(Vec::new())
        }
    }

    async fn built_in<K: Resource + DeserializeOwned>(&self) -> Reading<Vec<K>> {
        self.cluster.reading::<K>(&self.query).await
    }

    /// Istio before 1.22 serves only v1beta1.
    async fn istio<T: DeserializeOwned>(&self, plural: &str) -> Reading<Vec<T>> {
        let namespace = Some(self.cluster.namespace.as_str());
        let current = path_of("networking.istio.io", "v1", plural, namespace);
        match self.cluster.list(&current, &self.query).await {
            Ok(listed) => Ok(listed.items),
            Err(e) if e.is_not_found() => self.custom("networking.istio.io", "v1beta1", plural).await,
            Err(e) => Err(e.short()),
        }
    }

    async fn custom<T: DeserializeOwned>(&self, group: &str, version: &str, plural: &str) -> Reading<Vec<T>> {
        let path = path_of(group, version, plural, Some(&self.cluster.namespace));
        self.cluster.reading_served(&path, &self.query).await
    }
}
