//! Single reads, which verbs also make by themselves.

use std::sync::Arc;

use futures::future::join;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_cluster::read::ListQuery;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::{collection, path_of};
use release_core::kube::service::service_path;
use release_core::kube::{Labels, Node, Pod, Workload, lose_unreachable};
use release_core::traffic::selector::as_label_selector;

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

/// All pods with these labels, ready only where their nodes are; nodes that can't be read take
/// nothing.
///
/// # Errors
/// Where the pods can't be listed.
pub async fn reachable_pods_with(cluster: &Cluster, labels: &Labels) -> Result<Vec<Pod>, ApiError> {
    let (path, everything) = (path_of("", "v1", "nodes", None), ListQuery::default());
    let nodes = cluster.list_map(&path, &everything, Node::slim);
    let (pods, nodes) = join(pods_with(cluster, labels), nodes).await;
    let mut pods = pods?;
    if let Some(nodes) = nodes.ok().filter(|nodes| !nodes.items.is_empty()) {
        lose_unreachable(&mut pods, &nodes.items);
    }
    Ok(pods)
}

/// All pods with these labels, cut down while they are read.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods_with(cluster: &Cluster, labels: &Labels) -> Result<Vec<Pod>, ApiError> {
    pods_selected(cluster, &as_label_selector(labels)).await
}

/// The same by a label selector as kubectl's `-l` takes it.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods_selected(cluster: &Cluster, selector: &str) -> Result<Vec<Pod>, ApiError> {
    let path = path_of("", "v1", "pods", Some(&cluster.namespace));
    let query = ListQuery::labelled(selector);
    Ok(cluster.list_map(&path, &query, Pod::slim).await?.items)
}
