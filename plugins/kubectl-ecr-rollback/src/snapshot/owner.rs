//! What a workload is made from: its controller, and its Argo CD Application.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use release_cluster::Cluster;
use release_core::kube::path::path_of;
use release_core::kube::{Workload, controller_of};
use serde::Deserialize;

/// An object that a workload is made from.
#[derive(Debug, Clone, Deserialize)]
pub struct Owner {
    /// `Kind/name`
    #[serde(skip)]
    pub name: String,
    pub metadata: ObjectMeta,
}

/// Those that can be read; the marks on the others are nobody's loss but that of a finding.
pub async fn owners(cluster: &Cluster, workload: &Workload) -> Vec<Owner> {
    let controller = controller_of(&workload.metadata);
    let places = controller.filter(|owner| is_sound(owner)).map(|owner| controller_at(owner, &cluster.namespace));
    let places = places.into_iter();
    let places = places.chain(application(workload).map(|name| application_at(name, &cluster.namespace)));
    let reads = places.map(async |(name, path)| {
        let read = cluster.get::<Owner>(&path).await.ok()?;
        Some(Owner { name, ..read })
    });
    futures::future::join_all(reads).await.into_iter().flatten().collect()
}

/// Whoever may write the workload may have written anything into it.
fn is_sound(owner: &OwnerReference) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    let sound = |text: &str| !text.is_empty() && text.chars().all(inner) && !text.starts_with('.');
    sound(&owner.name) && sound(&owner.kind) && owner.api_version.split('/').all(sound)
}

/// Where a controller mostly is: paths have the plural in lower case, which only a round trip more would
/// tell for certain.
fn controller_at(owner: &OwnerReference, namespace: &str) -> (String, String) {
    let (group, version) = owner.api_version.split_once('/').unwrap_or(("", &owner.api_version));
    let kind = owner.kind.to_lowercase();
    let plural = match kind.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if kind.ends_with(['s', 'x']) || kind.ends_with("ch") => format!("{kind}es"),
        _ => format!("{kind}s"),
    };
    let path = format!("{}/{}", path_of(group, version, &plural, Some(namespace)), owner.name);
    (format!("{}/{}", owner.kind, owner.name), path)
}

/// The Argo CD Application that tracks it, by annotation or label; with its namespace before it where
/// that isn't Argo CD's own (<https://argo-cd.readthedocs.io/en/stable/operator-manual/app-any-namespace/>).
fn application(workload: &Workload) -> Option<&str> {
    let metadata = &workload.metadata;
    let tracked = metadata.annotations.as_ref().and_then(|all| all.get("argocd.argoproj.io/tracking-id"));
    let tracked = tracked.and_then(|id| id.split(':').next());
    let labelled = metadata.labels.as_ref().and_then(|all| all.get("argocd.argoproj.io/instance"));
    let name = tracked.or(labelled.map(String::as_str))?;
    let name = name.rsplit_once('_').map_or(name, |(_, name)| name);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    (!name.is_empty() && name.chars().all(plain) && !name.starts_with('.')).then_some(name)
}

fn application_at(name: &str, namespace: &str) -> (String, String) {
    let path = path_of("argoproj.io", "v1alpha1", "applications", Some(namespace));
    (format!("Application/{name}"), format!("{path}/{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_controller_is_looked_for_where_its_kind_is_served() {
        for (api_version, kind, path) in [
            ("acme.io/v1", "Shop", "/apis/acme.io/v1/namespaces/n/shops/api"),
            ("acme.io/v1", "Proxy", "/apis/acme.io/v1/namespaces/n/proxies/api"),
            ("acme.io/v1", "Gateway", "/apis/acme.io/v1/namespaces/n/gateways/api"),
            ("acme.io/v1beta1", "Ingress", "/apis/acme.io/v1beta1/namespaces/n/ingresses/api"),
            ("v1", "ConfigMap", "/api/v1/namespaces/n/configmaps/api"),
        ] {
            let owner = OwnerReference {
                api_version: api_version.into(),
                kind: kind.into(),
                name: "api".into(),
                ..OwnerReference::default()
            };
            assert_eq!(controller_at(&owner, "n").1, path);
        }
    }
}
