//! The copy of an object for another color.

use serde_json::{Map, Value, json};

use super::exchange::Exchange;
use crate::traffic::selector::is_machine_key;

/// Annotations and labels by which somebody knows an object of theirs: a copy that has them would be taken
/// for what was deleted from a repository or a release.
const OF_OWNERS: [&str; 21] = [
    "kubectl-release.dev/",
    "applyset.kubernetes.io/",
    "cli-utils.sigs.k8s.io/",
    "config.k8s.io/owning-inventory",
    "fleet.cattle.io/",
    "helm.sh/chart",
    "kluctl.io/",
    "kubernetes.io/cluster-service",
    "skaffold.dev/",
    "tanka.dev/",
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

/// By which Argo CD knew its objects before 3.0; to others it says what an object is a part of.
const INSTANCE: &str = "app.kubernetes.io/instance";

/// Annotations of a pod template that are about one rollout of it.
pub(super) const OF_A_ROLLOUT: [&str; 1] = ["kubectl.kubernetes.io/restartedAt"];

/// The workload of the other color: the same spec, with its name, labels and selectors exchanged, and
/// without what the API server, its owners and its rollouts wrote. What is paused holds a rollout of its own; a copy
/// that is would never have a pod.
#[must_use]
pub fn twin_of(workload: &Value, exchange: &Exchange<'_>) -> Value {
    let mut spec = workload["spec"].clone();
    exchange.selector(&mut spec["selector"]);
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("paused");
    }
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
        if is_argos(from) {
            kept.remove(INSTANCE);
        }
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

/// Written or annotated by Argo CD.
fn is_argos(metadata: &Value) -> bool {
    let managers = metadata["managedFields"].as_array().into_iter().flatten();
    let by_it = |entry: &Value| entry["manager"].as_str().is_some_and(|manager| manager.starts_with("argocd"));
    let annotations = metadata["annotations"].as_object();
    let has_its = annotations.is_some_and(|all| all.keys().any(|key| key.starts_with("argocd.argoproj.io/")));
    has_its || managers.into_iter().any(by_it)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::kube::Labels;

    fn copied(metadata: &Value, spec: &Value) -> Value {
        let base = Labels::from([("app".to_owned(), "api".to_owned())]);
        let object = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec});
        twin_of(&object, &Exchange { key: "version", from: "blue", to: "green", base: &base })
    }

    /// Whoever applies a set with `--prune` takes away what has its mark and isn't in it: the copy, with all traffic on
    /// it. Marks as their tools document them: kubectl's ApplySet (KEP-3659), cli-utils and kpt, Rancher Fleet, Helm's
    /// charts, kluctl, the addon manager, Skaffold, Tanka.
    #[test]
    fn a_copy_is_no_part_of_its_owners_sets() {
        let marks = json!({"applyset.kubernetes.io/part-of": "applyset-1-v1", "helm.sh/chart": "api-1.2.3",
            "kubernetes.io/cluster-service": "true", "skaffold.dev/run-id": "1", "tanka.dev/environment": "prod",
            "team": "shop"});
        let more = json!({"config.k8s.io/owning-inventory": "1", "cli-utils.sigs.k8s.io/inventory-id": "1",
            "fleet.cattle.io/bundle-id": "1", "kluctl.io/deployment": "api", "pager": "shop"});
        let twin = copied(&json!({"name": "api-blue", "labels": marks, "annotations": more}), &json!({}));
        let keys = |field: &str| twin["metadata"][field].as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys("labels"), BTreeSet::from(["team".to_owned()]));
        assert_eq!(keys("annotations"), BTreeSet::from(["pager".to_owned()]));
    }

    /// Argo CD before 3.0 knows its objects by a label that others use to say what an object is a part of.
    #[test]
    fn a_label_that_is_argos_mark_goes_where_argo_wrote_the_object() {
        let labels = json!({"app.kubernetes.io/instance": "shop"});
        let by = |manager: &str| json!([{"manager": manager, "operation": "Apply"}]);
        for (manager, kept) in [("argocd-controller", false), ("helm", true)] {
            let metadata = json!({"name": "api-blue", "labels": labels, "managedFields": by(manager)});
            let twin = copied(&metadata, &json!({}));
            assert_eq!(twin["metadata"]["labels"].is_object(), kept, "{manager}");
        }
    }

    /// It would be waited for in vain: no controller gives a paused workload pods.
    #[test]
    fn a_copy_of_what_is_paused_has_pods() {
        let twin = copied(&json!({"name": "api-blue"}), &json!({"paused": true, "replicas": 2}));
        assert_eq!(twin["spec"]["paused"], Value::Null);
        assert_eq!(twin["spec"]["replicas"], 2);
    }
}
