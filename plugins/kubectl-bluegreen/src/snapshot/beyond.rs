//! Routes of other namespaces: those of the Gateway API can send to a Service here only where a ReferenceGrant lets them
//! in, Istio's always.

use futures::future::{join, try_join_all};
use release_cluster::Cluster;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::path::path_of;
use release_core::kube::service::service_name;
use release_core::traffic::reference_grant::{ReferenceGrant, let_in};
use release_core::traffic::routes::{GATEWAY_API, GatewayRoute, ISTIO, VirtualService};
use serde_json::Value;

use super::moment::Snapshot;
use super::routers::virtual_services_elsewhere;

/// Reads them, for those who take away what nobody may need any more.
pub async fn routes_from_beyond(cluster: &Cluster, mut read: Snapshot) -> Snapshot {
    let (routes_beyond, virtual_services) = join(routes(cluster, &read), virtual_services(cluster, &read)).await;
    match virtual_services {
        Ok(found) => read.virtual_services_beyond = found,
        Err(why) => read.routers_unread.push(why),
    }
    Snapshot { routes_beyond, ..read }
}

/// Istio's routes of other namespaces need no grant to send here.
async fn virtual_services(cluster: &Cluster, read: &Snapshot) -> Reading<Vec<VirtualService>> {
    match virtual_services_elsewhere(cluster, &read.namespace).await {
        // Who may not list them isn't told whether there are any such.
        Err(_) if !serves_istio(cluster).await => Ok(Vec::new()),
        found => found.map_err(|why| format!("virtualservices of other namespaces ({why})")),
    }
}

async fn serves_istio(cluster: &Cluster) -> bool {
    let group = cluster.get::<Value>(&format!("/apis/{ISTIO}")).await;
    !group.is_err_and(|error| error.is_not_found())
}

async fn routes(cluster: &Cluster, read: &Snapshot) -> Reading<Vec<(&'static str, GatewayRoute)>> {
    let grants = grants(cluster, &read.namespace).await.map_err(|why| format!("referencegrants ({why})"))?;
    let services: Vec<&str> = read.neighbours.iter().flatten().map(service_name).collect();
    let http = of_kind(cluster, let_in(&grants, "HTTPRoute", &services), ("httproute", "httproutes"));
    let grpc = of_kind(cluster, let_in(&grants, "GRPCRoute", &services), ("grpcroute", "grpcroutes"));
    let (mut found, grpc) = match join(http, grpc).await {
        (Ok(http), Ok(grpc)) => (http, grpc),
        (Err(why), _) | (_, Err(why)) => return Err(why),
    };
    found.extend(grpc);
    Ok(found)
}

async fn of_kind(
    cluster: &Cluster,
    namespaces: impl IntoIterator<Item = &str>,
    (kind, plural): (&'static str, &str),
) -> Reading<Vec<(&'static str, GatewayRoute)>> {
    let read = namespaces.into_iter().map(|namespace| async move {
        let path = path_of(GATEWAY_API, "v1", plural, Some(namespace));
        let routes = cluster.reading_served::<GatewayRoute>(&path, &ListQuery::default()).await;
        routes.map_err(|why| format!("{plural} of namespace {namespace} ({why})"))
    });
    Ok(try_join_all(read).await?.into_iter().flatten().map(|route| (kind, route)).collect())
}

/// The API of version 1.5 and newer serves `v1`, too.
async fn grants(cluster: &Cluster, namespace: &str) -> Reading<Vec<ReferenceGrant>> {
    let everything = ListQuery::default();
    let path = |version: &str| path_of(GATEWAY_API, version, "referencegrants", Some(namespace));
    let grants = cluster.reading_served(&path("v1beta1"), &everything).await?;
    if grants.is_empty() { cluster.reading_served(&path("v1"), &everything).await } else { Ok(grants) }
}
