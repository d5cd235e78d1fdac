//! Pods, chosen by their labels.

use anyhow::Result;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{ListParams, Patch, PatchParams};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use crate::LIMIT;

/// The pods with these labels.
///
/// # Errors
/// Where they can't be listed.
pub async fn pods(ns: &Namespace, labels: &str) -> Result<Vec<Pod>> {
    Ok(ns.api::<Pod>().list(&ListParams::default().labels(labels)).await?.items)
}

/// Whether a pod is ready.
#[must_use]
pub fn is_ready(pod: &Pod) -> bool {
    let mut conditions = pod.status.iter().flat_map(|s| s.conditions.iter().flatten());
    conditions.any(|c| c.type_ == "Ready" && c.status == "True")
}

/// Whether a container of a pod waits for this reason.
#[must_use]
pub fn is_waiting(pod: &Pod, reason: &str) -> bool {
    let statuses = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten());
    let mut reasons = statuses.filter_map(|c| c.state.as_ref()?.waiting.as_ref()?.reason.as_deref());
    reasons.any(|found| found == reason)
}

/// Waits until a container of every pod with these labels waits for this reason.
///
/// # Errors
/// Where that takes too long.
pub async fn all_waiting(ns: &Namespace, labels: &str, reason: &str) -> Result<()> {
    eventually(reason, LIMIT, || async {
        let found = pods(ns, labels).await?;
        Ok((!found.is_empty() && found.iter().all(|pod| is_waiting(pod, reason))).then_some(()))
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
        match ns.api::<Pod>().patch(&pod.name_any(), &PatchParams::default(), &patch).await {
            Err(error) if !went(&error) => return Err(error.into()),
            // A rollout may take one away meanwhile.
            _ => {}
        }
    }
    Ok(())
}

fn went(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.code == 404)
}

/// Waits until no pod with these labels is left.
///
/// # Errors
/// Where that takes too long.
pub async fn gone(ns: &Namespace, labels: &str) -> Result<()> {
    eventually(&format!("no pods {labels}"), LIMIT, || async { Ok(pods(ns, labels).await?.is_empty().then_some(())) })
        .await
}
