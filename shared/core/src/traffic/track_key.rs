//! Which labels can tell the colors of a Service apart.

use k8s_openapi::api::core::v1::Service;

use super::argo::ARGO_HASH;
use crate::kube::Labels;

/// Labels that controllers put on pods: they tell pods apart, not colors.
const MACHINE_KEYS: [&str; 8] = [
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    ARGO_HASH,
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/controller-uid",
];

/// Labels that say which application a pod is of. Where two applications share a version label
/// (`app: api, version: blue` and `app: web, version: blue`), these differ too, and moving a
/// Service along them would send one application's traffic to another: only on request.
const IDENTITY_KEYS: [&str; 18] = [
    "app",
    "application",
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/managed-by",
    "helm.sh/chart",
    "k8s-app",
    "name",
    "component",
    "service",
    "tier",
    "role",
    "env",
    "environment",
    "team",
    "heritage",
];

/// True for a label that a controller puts on pods.
#[must_use]
pub fn is_machine_key(key: &str) -> bool {
    MACHINE_KEYS.contains(&key)
}

/// True for a label that says which application a pod is of.
#[must_use]
pub fn is_identity_key(key: &str) -> bool {
    IDENTITY_KEYS.contains(&key)
}

/// False for two Services whose selectors name different applications.
#[must_use]
pub fn are_of_one_application(one: &Service, other: &Service) -> bool {
    let labels = |service: &Service| service.spec.as_ref().and_then(|spec| spec.selector.clone()).unwrap_or_default();
    let (one, other) = (labels(one), labels(other));
    !one.iter().any(|(key, value)| is_identity_key(key) && other.get(key).is_some_and(|its| its != value))
}

/// True for a label of a selector that can tell colors apart, as nobody has to say: not a controller's, not
/// the application's, and not the only one.
#[must_use]
pub fn can_tell_colors(selector: &Labels, key: &str) -> bool {
    candidate_keys(selector).any(|candidate| candidate == key)
}

/// Keys that can tell colors apart: not a machine's, not the application's, and never the only
/// one, for then nothing would say which application is meant.
pub fn candidate_keys(selector: &Labels) -> impl Iterator<Item = &str> {
    let alone = selector.len() < 2;
    selector.keys().map(String::as_str).filter(move |k| !alone && !is_machine_key(k) && !is_identity_key(k))
}
