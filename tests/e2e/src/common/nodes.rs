//! Nodes of a test's own, which it may take away.

use anyhow::Result;
use k8s_openapi::api::core::v1::Node;
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use crate::LIMIT;

/// A node that takes only pods which [`pinned`] sends there; it ends with the test's namespace at
/// the latest in name, and with the lab in fact.
#[derive(Debug)]
pub struct OwnNode {
    name: String,
    nodes: Api<Node>,
}

impl OwnNode {
    /// Joins it, and waits until it takes pods.
    ///
    /// # Errors
    /// Where the API server refuses, or it doesn't become ready.
    pub async fn join(ns: &Namespace) -> Result<Self> {
        Self::called(ns, format!("node-of-{}", ns.name())).await
    }

    /// The same with this name, which is nobody else's.
    ///
    /// # Errors
    /// Where the API server refuses, or it doesn't become ready.
    pub async fn called(ns: &Namespace, name: String) -> Result<Self> {
        ns.apply(&json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": name,
                "annotations": {"kwok.x-k8s.io/node": "fake"},
                "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
            },
            "spec": {"taints": [{"key": "owner", "value": name, "effect": "NoSchedule"}]},
        }))
        .await?;
        let nodes: Api<Node> = Api::all(ns.lab().client());
        eventually("the node is ready", LIMIT, || async {
            let node = nodes.get(&name).await?;
            let taints = node.spec.and_then(|s| s.taints).unwrap_or_default();
            let conditions = node.status.and_then(|s| s.conditions).unwrap_or_default();
            let ready = conditions.iter().any(|c| c.type_ == "Ready" && c.status == "True");
            Ok((ready && taints.len() == 1).then_some(()))
        })
        .await?;
        Ok(Self { name, nodes })
    }

    /// Says in which zone it is.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn in_zone(&self, zone: &str) -> Result<()> {
        let labels = json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}});
        self.nodes.patch(&self.name, &PatchParams::default(), &Patch::Merge(labels)).await?;
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes it away, as a spot instance is.
    ///
    /// # Errors
    /// Where the API server refuses.
    pub async fn leave(&self) -> Result<()> {
        self.nodes.delete(&self.name, &DeleteParams::default()).await?;
        Ok(())
    }

    /// Sends a workload's pods to it.
    pub fn pinned(&self, mut workload: Value) -> Value {
        let spec = &mut workload["spec"]["template"]["spec"];
        spec["nodeSelector"] = json!({"kubernetes.io/hostname": self.name});
        spec["tolerations"] = json!([{"key": "owner", "value": self.name, "effect": "NoSchedule"}]);
        workload
    }
}
