//! Which requests a snapshot makes, and in which order.

use futures::future::try_join;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_cluster::read::ListQuery;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::path_of;
use release_core::kube::{Pod, TemplateRevision, Workload, WorkloadKind, selector_text};
use release_core::workload::revisions::{Revision, of_workload};
use release_core::workload::rollout_pods::label_of_daemon;

use super::Snapshot;
use super::owner::owners;
use crate::names::WorkloadName;
use crate::record::believed::believed;
use crate::record::recorded_on;

/// The workload itself; this first read opens the one connection that all others share.
///
/// # Errors
/// Where it can't be read; where it is missing, the next step is a list of those there are.
pub async fn workload(cluster: &Cluster, name: &WorkloadName) -> Outcome<Workload> {
    let plural = name.kind.plural();
    let path = format!("{}/{}", path_of("apps", "v1", plural, Some(&cluster.namespace)), name.name);
    at(cluster, name.kind, &path).await.map_err(|error| {
        let missing = error.is_not_found();
        let failure = Failure::from(error);
        if missing { failure.look(Command::new("kubectl get").arg(plural).scope(cluster.scope())) } else { failure }
    })
}

async fn at(cluster: &Cluster, kind: WorkloadKind, path: &str) -> Result<Workload, ApiError> {
    Ok(match kind {
        WorkloadKind::Deployment => cluster.get::<Deployment>(path).await?.into(),
        WorkloadKind::StatefulSet => cluster.get::<StatefulSet>(path).await?.into(),
        WorkloadKind::DaemonSet => cluster.get::<DaemonSet>(path).await?.into(),
        WorkloadKind::ReplicaSet => cluster.get::<ReplicaSet>(path).await?.into(),
    })
}

/// Everything beside the workload, at once.
///
/// # Errors
/// Where its pods or revisions can't be listed; all else may be missing.
pub async fn beside(cluster: &Cluster, workload: Workload) -> Outcome<Snapshot> {
    let everything = ListQuery::default();
    let essentials = try_join(pods_of(cluster, &workload), revisions_of(cluster, &workload));
    let may =
        async { cluster.may("patch", "apps", workload.kind.plural(), workload.name()).await.map_err(|e| e.short()) };
    let who = async { cluster.who_am_i().await.map_err(|e| e.short()) };
    let budgets = cluster.reading(&everything);
    let autoscalers = cluster.reading(&everything);
    let owners = owners(cluster, &workload);
    let (essentials, who, may_patch, budgets, autoscalers, owners) =
        futures::join!(essentials, who, may, budgets, autoscalers, owners);
    let (pods, revisions) = essentials?;
    let recorded = recorded_on(&workload);
    Ok(Snapshot {
        namespace: cluster.namespace.clone(),
        scope: cluster.scope().clone(),
        at: Timestamp::now(),
        who,
        believed: believed(&recorded, &workload, &revisions),
        recorded,
        workload,
        pods,
        revisions,
        budgets,
        autoscalers,
        owners,
        may_patch,
    })
}

/// The workload as it is now.
///
/// # Errors
/// Where it can't be read.
pub async fn again(cluster: &Cluster, workload: &Workload) -> Result<Workload, ApiError> {
    at(cluster, workload.kind, &workload.path(&cluster.namespace)).await
}

/// The workload as it is now, and its pods.
///
/// # Errors
/// Where either can't be read.
pub async fn workload_and_pods(cluster: &Cluster, workload: &Workload) -> Result<(Workload, Vec<Pod>), ApiError> {
    try_join(again(cluster, workload), pods_of(cluster, workload)).await
}

/// By what name pods of a DaemonSet are labelled that run its template: unlike a StatefulSet's, its status
/// doesn't say. Nothing while its controller has not seen it.
///
/// # Errors
/// Where its revisions can't be listed.
pub async fn template_of(cluster: &Cluster, workload: &Workload) -> Result<Option<TemplateRevision>, ApiError> {
    let is_seen = workload.observed_generation >= workload.metadata.generation.unwrap_or(0);
    if workload.kind != WorkloadKind::DaemonSet || !is_seen {
        return Ok(None);
    }
    let revisions = revisions_of(cluster, workload).await?;
    let current = revisions.iter().find(|revision| revision.current);
    let hash = current.and_then(|revision| label_of_daemon(workload, &revision.name));
    Ok(hash.map(|hash| TemplateRevision { name: hash.to_owned(), since: None, set: None }))
}

/// The workload's own pods.
///
/// # Errors
/// Where they can't be listed.
async fn pods_of(cluster: &Cluster, workload: &Workload) -> Result<Vec<Pod>, ApiError> {
    let path = path_of("", "v1", "pods", Some(&cluster.namespace));
    let query = ListQuery::labelled(selector_text(&workload.selector));
    let mut pods = cluster.list::<Pod>(&path, &query).await?.items;
    pods.retain(|pod| workload.owns(pod));
    Ok(pods)
}

/// What the workload has run: ReplicaSets of a Deployment, ControllerRevisions of the others.
///
/// # Errors
/// Where they can't be listed.
pub async fn revisions_of(cluster: &Cluster, workload: &Workload) -> Result<Vec<Revision>, ApiError> {
    let plural = if workload.kind == WorkloadKind::Deployment { "replicasets" } else { "controllerrevisions" };
    let path = path_of("apps", "v1", plural, Some(&cluster.namespace));
    let query = ListQuery::labelled(selector_text(&workload.selector));
    let listed = cluster.list::<Revision>(&path, &query).await?.items;
    let uid = workload.metadata.uid.as_deref().unwrap_or_default();
    Ok(of_workload(listed, uid, &workload.template))
}
