//! Single reads, which verbs also make by themselves.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{join, join3};
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_cluster::read::{ListQuery, Reading};
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::{collection, path_of};
use release_core::kube::service::service_path;
use release_core::kube::{
    Labels, Node, OwnedSet, Pod, Workload, WorkloadKind, attribute, deployed_revision, lose_orphans, lose_unreachable,
};
use release_core::traffic::selector::as_label_selector;

/// What a read may take that is asked for while a move is made, and that it can go without.
const OPTIONAL: Duration = Duration::from_secs(2);

/// One Service; where it is missing, the next step is a list of those there are.
///
/// # Errors
/// Where it can't be read.
pub async fn service(cluster: &Cluster, name: &str) -> Outcome<Service> {
    cluster.get(&service_path(&cluster.namespace, name)).await.map_err(|error| {
        let failure = Failure::from(error.clone());
        if error.is_not_found() {
            failure.look(Command::new("kubectl get services").scope(cluster.scope()))
        } else {
            failure
        }
    })
}

/// Deployments and StatefulSets of a namespace, or of all.
///
/// # Errors
/// Where either can't be listed.
pub async fn templates(cluster: &Cluster, namespace: Option<&str>) -> Outcome<Vec<Arc<Workload>>> {
    let everything = ListQuery::default();
    let (deployments, stateful_sets) = (collection::<Deployment>(namespace), collection::<StatefulSet>(namespace));
    let (deployments, stateful_sets) = join(
        cluster.list_map(&deployments, &everything, |d: Deployment| Arc::new(Workload::from(d))),
        cluster.list_map(&stateful_sets, &everything, |s: StatefulSet| Arc::new(Workload::from(s))),
    )
    .await;
    let mut workloads = deployments?.items;
    workloads.extend(stateful_sets?.items);
    Ok(workloads)
}

/// One workload as it is now; nothing where it is gone. Asked for by a list, which is all that is needed
/// besides.
///
/// # Errors
/// Where it can't be listed.
pub async fn workload_now(cluster: &Cluster, before: &Workload) -> Result<Option<Workload>, ApiError> {
    let namespace = Some(cluster.namespace.as_str());
    let field_selector = Some(format!("metadata.name={}", before.name()));
    let query = ListQuery { field_selector, ..ListQuery::default() };
    let path = path_of("apps", "v1", before.kind.plural(), namespace);
    let listed = match before.kind {
        WorkloadKind::Deployment => cluster.list_map(&path, &query, |d: Deployment| Workload::from(d)).await,
        WorkloadKind::StatefulSet => cluster.list_map(&path, &query, |s: StatefulSet| Workload::from(s)).await,
        WorkloadKind::DaemonSet => cluster.list_map(&path, &query, |d: DaemonSet| Workload::from(d)).await,
        WorkloadKind::ReplicaSet => cluster.list_map(&path, &query, |r: ReplicaSet| Workload::from(r)).await,
    };
    Ok(listed?.items.into_iter().next())
}

/// The ReplicaSets of a namespace.
#[derive(Debug, Clone, Default)]
pub struct ReplicaSets {
    /// Those that a Deployment or another controller owns.
    pub owned: Vec<OwnedSet>,
    /// Those that nobody owns.
    pub bare: Vec<Arc<Workload>>,
}

/// Whose pods are whose can't be told by a list that is a moment old: this one never is.
pub async fn replica_sets(cluster: &Cluster) -> Reading<ReplicaSets> {
    let (path, everything) = (collection::<ReplicaSet>(Some(&cluster.namespace)), ListQuery::default());
    let owned_or_bare = |set: ReplicaSet| OwnedSet::of(&set).ok_or_else(|| Arc::new(Workload::from(set)));
    let listed = cluster.list_map(&path, &everything, owned_or_bare).await.map_err(|error| error.short())?;
    let mut sets = ReplicaSets::default();
    for set in listed.items {
        match set {
            Ok(set) => sets.owned.push(set),
            Err(set) => sets.bare.push(set),
        }
    }
    Ok(sets)
}

/// Completes workloads by what ReplicaSets say: those that nobody owns, and which template a Deployment
/// runs.
#[must_use]
pub fn with_replica_sets(templates: Vec<Arc<Workload>>, sets: &ReplicaSets) -> Vec<Arc<Workload>> {
    let completed = templates.into_iter().map(|workload| match deployed_revision(&workload, &sets.owned) {
        Some(revision) => Arc::new(Workload { revision: Some(revision), ..Workload::clone(&workload) }),
        None => workload,
    });
    completed.chain(sets.bare.iter().map(Arc::clone)).collect()
}

/// Notes on pods who runs them, and takes the readiness from those whose workload is gone.
pub fn attributed(pods: &mut [Pod], sets: &Reading<ReplicaSets>, workloads: &[Arc<Workload>]) {
    let owned = sets.as_ref().map(|sets| sets.owned.as_slice());
    attribute(pods, owned.unwrap_or_default(), owned.is_ok(), workloads);
    lose_orphans(pods, workloads);
}

/// All workloads of the namespace, those that nobody owns among them.
///
/// # Errors
/// Where Deployments or StatefulSets can't be listed.
pub async fn workloads(cluster: &Cluster) -> Outcome<(Vec<Arc<Workload>>, Reading<ReplicaSets>)> {
    let optional = cluster.with_request_timeout(OPTIONAL.min(cluster.request_timeout()));
    let (templates, sets) = join(templates(cluster, Some(&cluster.namespace)), replica_sets(&optional)).await;
    let known = sets.clone().unwrap_or_default();
    Ok((with_replica_sets(templates?, &known), sets))
}

/// DaemonSets of a namespace, or of all, which few colors are made of; none where they can't be read.
pub async fn daemon_sets(cluster: &Cluster, namespace: Option<&str>) -> Vec<Arc<Workload>> {
    let (path, everything) = (collection::<DaemonSet>(namespace), ListQuery::default());
    let listed = cluster.list_map(&path, &everything, |d: DaemonSet| Arc::new(Workload::from(d))).await;
    listed.map(|listed| listed.items).unwrap_or_default()
}

/// Workloads and the pods behind some labels, as they are now: each pod with who runs it, ready only
/// where its node is; nodes that can't be read take nothing.
///
/// # Errors
/// Where workloads or pods can't be listed.
pub async fn workloads_and_pods(cluster: &Cluster, labels: &Labels) -> Outcome<(Vec<Arc<Workload>>, Vec<Pod>)> {
    workloads_and_pods_as(cluster, labels, Pod::slim).await
}

/// The same, the pods with the images that they ask for.
///
/// # Errors
/// Where workloads or pods can't be listed.
pub async fn workloads_and_images(cluster: &Cluster, labels: &Labels) -> Outcome<(Vec<Arc<Workload>>, Vec<Pod>)> {
    workloads_and_pods_as(cluster, labels, Pod::slim_with_images).await
}

async fn workloads_and_pods_as(
    cluster: &Cluster,
    labels: &Labels,
    slim: fn(Pod) -> Pod,
) -> Outcome<(Vec<Arc<Workload>>, Vec<Pod>)> {
    let selector = as_label_selector(labels);
    let (found, pods, nodes) = join3(workloads(cluster), pods_selected(cluster, &selector, slim), nodes(cluster)).await;
    let ((mut workloads, sets), mut pods) = (found?, pods?);
    attributed(&mut pods, &sets, &workloads);
    if needs_daemon_sets(&pods) {
        workloads.extend(daemon_sets(cluster, Some(&cluster.namespace)).await);
    }
    if let Some(nodes) = nodes {
        lose_unreachable(&mut pods, &nodes);
    }
    Ok((workloads, pods))
}

/// The cluster's nodes, cut down while they are read; nothing where they can't be, or none is shown.
pub async fn nodes(cluster: &Cluster) -> Option<Vec<Node>> {
    let (path, everything) = (path_of("", "v1", "nodes", None), ListQuery::default());
    let listed = cluster.list_map(&path, &everything, Node::slim).await;
    listed.ok().map(|nodes| nodes.items).filter(|nodes| !nodes.is_empty())
}

/// True where a DaemonSet runs one of the pods.
#[must_use]
pub fn needs_daemon_sets(pods: &[Pod]) -> bool {
    pods.iter().any(|pod| pod.controller().is_some_and(|owner| owner.kind == "DaemonSet"))
}

/// All pods with these labels, cut down while they are read.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods_with(cluster: &Cluster, labels: &Labels) -> Result<Vec<Pod>, ApiError> {
    pods_selected(cluster, &as_label_selector(labels), Pod::slim).await
}

/// The same by a label selector as kubectl's `-l` takes it, cut down in another way.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods_selected(cluster: &Cluster, selector: &str, slim: fn(Pod) -> Pod) -> Result<Vec<Pod>, ApiError> {
    let path = path_of("", "v1", "pods", Some(&cluster.namespace));
    let query = ListQuery::labelled(selector);
    Ok(cluster.list_map(&path, &query, slim).await?.items)
}
