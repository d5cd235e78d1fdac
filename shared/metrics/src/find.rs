//! From an address as teams write it to the Service that is meant.

use k8s_openapi::api::core::v1::Service;
use release_cluster::Cluster;
use release_cluster::read::ListQuery;
use release_cluster::service_proxy::ProxiedService;
use release_core::analysis::address::ServicePlace;
use release_core::kube::path::collection;
use release_core::kube::service::service_path;

/// The Service of an address: in the namespace that it names, else in that of the run, else the only one of its name
/// that may be read.
///
/// # Errors
/// Which of them is meant can't be said.
pub async fn service(cluster: &Cluster, place: &ServicePlace) -> Result<ProxiedService, String> {
    let namespace = match &place.namespace {
        Some(namespace) => namespace.clone(),
        None => namespace_of(cluster, &place.name).await?,
    };
    Ok(ProxiedService { namespace, name: place.name.clone(), port: place.port, is_tls: place.is_tls })
}

async fn namespace_of(cluster: &Cluster, name: &str) -> Result<String, String> {
    let own = &cluster.namespace;
    match cluster.get::<Service>(&service_path(own, name)).await {
        Ok(_) => return Ok(own.clone()),
        Err(error) if error.is_not_found() => {}
        // Whoever may not read it may still be allowed to ask it.
        Err(error) if error.is_forbidden() => return Ok(own.clone()),
        Err(error) => return Err(format!("service/{name} can't be looked for: {}", error.short())),
    }
    let query = ListQuery { field_selector: Some(format!("metadata.name={name}")), ..ListQuery::default() };
    let path = collection::<Service>(None);
    let found = cluster.list::<Service>(&path, &query).await;
    let found = found.map_err(|error| {
        format!("there is no service/{name} in namespace {own}, and those of others can't be listed: {}", error.short())
    })?;
    let mut namespaces: Vec<String> = found.items.into_iter().filter_map(|one| one.metadata.namespace).collect();
    namespaces.sort();
    match namespaces.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(format!("there is no service/{name} in any namespace")),
        several => Err(format!("service/{name} is in several namespaces: {}", several.join(", "))),
    }
}
