//! Admission policies that rewrite what is written.

use anyhow::Result;
use lab::{Namespace, eventually};
use serde_json::json;

use super::run::admin;
use crate::LIMIT;

/// From a moment after it returns on, what matches (group, resource, operation) gets what the expression says.
///
/// # Errors
/// Where the API server refuses the policy.
pub async fn mutates(ns: &Namespace, resource: (&str, &str, &str), patch: &str) -> Result<()> {
    let (group, plural, operation) = resource;
    let name = format!("{}-{plural}.example.com", ns.name());
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
    ns.apply_all(&[policy, binding]).await
}

/// From when it returns on, new pods get what the expression says; `probe` is an image that it changes.
///
/// # Errors
/// Where the API server refuses the policy.
pub async fn rewrites(ns: &Namespace, patch: &str, probe: &str) -> Result<()> {
    mutates(ns, ("", "pods", "CREATE"), patch).await?;
    let words = ["run", "probe", "--image", probe, "--dry-run=server", "-o", "jsonpath={.spec.containers[0].image}"];
    eventually("the policy is in force", LIMIT, || async { Ok((admin(ns).must(&words).await? != probe).then_some(())) })
        .await
}
