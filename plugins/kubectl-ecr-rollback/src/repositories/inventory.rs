//! Reading everything of one cluster that names images, and which kinds might that aren't read.

use futures::future::join_all;
use k8s_openapi::Resource;
use k8s_openapi::api::apps::v1::{ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet};
use k8s_openapi::api::batch::v1::{CronJob, Job};
use k8s_openapi::api::core::v1::{Pod, PodTemplate, ReplicationController};
use release_cluster::Cluster;
use release_cluster::discovery::ServedKind;
use release_cluster::exchange::ApiError;
use release_cluster::read::{ListQuery, Reading};
use release_core::kube::path::collection;
use serde::de::DeserializeOwned;

use crate::lifecycle::demand::Inventory;
use crate::lifecycle::other_kinds::{UnreadKind, kind_name, may_need_images};
use crate::lifecycle::pods::PodImages;
use crate::lifecycle::versions::Version;
use crate::lifecycle::workloads::Templated;

/// Everything of a cluster that names images, and the kinds that were not read.
///
/// # Errors
/// In a few words, where what runs and what can be rolled back can't be read. What else can't be is
/// among the kinds that were not read.
pub async fn inventory(cluster: &Cluster) -> Reading<(Inventory, Vec<UnreadKind>)> {
    // The first read opens the connection that the others share.
    let deployments = list::<Deployment, Templated>(cluster).await?;
    let (essential, others, mut unread) = tokio::join!(essential(cluster), optional(cluster), unread(cluster));
    let (stateful_sets, daemon_sets, cron_jobs, replica_sets, controller_revisions, pods) = essential?;
    let (jobs, pod_templates, controllers) = others;
    let templates = vec![
        ("CronJob", cron_jobs),
        ("Job", or_noted::<Job, _>(jobs, &mut unread)),
        ("PodTemplate", or_noted::<PodTemplate, _>(pod_templates, &mut unread)),
    ];
    let versions = vec![
        ("ReplicaSet", replica_sets),
        ("ControllerRevision", controller_revisions),
        ("ReplicationController", or_noted::<ReplicationController, _>(controllers, &mut unread)),
    ];
    let workloads = vec![("Deployment", deployments), ("StatefulSet", stateful_sets), ("DaemonSet", daemon_sets)];
    Ok((Inventory { pods, workloads, templates, versions }, unread))
}

type Essential = (Vec<Templated>, Vec<Templated>, Vec<Templated>, Vec<Version>, Vec<Version>, Vec<PodImages>);

async fn essential(cluster: &Cluster) -> Reading<Essential> {
    futures::try_join!(
        list::<StatefulSet, Templated>(cluster),
        list::<DaemonSet, Templated>(cluster),
        list::<CronJob, Templated>(cluster),
        list::<ReplicaSet, Version>(cluster),
        list::<ControllerRevision, Version>(cluster),
        list::<Pod, PodImages>(cluster),
    )
}

type Others = (Result<Vec<Templated>, ApiError>, Result<Vec<Templated>, ApiError>, Result<Vec<Version>, ApiError>);

/// What their pods show as well while they run.
async fn optional(cluster: &Cluster) -> Others {
    tokio::join!(
        all::<Job, Templated>(cluster),
        all::<PodTemplate, Templated>(cluster),
        all::<ReplicationController, Version>(cluster),
    )
}

/// What was read; where it wasn't, the kind is noted.
fn or_noted<K: Resource, T>(reading: Result<Vec<T>, ApiError>, unread: &mut Vec<UnreadKind>) -> Vec<T> {
    reading.unwrap_or_else(|error| {
        let kind = kind_name(K::GROUP, K::URL_PATH_SEGMENT);
        unread.push(UnreadKind { kind, objects: None, why: Some(error.short()) });
        Vec::new()
    })
}

/// Kinds of others that have objects, or whose objects can't be counted.
async fn unread(cluster: &Cluster) -> Vec<UnreadKind> {
    let served = match cluster.served_kinds().await {
        Ok(served) => served,
        Err(error) => {
            let kind = "kinds of custom resources".to_owned();
            return vec![UnreadKind { kind, objects: None, why: Some(error.short()) }];
        }
    };
    let telling: Vec<ServedKind> = served.into_iter().filter(|k| may_need_images(&k.group, &k.plural)).collect();
    let counted = join_all(telling.iter().map(|kind| cluster.count(kind))).await;
    let found = telling.iter().zip(counted).filter_map(|(kind, count)| {
        let kind = kind_name(&kind.group, &kind.plural);
        match count {
            Ok(Some(0)) => None,
            // It went, or came, while we were asking.
            Err(error) if error.is_not_found() => None,
            Ok(objects) => Some(UnreadKind { kind, objects, why: None }),
            Err(error) => Some(UnreadKind { kind, objects: None, why: Some(error.short()) }),
        }
    });
    found.collect()
}

async fn list<K: Resource, T: DeserializeOwned>(cluster: &Cluster) -> Reading<Vec<T>> {
    all::<K, T>(cluster).await.map_err(|error| format!("{}: {}", K::URL_PATH_SEGMENT, error.short()))
}

/// All objects of a kind in all namespaces, cut down page by page.
async fn all<K: Resource, T: DeserializeOwned>(cluster: &Cluster) -> Result<Vec<T>, ApiError> {
    cluster.list::<T>(&collection::<K>(None), &ListQuery::default()).await.map(|listed| listed.items)
}
