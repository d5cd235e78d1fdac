//! Admission policies that rewrite what is written.

use anyhow::Result;
use lab::{Namespace, eventually};
use serde_json::json;

use super::run::admin;
use crate::LIMIT;

/// From when it returns on, what matches (group, resource, operation) gets what the expression says: the probe, a
/// command that stores nothing, shows it.
///
/// # Errors
/// Where the API server refuses the policy.
pub async fn mutates(
    ns: &Namespace,
    (group, plural, operation): (&str, &str, &str),
    patch: &str,
    probe: (&[&str], impl Fn(&str) -> bool),
) -> Result<()> {
    let name = format!("{}-{}.example.com", ns.name(), plural.replace('/', "-"));
    let policy = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail", "reinvocationPolicy": "IfNeeded",
            "matchConstraints": {"resourceRules": [{
                "apiGroups": [group], "apiVersions": ["v1"], "resources": [plural], "operations": [operation],
            }]},
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}],
        },
    });
    let of_namespace = json!({"matchLabels": {"kubernetes.io/metadata.name": ns.name()}});
    let binding = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "matchResources": {"namespaceSelector": of_namespace}},
    });
    ns.apply_all(&[policy, binding]).await?;
    let (words, shows) = probe;
    eventually("the policy is in force", LIMIT, || async { Ok(shows(&admin(ns).must(words).await?).then_some(())) })
        .await
}

/// The same of new pods; `probe` is an image that it changes.
///
/// # Errors
/// Where the API server refuses the policy.
pub async fn rewrites(ns: &Namespace, patch: &str, probe: &str) -> Result<()> {
    let words = ["run", "probe", "--image", probe, "--dry-run=server", "-o", "jsonpath={.spec.containers[0].image}"];
    mutates(ns, ("", "pods", "CREATE"), patch, (&words, |image| image != probe)).await
}
