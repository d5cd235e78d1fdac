//! The workload of a canary: stable's, with a label of ours.

use serde_json::Value;

use super::copy::twin_of;
use super::exchange::Exchange;
use crate::kube::Labels;

/// The label that tells a canary's pods from those of the version beside it.
pub const ROLE: &str = "kubectl-release.dev/role";
/// Its value, and what stands behind the workload's name.
const CANARY: &str = "canary";
/// No label has it for its value, so that no other label is exchanged.
const NOBODY: &str = "\0";

/// The canary of a workload: the same spec, without what the API server, its owners and its rollouts wrote; with
/// [`ROLE`] on its pods and in its selector, so that it selects no pod but its own. All other labels of its pods are
/// stable's.
#[must_use]
pub fn canary_of(workload: &Value) -> Value {
    let base = Labels::new();
    let mut canary = twin_of(workload, &Exchange { key: ROLE, from: NOBODY, to: CANARY, base: &base });
    canary["metadata"]["labels"][ROLE] = CANARY.into();
    canary
}

/// The selector of canaries' pods alone.
#[must_use]
pub fn is_canary_label() -> (&'static str, &'static str) {
    (ROLE, CANARY)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Two Deployments that select each other's pods would take turns to delete them.
    #[test]
    fn it_is_stables_with_a_label_of_its_own() {
        let stable = json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "api", "uid": "u", "labels": {"app": "api", "empty": ""}},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "api"}},
                "template": {"metadata": {"labels": {"app": "api", "empty": ""}}, "spec": {"containers": []}}}});
        let canary = canary_of(&stable);
        assert_eq!(canary["metadata"]["name"], "api-canary");
        assert_eq!(canary["metadata"]["uid"], Value::Null);
        assert_eq!(canary["spec"]["selector"]["matchLabels"], json!({"app": "api", ROLE: "canary"}));
        let labels = json!({"app": "api", "empty": "", ROLE: "canary"});
        assert_eq!(canary["spec"]["template"]["metadata"]["labels"], labels);
    }
}
