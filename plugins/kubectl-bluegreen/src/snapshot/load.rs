//! Which reads a snapshot makes, and in which order.

use std::sync::Arc;

use futures::future::{join, join_all, join3, try_join_all};
use k8s_openapi::api::core::v1::Service;
use release_cluster::Cluster;
use release_cluster::slice_view::slices_of;
use release_core::failure::Outcome;
use release_core::kube::service::service_name;
use release_core::kube::{Labels, Pod, Workload, has_all, lose_unreachable};
use release_core::traffic::argo::argo_marks;
use release_core::traffic::left_out::lose_left_out;
use release_core::traffic::selector::{as_label_selector, possible_bases};

use super::looking::Looking;
use super::moment::Snapshot;
use super::optional::OptionalReads;
use super::read::{attributed, daemon_sets, needs_daemon_sets, pods_selected, service, templates, with_replica_sets};
use super::routers;
use crate::service_view::{ServiceView, is_of_its_own};

/// So many other Services are asked where they send.
const ASKED: usize = 5;

/// Reads one moment of the namespace.
///
/// # Errors
/// Where one of the Services, the workloads, pods or EndpointSlices can't be read.
pub async fn load(cluster: &Cluster, names: &[String], looking: Looking<'_>) -> Outcome<Snapshot> {
    let Looking { key, extent, .. } = looking;
    // The first read opens the one connection that all others share.
    let first = service(cluster, &names[0]).await?;
    let beside = OptionalReads::of(cluster, extent);
    // All these reads at once are large; whatever waits for them is small by this.
    let (found, read) = Box::pin(join(essentials(cluster, names, first, looking), beside.read())).await;
    let found = found?;
    let read = Snapshot {
        namespace: found.namespace,
        at: found.at,
        services: found.services,
        workloads: found.workloads,
        pods: found.pods,
        slices: found.slices,
        ..read
    };
    let read = where_needed(told_whose(read), &beside, key).await;
    let read = Box::pin(routers::found(cluster, read, looking)).await;
    let read = as_others_serve(cluster, read).await;
    Ok(put_together(read, key))
}

/// Where nodes can't be read, other Services over the same pods tell which of them can be reached.
async fn as_others_serve(cluster: &Cluster, mut read: Snapshot) -> Snapshot {
    if read.nodes.is_ok() {
        return read;
    }
    let named: Vec<&str> = read.services.iter().map(service_name).collect();
    let selects = |labels: &Labels| read.pods.iter().any(|pod| has_all(&pod.metadata.labels, labels));
    let others = read.neighbours.iter().flatten().filter(|service| !named.contains(&service_name(service)));
    let over_pods = others.filter(|service| service.spec.iter().flat_map(|s| &s.selector).any(selects));
    let served = over_pods.take(ASKED).map(async |service| (service, slices_of(cluster, service_name(service)).await));
    for (service, at) in join_all(served).await {
        if let Ok(at) = at {
            lose_left_out(&mut read.pods, service, &at.slices, read.at);
        }
    }
    read
}

/// What only some set-ups have anything of.
async fn where_needed(read: Snapshot, beside: &OptionalReads, key: Option<&str>) -> Snapshot {
    let nothing = || Ok(Vec::new());
    let marked = read.services.iter().any(|service| argo_marks(service).are_there());
    let shared = read.services.iter().any(|service| may_be_shared(service, &read, key));
    let rollouts = async { if marked { beside.rollouts().await } else { nothing() } };
    let splits = async { if shared { beside.splits().await } else { (Ok(Vec::new()), Ok(Vec::new())) } };
    let (rollouts, (grpc_routes, ingresses)) = join(rollouts, splits).await;
    Snapshot { rollouts, grpc_routes, ingresses, ..read }
}

/// True where another Service selects one of the colors: only then can traffic be split between them. One that is
/// called after its color may have lost the others. Where its own selector tells no color a route does, and there may be
/// several, of any kind.
fn may_be_shared(service: &Service, read: &Snapshot, key: Option<&str>) -> bool {
    let Ok(tracks) = ServiceView::of(service, &read.workloads, &read.pods, key).tracks else { return true };
    if is_of_its_own(service_name(service), &tracks.active) {
        return true;
    }
    let others = read.neighbours.iter().flatten().filter(|n| service_name(n) != service_name(service));
    let mut selectors = others.filter_map(|n| n.spec.as_ref()?.selector.as_ref());
    selectors.any(|selector| tracks.color_selected_by(selector).is_some())
}

/// Which pods are whose, as ReplicaSets tell it.
fn told_whose(mut read: Snapshot) -> Snapshot {
    if let Ok(sets) = &read.replica_sets {
        read.workloads = with_replica_sets(read.workloads, sets);
    }
    attributed(&mut read.pods, &read.replica_sets, &read.workloads);
    read
}

/// What one read says about another: pods are as reachable as their nodes, and endpoints serve behind
/// the ports of their Service.
fn put_together(mut read: Snapshot, key: Option<&str>) -> Snapshot {
    // Where nothing could be read of any node, nothing is known of each.
    if let Some(nodes) = read.nodes.as_ref().ok().filter(|nodes| !nodes.is_empty()) {
        lose_unreachable(&mut read.pods, nodes);
    }
    // A route's colors may have Services of their own.
    let named = |service: &&Service| read.services.iter().any(|one| service_name(one) == service_name(service));
    let backends = read.neighbours.iter().flatten().filter(|service| !named(service));
    let served: Vec<&Service> =
        read.services.iter().chain(backends).filter(|s| read.slices.contains_key(service_name(s))).collect();
    let ports = served.iter().map(|service| ServiceView::of(service, &read.workloads, &read.pods, key).ports);
    let ports: Vec<_> = served.iter().map(|service| service_name(service).to_owned()).zip(ports).collect();
    for (service, ports) in ports {
        if let Some(at) = read.slices.get_mut(&service) {
            let addresses =
                read.pods.iter().filter_map(|p| Some((p.status.pod_ip.as_deref()?, p.metadata.name.as_str())));
            at.slices = std::mem::take(&mut at.slices).behind(ports).knowing(addresses);
        }
    }
    read
}

/// What no verb can do without: Services, workloads, EndpointSlices, and the pods whose labels
/// follow from them.
async fn essentials(cluster: &Cluster, names: &[String], first: Service, looking: Looking<'_>) -> Outcome<Snapshot> {
    let others = try_join_all(names[1..].iter().map(|name| service(cluster, name)));
    let slices = try_join_all(names.iter().map(|name| slices_of(cluster, name)));
    let (others, slices, workloads) = join3(others, slices, templates(cluster, Some(&cluster.namespace))).await;
    let services: Vec<Service> = std::iter::once(first).chain(others?).collect();
    let mut workloads = workloads?;
    let pods = pods(cluster, &services, &workloads, looking).await?;
    if needs_daemon_sets(&pods) {
        workloads.extend(daemon_sets(cluster, Some(&cluster.namespace)).await);
    }
    Ok(Snapshot {
        services,
        slices: names.iter().cloned().zip(slices?).collect(),
        workloads,
        pods,
        ..Snapshot::empty(&cluster.namespace, cluster.scope(), cluster.now())
    })
}

/// The pods of every color of the Services: one list for each distinct base selector. A selector of one
/// label has none: every pod that has the label may be of a color. Where no workload shows another
/// color, pods may: those that differ in one label.
async fn pods(
    cluster: &Cluster,
    services: &[Service],
    workloads: &[Arc<Workload>],
    looking: Looking<'_>,
) -> Outcome<Vec<Pod>> {
    let mut bases: Vec<String> = Vec::new();
    for service in services {
        let possible = match ServiceView::of(service, workloads, &[], looking.key).tracks {
            Ok(tracks) if tracks.base.is_empty() => vec![tracks.key],
            Ok(tracks) => vec![as_label_selector(&tracks.base)],
            Err(_) => possible_bases(service).iter().map(as_label_selector).collect(),
        };
        // A route may tell apart what has the Service's only label.
        let whole = || service.spec.iter().flat_map(|spec| &spec.selector).map(as_label_selector).collect();
        let possible: Vec<String> = if possible.iter().all(String::is_empty) { whole() } else { possible };
        for base in possible.into_iter().filter(|base| !base.is_empty()) {
            if !bases.contains(&base) {
                bases.push(base);
            }
        }
    }
    let slim = if looking.images { Pod::slim_with_images } else { Pod::slim };
    let lists = try_join_all(bases.iter().map(|base| pods_selected(cluster, base, slim))).await?;
    let mut pods: Vec<Pod> = lists.into_iter().flatten().collect();
    pods.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name));
    pods.dedup_by(|a, b| a.metadata.uid == b.metadata.uid);
    Ok(pods)
}
