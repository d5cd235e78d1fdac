//! The copy of an object for another color.

use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use crate::traffic::selector::is_machine_key;

/// Annotations and labels by which somebody knows an object of theirs: a copy that has them would be taken
/// for what was deleted from a repository or a release.
const OF_OWNERS: [&str; 12] = [
    "kubectl-release.dev/",
    "deployment.kubernetes.io/",
    "kubectl.kubernetes.io/",
    "kubernetes.io/change-cause",
    "argocd.argoproj.io/",
    "kustomize.toolkit.fluxcd.io/",
    "helm.toolkit.fluxcd.io/",
    "meta.helm.sh/",
    "objectset.rio.cattle.io/",
    "configmanagement.gke.io/",
    "kapp.k14s.io/",
    "addonmanager.kubernetes.io/",
];

/// Says that a tool manages the object; it doesn't manage the copy.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// Annotations of a pod template that are about one rollout of it.
pub(super) const OF_A_ROLLOUT: [&str; 1] = ["kubectl.kubernetes.io/restartedAt"];

/// The workload of the other color: the same spec, with its name, labels and selectors exchanged, and
/// without what the API server, its owners and its rollouts wrote.
#[must_use]
pub fn twin_of(workload: &Value, exchange: &Exchange<'_>) -> Value {
    let mut spec = workload["spec"].clone();
    exchange.selector(&mut spec["selector"]);
    exchanged_template(&mut spec["template"], exchange);
    json!({
        "apiVersion": workload["apiVersion"].as_str().unwrap_or("apps/v1"),
        "kind": workload["kind"],
        "metadata": metadata(workload, exchange),
        "spec": spec,
    })
}

/// A pod template of the other color.
pub(super) fn exchanged_template(template: &mut Value, exchange: &Exchange<'_>) {
    if let Some(labels) = template["metadata"].get_mut("labels").and_then(Value::as_object_mut) {
        labels.retain(|key, _| !is_machine_key(key));
    }
    exchange.pod_labels(&mut template["metadata"]["labels"]);
    if let Some(metadata) = template["metadata"].as_object_mut() {
        metadata.remove("creationTimestamp");
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.retain(|key, _| !OF_A_ROLLOUT.contains(&key.as_str()));
        }
    }
    exchange.selectors_within(&mut template["spec"]);
}

/// Name, namespace, labels and annotations: nothing else of an object's metadata is another's.
pub(super) fn metadata(object: &Value, exchange: &Exchange<'_>) -> Value {
    let from = &object["metadata"];
    let name = exchange.name(from["name"].as_str().unwrap_or_default());
    let mut metadata = Map::from_iter([("name".to_owned(), name.into())]);
    if from["namespace"].is_string() {
        metadata.insert("namespace".into(), from["namespace"].clone());
    }
    for field in ["labels", "annotations"] {
        let mut kept = from[field].as_object().cloned().unwrap_or_default();
        kept.retain(|key, _| key != MANAGED_BY && !OF_OWNERS.iter().any(|owner| key.starts_with(owner)));
        let mut kept = Value::Object(kept);
        if field == "labels" {
            exchange.labels(&mut kept);
        }
        if kept.as_object().is_some_and(|kept| !kept.is_empty()) {
            metadata.insert(field.into(), kept);
        }
    }
    Value::Object(metadata)
}
