//! Ingresses that share requests, and what tells whose they are.

use k8s_openapi::api::networking::v1::{Ingress, IngressClass};
use release_cluster::Cluster;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::path::path_of;
use release_core::traffic::alb::TargetGroupBinding;
use release_core::traffic::router::alb::{needs_bindings, unknown_class};
use release_core::traffic::router::nginx::annotations::is_canary;
use release_core::traffic::router::nginx::{Canaries, canaries};

use super::moment::Snapshot;
use super::optional::{OptionalReads, ReadScope};

/// Reads the Ingresses of the namespace, where they weren't, and what tells whose they are.
pub async fn with_ingresses(cluster: &Cluster, mut read: Snapshot) -> Snapshot {
    if read.ingresses.as_ref().is_ok_and(Vec::is_empty) {
        read.ingresses = here(cluster, &read.namespace).ingresses().await;
    }
    if let Err(why) = &read.ingresses {
        read.routers_unread.push(format!("ingresses ({why})"));
    }
    with_whose_ingresses(cluster, read).await
}

/// Reads whose they are, where they don't say it themselves.
pub async fn with_whose_ingresses(cluster: &Cluster, mut read: Snapshot) -> Snapshot {
    let ingresses = || read.ingresses.iter().flatten();
    let (needs_classes, needs_bindings) = needed(ingresses());
    if needs_classes && read.ingress_classes.as_ref().is_ok_and(Vec::is_empty) {
        read.ingress_classes = classes(cluster).await;
        if let Err(why) = &read.ingress_classes {
            read.routers_unread.push(format!("ingressclasses ({why})"));
        }
    }
    if needs_bindings && read.target_group_bindings.as_ref().is_ok_and(Vec::is_empty) {
        read.target_group_bindings = bindings(cluster, &read.namespace).await;
    }
    read
}

/// Whether their classes, and bindings of target groups, have to be read to know.
pub fn needed<'i>(ingresses: impl Iterator<Item = &'i Ingress> + Clone) -> (bool, bool) {
    let is_unclear = |ingress: &Ingress| unknown_class(ingress).is_some() || is_canary(ingress);
    (ingresses.clone().any(is_unclear), ingresses.clone().any(needs_bindings))
}

/// The classes of the cluster.
pub async fn classes(cluster: &Cluster) -> Reading<Vec<IngressClass>> {
    let path = path_of("networking.k8s.io", "v1", "ingressclasses", None);
    cluster.reading_served(&path, &ListQuery::default()).await
}

/// What ingress-nginx makes of the canary Ingresses of a namespace as they are now.
///
/// # Errors
/// Why they can't be read.
pub async fn canaries_now(
    cluster: &Cluster,
    namespace: &str,
    classes: &Reading<Vec<IngressClass>>,
) -> Reading<Canaries> {
    let ingresses = here(cluster, namespace).ingresses().await?;
    Ok(canaries(&ingresses, classes.as_deref().ok()))
}

/// The bindings of target groups of a namespace.
pub async fn bindings(cluster: &Cluster, namespace: &str) -> Reading<Vec<TargetGroupBinding>> {
    here(cluster, namespace).target_group_bindings().await
}

fn here(cluster: &Cluster, namespace: &str) -> OptionalReads {
    let mut there = cluster.clone();
    namespace.clone_into(&mut there.namespace);
    OptionalReads::of(&there, ReadScope::Colors)
}
