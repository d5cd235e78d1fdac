//! Admission policies of a test's own: the API server refuses or warns as the test wants it.

use anyhow::Result;
use k8s_openapi::api::admissionregistration::v1::{ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding};
use kube::api::{Api, DeleteParams};
use lab::{Lab, Namespace, eventually};
use serde_json::{Value, json};

use crate::LIMIT;
use crate::common::run::admin;

/// A policy on updates of one Service of one namespace, or on its new pods.
#[derive(Debug)]
pub struct Policy {
    lab: Lab,
    name: String,
}

impl Policy {
    /// Updates of the Service that don't meet the CEL expression are refused.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn deny(ns: &Namespace, service: &str, expression: &str, message: &str) -> Result<Self> {
        Self::create(ns, service, expression, message, "Deny").await
    }

    /// Updates of the Service that don't meet the CEL expression are warned about.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn warn(ns: &Namespace, service: &str, expression: &str, message: &str) -> Result<Self> {
        Self::create(ns, service, expression, message, "Warn").await
    }

    /// New pods that don't meet the CEL expression are refused.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn deny_pods(ns: &Namespace, expression: &str, message: &str) -> Result<Self> {
        let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["pods"], "operations": ["CREATE"]});
        let policy = Self::written(ns, "pods", &rule, (expression, message), "Deny").await?;
        let kubectl = admin(ns);
        let probe =
            ["run", "probe", "--image=registry.example.com/probe:1", "--labels=version=green", "--dry-run=server"];
        eventually("policy on pods", LIMIT, || async {
            Ok(kubectl.run(&probe).await?.stderr.contains(message).then_some(()))
        })
        .await?;
        Ok(policy)
    }

    /// No Deployment gets another size.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn deny_scaling(ns: &Namespace, message: &str) -> Result<Self> {
        let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments/scale"],
            "operations": ["UPDATE"]});
        let policy = Self::written(ns, "scaling", &rule, ("false", message), "Deny").await?;
        let kubectl = admin(ns);
        eventually("policy on sizes", LIMIT, || async {
            let asked = kubectl.run(&["scale", "deployment", "--all", "--replicas=7", "--dry-run=server"]).await?;
            Ok(asked.stderr.contains(message).then_some(()))
        })
        .await?;
        Ok(policy)
    }

    /// No Deployment is left without a pod.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn keep_a_pod(ns: &Namespace) -> Result<Self> {
        let message = "a pod of each stays";
        let rule = json!({"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"],
            "operations": ["UPDATE"]});
        let policy = Self::written(ns, "sizes", &rule, ("object.spec.replicas >= 1", message), "Deny").await?;
        let kubectl = admin(ns);
        eventually("policy on pods", LIMIT, || async {
            let none = ["patch", "deployment", "api", "-p", r#"{"spec": {"replicas": 0}}"#, "--dry-run=server"];
            Ok(kubectl.run(&none).await?.stderr.contains(message).then_some(()))
        })
        .await?;
        Ok(policy)
    }

    /// No EndpointSlice is written any more, so that what is published stays what it is.
    ///
    /// # Errors
    /// Where the API server refuses the policy.
    pub async fn keep_slices(ns: &Namespace) -> Result<Self> {
        let message = "endpoints stay as they are";
        let rule = json!({"apiGroups": ["discovery.k8s.io"], "apiVersions": ["v1"], "resources": ["endpointslices"],
            "operations": ["CREATE", "UPDATE", "DELETE"]});
        let policy = Self::written(ns, "slices", &rule, ("false", message), "Deny").await?;
        let kubectl = admin(ns);
        eventually("policy on EndpointSlices", LIMIT, || async {
            let asked = kubectl.run(&["label", "endpointslices", "--all", "probe=1", "--dry-run=server"]).await?;
            Ok(asked.stderr.contains(message).then_some(()))
        })
        .await?;
        Ok(policy)
    }

    async fn create(ns: &Namespace, service: &str, expression: &str, message: &str, action: &str) -> Result<Self> {
        let rule = json!({"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"],
            "operations": ["UPDATE"], "resourceNames": [service]});
        let policy = Self::written(ns, service, &rule, (expression, message), action).await?;
        in_force(ns, service, message).await?;
        Ok(policy)
    }

    async fn written(
        ns: &Namespace,
        about: &str,
        rule: &Value,
        (expression, message): (&str, &str),
        action: &str,
    ) -> Result<Self> {
        let name = format!("{}.{about}.example.com", ns.name());
        let policy = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "matchConstraints": {"resourceRules": [rule]},
                "validations": [{"expression": expression, "message": message}],
            },
        });
        let binding = json!({
            "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": name},
            "spec": {
                "policyName": name, "validationActions": [action],
                "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": ns.name()}}},
            },
        });
        ns.apply_all(&[policy, binding]).await?;
        Ok(Self { lab: ns.lab().clone(), name })
    }

    /// Removes it; it may be in force for a moment longer.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn remove(self) -> Result<()> {
        let (client, by_default) = (self.lab.client(), DeleteParams::default());
        Api::<ValidatingAdmissionPolicyBinding>::all(client.clone()).delete(&self.name, &by_default).await?;
        Api::<ValidatingAdmissionPolicy>::all(client).delete(&self.name, &by_default).await?;
        Ok(())
    }
}

/// The API server learns of a policy a moment after it was written: asks with a selector that no
/// test's expression allows, and stores nothing.
async fn in_force(ns: &Namespace, service: &str, message: &str) -> Result<()> {
    let patch = json!({"spec": {"selector": {"version": "probe-of-the-policy"}}}).to_string();
    let kubectl = admin(ns);
    eventually(&format!("policy on {service}"), LIMIT, || async {
        let asked =
            kubectl.run(&["patch", "service", service, "--dry-run=server", "--type=merge", "-p", &patch]).await?;
        Ok(asked.stderr.contains(message).then_some(()))
    })
    .await
}
