//! Argo's rules over templates as teams have them, and what people have reported of them.

mod arguments;
mod measured;
mod merged;
mod metrics;

use serde_json::{Value, json};

use super::template::ArgoTemplate;

/// A template of the namespace, or of the cluster.
pub fn template(name: &str, is_of_cluster: bool, spec: Value) -> ArgoTemplate {
    let kind = if is_of_cluster { "ClusterAnalysisTemplate" } else { "AnalysisTemplate" };
    let whole = json!({"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec});
    serde_json::from_value(whole).unwrap()
}

pub fn metric(name: &str, more: Value) -> Value {
    let mut metric = json!({"name": name, "provider": {"prometheus": {"query": "up"}}});
    metric.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    metric
}
