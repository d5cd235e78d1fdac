//! A namespace with one application in it, in the states that tests begin with.

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use lab::fixtures::{App, Behavior, Color};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use crate::LIMIT;

/// Versions as people tag them.
pub const BLUE: &str = "registry.example.com/api:1.4.0";
/// The version after [`BLUE`].
pub const GREEN: &str = "registry.example.com/api:1.5.0";

/// `api`, whose colors differ in the label `version`.
pub fn api() -> App {
    App::new("api").key("version")
}

/// A color of `api` with so many pods, which behave like this.
pub fn color(name: &str, replicas: u32, behavior: Behavior) -> Color {
    Color::new(name, if name == "blue" { BLUE } else { GREEN }).replicas(replicas).behavior(behavior)
}

/// Blue as it should be, and a green of this behavior; waits for blue, and for green's pods to exist.
///
/// # Errors
/// Where the pods don't come.
pub async fn with_green(ns: &Namespace, replicas: u32, behavior: Behavior) -> Result<()> {
    let app = api().color(color("blue", replicas, Behavior::Ready)).color(color("green", replicas, behavior));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    eventually("green's pods exist", LIMIT, || async {
        Ok((pods(ns, "version=green").await?.len() == replicas as usize).then_some(()))
    })
    .await
}

/// The pods with these labels.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods(ns: &Namespace, labels: &str) -> Result<Vec<Pod>> {
    Ok(ns.api::<Pod>().list(&ListParams::default().labels(labels)).await?.items)
}

/// Waits until a container of every pod with these labels waits for this reason.
///
/// # Errors
/// Where that takes too long.
pub async fn all_waiting(ns: &Namespace, labels: &str, reason: &str) -> Result<()> {
    let waits = |pod: &Pod| {
        let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
        let mut reasons = statuses.filter_map(|c| c.state.as_ref()?.waiting.as_ref()?.reason.as_deref());
        reasons.any(|found| found == reason)
    };
    eventually(reason, LIMIT, || async {
        let found = pods(ns, labels).await?;
        Ok((!found.is_empty() && found.iter().all(waits)).then_some(()))
    })
    .await
}

/// Merges annotations into every pod with these labels.
///
/// # Errors
/// Where a pod can't be written.
pub async fn annotate_pods(ns: &Namespace, labels: &str, annotations: &[(&str, &str)]) -> Result<()> {
    let values: serde_json::Map<String, Value> =
        annotations.iter().map(|(key, value)| ((*key).to_owned(), json!(value))).collect();
    for pod in pods(ns, labels).await? {
        let patch = Patch::Merge(json!({"metadata": {"annotations": values}}));
        ns.api::<Pod>().patch(&pod.name_any(), &PatchParams::default(), &patch).await?;
    }
    Ok(())
}

/// Scales a Deployment by hand.
///
/// # Errors
/// Where the API server refuses.
pub async fn scale(ns: &Namespace, deployment: &str, replicas: i32) -> Result<()> {
    ns.patch::<Deployment>(deployment, json!({"spec": {"replicas": replicas}})).await.map(drop)
}

/// Replicas that a Deployment asks for.
///
/// # Errors
/// Where it can't be read.
pub async fn replicas(ns: &Namespace, deployment: &str) -> Result<i32> {
    Ok(ns.api::<Deployment>().get(deployment).await?.spec.and_then(|s| s.replicas).unwrap_or_default())
}

/// Waits until no pod with these labels is left.
///
/// # Errors
/// Where that takes too long.
pub async fn gone(ns: &Namespace, labels: &str) -> Result<()> {
    eventually(&format!("no pods {labels}"), LIMIT, || async { Ok(pods(ns, labels).await?.is_empty().then_some(())) })
        .await
}
