//! Which reads a snapshot makes, and in which order.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join3, try_join_all};
use jiff::Timestamp;
use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kubectl_release::cluster::Cluster;
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::cluster::read::{ListQuery, collection, path_of};
use kubectl_release::endpoints::SERVICE_LABEL;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::{Labels, Pod, Workload};
use kubectl_release::routes::{DestinationRule, HttpRoute, VirtualService};
use kubectl_release::selector::as_label_selector;
use serde::de::DeserializeOwned;

use super::{Reading, SlicesAt, Snapshot, TargetGroupBinding};
use crate::subject::Subject;

/// How far a snapshot looks.
#[derive(Debug, Clone, Copy)]
pub enum Reach {
    /// Everything, each read with the full request timeout.
    Everything,
    /// What shows the colors: no policies, no autoscalers, no identity.
    Colors,
    /// What a rollback needs, and of the rest what the API server's cache gives within this time.
    Essentials { others: Duration },
}

/// What a namespace-wide list costs a check that may go without.
struct Optional {
    cluster: Cluster,
    query: ListQuery,
    colors_only: bool,
}

type Policies = (
    Reading<String>,
    Reading<Vec<PodDisruptionBudget>>,
    Reading<Vec<HorizontalPodAutoscaler>>,
    Reading<Vec<NetworkPolicy>>,
    Reading<Vec<TargetGroupBinding>>,
);

type Routes = (Reading<Vec<VirtualService>>, Reading<Vec<DestinationRule>>, Reading<Vec<HttpRoute>>);

/// Reads one moment of the namespace.
///
/// # Errors
/// Where one of the Services, the workloads, pods or EndpointSlices can't be read.
pub async fn load(cluster: &Cluster, names: &[String], key: Option<&str>, reach: Reach) -> Outcome<Snapshot> {
    // The first read opens the one connection that all others share.
    let first = service(cluster, &names[0]).await?;
    let optional = Optional::of(cluster, reach);
    let (found, beside) = join(essentials(cluster, names, first, key), optional.read()).await;
    let found = found?;
    Ok(Snapshot {
        namespace: found.namespace,
        at: found.at,
        services: found.services,
        workloads: found.workloads,
        pods: found.pods,
        slices: found.slices,
        ..beside
    })
}

/// What no verb can do without: Services, workloads, EndpointSlices, and the pods whose labels
/// follow from them.
async fn essentials(cluster: &Cluster, names: &[String], first: Service, key: Option<&str>) -> Outcome<Snapshot> {
    let others = try_join_all(names[1..].iter().map(|name| service(cluster, name)));
    let slices = try_join_all(names.iter().map(|name| slices_of(cluster, name)));
    let (others, slices, workloads) = join3(others, slices, workloads(cluster, Some(&cluster.namespace))).await;
    let mut snapshot = Snapshot {
        services: std::iter::once(first).chain(others?).collect(),
        slices: names.iter().cloned().zip(slices?).collect(),
        workloads: workloads?,
        ..Snapshot::empty(&cluster.namespace, Timestamp::now())
    };
    snapshot.pods = pods(cluster, &snapshot, key).await?;
    Ok(snapshot)
}

/// One Service; where it is missing, the next step is a list of those there are.
///
/// # Errors
/// Where it can't be read.
pub async fn service(cluster: &Cluster, name: &str) -> Outcome<Service> {
    let path = format!("{}/{name}", collection::<Service>(Some(&cluster.namespace)));
    cluster.get(&path).await.map_err(|error| {
        let failure = Failure::from(error.clone());
        if error.is_not_found() {
            failure.next(format!("kubectl get services -n {}{}", cluster.namespace, cluster.flags))
        } else {
            failure
        }
    })
}

/// Deployments and StatefulSets of a namespace, or of all.
///
/// # Errors
/// Where either can't be listed.
pub async fn workloads(cluster: &Cluster, namespace: Option<&str>) -> Outcome<Vec<Arc<Workload>>> {
    let everything = ListQuery::default();
    let (deployments, sets) = (collection::<Deployment>(namespace), collection::<StatefulSet>(namespace));
    let (deployments, sets) = join(
        cluster.list_map(&deployments, &everything, |d: Deployment| Arc::new(Workload::from(d))),
        cluster.list_map(&sets, &everything, |s: StatefulSet| Arc::new(Workload::from(s))),
    )
    .await;
    let mut workloads = deployments?.items;
    workloads.extend(sets?.items);
    Ok(workloads)
}

/// The EndpointSlices of a Service.
///
/// # Errors
/// Where they can't be listed.
pub async fn slices_of(cluster: &Cluster, service: &str) -> Result<SlicesAt, ApiError> {
    let path = collection::<EndpointSlice>(Some(&cluster.namespace));
    let listed =
        cluster.list::<EndpointSlice>(&path, &ListQuery::labelled(format!("{SERVICE_LABEL}={service}"))).await?;
    Ok(SlicesAt { slices: listed.items.into_iter().collect(), resource_version: listed.resource_version })
}

/// The pods of every color of the Services: one list for each distinct base selector.
async fn pods(cluster: &Cluster, snapshot: &Snapshot, key: Option<&str>) -> Outcome<Vec<Pod>> {
    let mut bases: Vec<Labels> = Vec::new();
    for service in &snapshot.services {
        let base = match Subject::of(service, snapshot, key).tracks {
            Ok(tracks) => tracks.base,
            Err(_) => service.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default(),
        };
        if !base.is_empty() && !bases.contains(&base) {
            bases.push(base);
        }
    }
    let lists = try_join_all(bases.iter().map(|base| pods_with(cluster, base))).await?;
    let mut pods: Vec<Pod> = lists.into_iter().flatten().collect();
    pods.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    pods.dedup_by(|a, b| a.metadata.uid == b.metadata.uid);
    Ok(pods)
}

/// All pods with these labels, cut down while they are read.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods_with(cluster: &Cluster, labels: &Labels) -> Result<Vec<Pod>, ApiError> {
    let path = path_of("", "v1", "pods", Some(&cluster.namespace));
    let query = ListQuery::labelled(as_label_selector(labels));
    Ok(cluster.list_map(&path, &query, Pod::slim).await?.items)
}

impl Optional {
    fn of(cluster: &Cluster, reach: Reach) -> Self {
        match reach {
            Reach::Everything | Reach::Colors => {
                let colors_only = matches!(reach, Reach::Colors);
                Self { cluster: cluster.clone(), query: ListQuery::default(), colors_only }
            }
            Reach::Essentials { others } => {
                let query = ListQuery { cached: true, ..ListQuery::default() };
                let cluster = cluster.with_request_timeout(others.min(cluster.request_timeout()));
                Self { cluster, query, colors_only: false }
            }
        }
    }

    async fn read(&self) -> Snapshot {
        let (neighbours, routes, policies) = futures::join!(self.built_in::<Service>(), self.routes(), self.policies());
        let (virtual_services, destination_rules, http_routes) = routes;
        let empty = Snapshot::empty(&self.cluster.namespace, Timestamp::now());
        let Some((who, budgets, autoscalers, network_policies, target_group_bindings)) = policies else {
            return Snapshot { neighbours, virtual_services, destination_rules, http_routes, ..empty };
        };
        Snapshot {
            who,
            neighbours,
            budgets,
            autoscalers,
            network_policies,
            virtual_services,
            destination_rules,
            http_routes,
            target_group_bindings,
            ..empty
        }
    }

    /// What only a move needs to know.
    async fn policies(&self) -> Option<Policies> {
        if self.colors_only {
            return None;
        }
        let who = async { self.cluster.who_am_i().await.map_err(|e| e.short()) };
        Some(futures::join!(
            who,
            self.built_in::<PodDisruptionBudget>(),
            self.built_in::<HorizontalPodAutoscaler>(),
            self.built_in::<NetworkPolicy>(),
            self.target_group_bindings(),
        ))
    }

    /// Those of the AWS Load Balancer Controller, and those of EKS Auto Mode.
    async fn target_group_bindings(&self) -> Reading<Vec<TargetGroupBinding>> {
        let controller = self.custom::<TargetGroupBinding>("elbv2.k8s.aws", "v1beta1", "targetgroupbindings");
        let auto_mode = self.custom::<TargetGroupBinding>("eks.amazonaws.com", "v1", "targetgroupbindings");
        let (controller, auto_mode) = join(controller, auto_mode).await;
        let mut bindings = controller?;
        bindings.extend(auto_mode?);
        Ok(bindings)
    }

    async fn routes(&self) -> Routes {
        let virtual_services = self.istio("virtualservices");
        let http_routes = self.custom("gateway.networking.k8s.io", "v1", "httproutes");
        let (virtual_services, http_routes) = join(virtual_services, http_routes).await;
        let destination_rules = self.destination_rules(&virtual_services).await;
        (virtual_services, destination_rules, http_routes)
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

    /// A custom resource whose API is not served has no objects.
    async fn custom<T: DeserializeOwned>(&self, group: &str, version: &str, plural: &str) -> Reading<Vec<T>> {
        let path = path_of(group, version, plural, Some(&self.cluster.namespace));
        match self.cluster.list(&path, &self.query).await {
            Ok(listed) => Ok(listed.items),
            Err(e) if e.is_not_found() => Ok(Vec::new()),
            Err(e) => Err(e.short()),
        }
    }
}
