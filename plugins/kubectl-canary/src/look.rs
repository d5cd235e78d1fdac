//! One look at a release: both Deployments, their pods, what the Services have, and who runs it.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{try_join3, try_join5};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod as ApiPod;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use release_cluster::Cluster;
use release_cluster::exchange::ApiError;
use release_cluster::read::ListQuery;
use release_core::failure::{Failure, Outcome};
use release_core::kube::path::{collection, path_of};
use release_core::kube::{Pod, Workload, selector_text};
use release_core::release::canary::run::Phase;
use release_core::traffic::endpoints::{SERVICE_LABEL, Slices};
use release_core::workload::twin::is_canary_label;
use serde_json::Value;

use crate::lease::{self, Held};
use crate::marker::Marker;
use crate::names::canary_of;
use crate::record::RecordedReleases;
use crate::standing::{Standing, standing};

/// A Deployment, as decisions need it and as the API server has it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub workload: Workload,
    pub raw: Value,
}

/// Everything that a run decides by, at one moment.
#[derive(Debug, Clone)]
pub struct Look {
    pub stable: Seen,
    pub recorded: RecordedReleases,
    pub canary: Option<Seen>,
    pub lease: Option<Held>,
    /// By Service.
    pub slices: BTreeMap<String, Slices>,
    /// Names of all pods that canaries of the namespace have.
    pub canary_pods: BTreeSet<String>,
    /// Pods of the canary; and stable's, while it gets the canary's template or lacks some.
    pub pods: Vec<Pod>,
    pub at: Timestamp,
}

impl Seen {
    fn of(raw: Value) -> Result<Self, ApiError> {
        let deployment: Deployment =
            serde_json::from_value(raw.clone()).map_err(|error| ApiError::Garbled(error.to_string()))?;
        Ok(Self { workload: deployment.into(), raw })
    }
}

/// The API path of a Deployment.
#[must_use]
pub fn deployment_path(namespace: &str, name: &str) -> String {
    format!("{}/{name}", path_of("apps", "v1", "deployments", Some(namespace)))
}

async fn there<T>(reading: impl Future<Output = Result<T, ApiError>>) -> Result<Option<T>, ApiError> {
    match reading.await {
        Ok(object) => Ok(Some(object)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The stable Deployment and what it says of its releases.
///
/// # Errors
/// Exit 1 where it can't be read.
pub async fn stable(cluster: &Cluster, name: &str) -> Outcome<(Seen, RecordedReleases)> {
    let raw: Value = cluster.get(&deployment_path(&cluster.namespace, name)).await.map_err(Failure::from)?;
    let recorded = RecordedReleases::in_object(&raw);
    Ok((Seen::of(raw).map_err(Failure::from)?, recorded))
}

/// Looks at a release with these Services in front.
///
/// # Errors
/// Where one of them can't be read.
pub async fn look(cluster: &Cluster, name: &str, services: &[String]) -> Result<Look, ApiError> {
    let namespace = &cluster.namespace;
    let (stable, canary) = (deployment_path(namespace, name), deployment_path(namespace, &canary_of(name)));
    let lease = lease::path(namespace, name);
    let (stable, canary, lease, slices, pods) = try_join5(
        cluster.get::<Value>(&stable),
        there(cluster.get::<Value>(&canary)),
        there(cluster.get::<Value>(&lease)),
        slices(cluster, services),
        canary_pods(cluster),
    )
    .await?;
    let (recorded, stable) = (RecordedReleases::in_object(&stable), Seen::of(stable)?);
    let canary = canary.map(Seen::of).transpose()?;
    let canary_pods: BTreeSet<String> = pods.iter().map(|pod| pod.metadata.name.clone()).collect();
    let is_short = slices.values().any(|slices| lacks(&stable.workload, slices, &canary_pods));
    let own =
        if is_short || has_new_template(&recorded) { stables(cluster, &stable.workload).await? } else { Vec::new() };
    let of_canary = pods.into_iter().filter(|pod| canary.as_ref().is_some_and(|seen| seen.workload.owns(pod)));
    let pods = of_canary.chain(own).collect();
    let lease = lease.as_ref().map(Held::of);
    Ok(Look { stable, recorded, canary, lease, slices, canary_pods, pods, at: cluster.now() })
}

/// Fewer of stable's pods are behind the Service than are asked for: what they are in is worth a request.
fn lacks(stable: &Workload, slices: &Slices, canary_pods: &BTreeSet<String>) -> bool {
    let own = slices.ready_pods().into_iter().filter(|pod| !canary_pods.contains(*pod)).count();
    i32::try_from(own).is_ok_and(|own| own < stable.replicas)
}

fn has_new_template(recorded: &RecordedReleases) -> bool {
    recorded.current.as_ref().is_some_and(|record| record.state.phase == Phase::Promoting)
}

async fn canary_pods(cluster: &Cluster) -> Result<Vec<Pod>, ApiError> {
    let (key, value) = is_canary_label();
    pods(cluster, format!("{key}={value}")).await
}

/// Stable's own pods, of which canaries are none.
async fn stables(cluster: &Cluster, stable: &Workload) -> Result<Vec<Pod>, ApiError> {
    let (key, value) = is_canary_label();
    pods(cluster, format!("{},{key}!={value}", selector_text(&stable.selector))).await
}

async fn pods(cluster: &Cluster, selector: String) -> Result<Vec<Pod>, ApiError> {
    let path = collection::<ApiPod>(Some(&cluster.namespace));
    Ok(cluster.list(&path, &ListQuery::labelled(selector)).await?.items)
}

async fn slices(cluster: &Cluster, services: &[String]) -> Result<BTreeMap<String, Slices>, ApiError> {
    let path = collection::<EndpointSlice>(Some(&cluster.namespace));
    let query = ListQuery::labelled(format!("{SERVICE_LABEL} in ({})", services.join(",")));
    let mut found: BTreeMap<String, Vec<EndpointSlice>> = services.iter().map(|s| (s.clone(), Vec::new())).collect();
    for slice in cluster.list::<EndpointSlice>(&path, &query).await?.items {
        let service = slice.metadata.labels.as_ref().and_then(|labels| labels.get(SERVICE_LABEL)).cloned();
        found.entry(service.unwrap_or_default()).or_default().push(slice);
    }
    Ok(found.into_iter().map(|(service, slices)| (service, slices.into_iter().collect())).collect())
}

impl Look {
    /// The marker of the canary.
    #[must_use]
    pub fn marker(&self) -> Option<Marker> {
        self.canary.as_ref().and_then(|seen| Marker::of(&seen.raw))
    }
}

/// The stable Deployment, its canary and the Lease, for those who only say a word, or don't know yet what to look at.
#[derive(Debug)]
pub struct Brief {
    pub stable: Seen,
    pub recorded: RecordedReleases,
    pub canary: Option<Seen>,
    pub lease: Option<Held>,
}

/// Reads it.
///
/// # Errors
/// Exit 1 where it can't be read.
pub async fn brief(cluster: &Cluster, name: &str) -> Outcome<Brief> {
    let namespace = &cluster.namespace;
    let (lease, canary) = (lease::path(namespace, name), deployment_path(namespace, &canary_of(name)));
    let lease = async { there(cluster.get::<Value>(&lease)).await.map_err(Failure::from) };
    let canary = async { there(cluster.get::<Value>(&canary)).await.map_err(Failure::from) };
    let ((stable, recorded), canary, lease) = try_join3(stable(cluster, name), canary, lease).await?;
    let canary = canary.map(Seen::of).transpose().map_err(Failure::from)?;
    Ok(Brief { stable, recorded, canary, lease: lease.as_ref().map(Held::of) })
}

impl Brief {
    /// How the Deployment's release stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        let marker = self.canary.as_ref().and_then(|seen| Marker::of(&seen.raw));
        standing(&self.recorded, &self.stable.workload, marker.as_ref())
    }

    /// True while somebody runs it.
    #[must_use]
    pub fn is_run(&self, now: Timestamp) -> bool {
        self.lease.as_ref().is_some_and(|held| held.is_fresh(now))
    }
}
