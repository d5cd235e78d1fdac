//! Pods, read into a slim form: five thousand of 10 KiB each must fit into a few MiB.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStatus;
use serde::Deserialize;

use super::labels::Labels;

/// The reason of a Ready condition that we took because of the pod's node.
pub const NODE_LOST: &str = "NodeLost";

/// A pod, cut down while it is parsed.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pod {
    pub metadata: PodMeta,
    #[serde(default)]
    pub spec: PodSpec,
    #[serde(default)]
    pub status: PodStatus,
}

/// The part of a pod's metadata that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodMeta {
    pub name: String,
    pub uid: String,
    pub labels: Labels,
    pub owner_references: Vec<Owner>,
    pub finalizers: Vec<String>,
    pub creation_timestamp: Option<Timestamp>,
    pub deletion_timestamp: Option<Timestamp>,
    pub deletion_grace_period_seconds: Option<i64>,
}

/// An owner reference.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub controller: Option<bool>,
}

/// The part of a pod's spec that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub node_name: Option<String>,
    /// Not kept by [`Pod::slim`].
    pub containers: Vec<PodContainer>,
    /// Not kept by [`Pod::slim`].
    pub init_containers: Vec<PodContainer>,
}

/// A container as the pod's spec asks for it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PodContainer {
    pub name: String,
    pub image: String,
}

/// The part of a pod's status that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    pub phase: String,
    #[serde(rename = "podIP")]
    pub pod_ip: Option<String>,
    pub conditions: Vec<PodCondition>,
    /// Kept only for pods that are not ready (see [`Pod::slim`]).
    pub container_statuses: Vec<ContainerStatus>,
    /// Kept only for pods that are not ready (see [`Pod::slim`]).
    pub init_container_statuses: Vec<ContainerStatus>,
}

/// A condition of a pod.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    #[serde(rename = "type")]
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
}

impl Pod {
    /// True while the Ready condition holds and nobody deleted the pod.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.metadata.deletion_timestamp.is_none() && self.condition("Ready").is_some_and(|c| c.status == "True")
    }

    /// True once the pod was deleted but is still there.
    #[must_use]
    pub fn is_terminating(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    /// True for a pod that ended and only its object is left.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// The pod's condition of that type.
    #[must_use]
    pub fn condition(&self, kind: &str) -> Option<&PodCondition> {
        self.status.conditions.iter().find(|c| c.kind == kind)
    }

    /// The image that the pod's spec asks for in a container or init container.
    #[must_use]
    pub fn image_of(&self, container: &str) -> Option<&str> {
        let mut all = self.spec.containers.iter().chain(&self.spec.init_containers);
        all.find(|c| c.name == container).map(|c| c.image.as_str())
    }

    /// The status of a container or init container.
    #[must_use]
    pub fn container_status(&self, container: &str) -> Option<&ContainerStatus> {
        let mut all = self.status.container_statuses.iter().chain(&self.status.init_container_statuses);
        all.find(|c| c.name == container)
    }

    /// Takes its readiness, and says why: what its own condition says is out of date.
    pub fn lose(&mut self, why: String) {
        self.status.conditions.retain(|c| c.kind != "Ready");
        let reason = NODE_LOST.to_owned();
        self.status.conditions.push(PodCondition {
            kind: "Ready".into(),
            status: "Unknown".into(),
            reason,
            message: why,
        });
    }

    /// Drops what only matters for pods that are in trouble, and what images they have.
    #[must_use]
    pub fn slim(mut self) -> Self {
        self.spec.containers = Vec::new();
        self.spec.init_containers = Vec::new();
        if self.is_ready() {
            self.status.container_statuses = Vec::new();
            self.status.init_container_statuses = Vec::new();
            self.status.conditions.retain(|c| c.kind == "Ready");
        }
        self
    }
}
