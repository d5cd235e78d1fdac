//! Pods, read into a slim form: five thousand of 10 KiB each must fit into a few MiB.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::ContainerStatus;
use serde::Deserialize;

use super::labels::Labels;
use crate::text::printable;

/// The reason of a Ready condition that we took because of the pod's node.
pub const NODE_LOST: &str = "NodeLost";
/// The reason of a Ready condition that we took because a Service doesn't send to the pod.
pub const LEFT_OUT: &str = "LeftOut";
/// The reason of a Ready condition that we took because of the pod's owner.
pub const OWNER_GONE: &str = "OwnerGone";

/// A pod, cut down while it is parsed.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Pod {
    pub metadata: PodMeta,
    #[serde(default)]
    pub spec: PodSpec,
    #[serde(default)]
    pub status: PodStatus,
    /// Who runs it, once that was looked up.
    #[serde(skip)]
    pub run_by: RunBy,
}

/// Who runs a pod: the controller at the end of its chain of owners.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum RunBy {
    /// Not looked up, or its ReplicaSet isn't known.
    #[default]
    Unknown,
    /// It has no controller.
    Nobody,
    Controller(Owner),
    /// Its ReplicaSet isn't there any more.
    Gone(Owner),
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Owner {
    pub kind: String,
    pub name: String,
    pub uid: String,
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
    /// What [`Pod::slim`] keeps of its containers: their ports that have a name.
    #[serde(skip)]
    pub ports: Option<Vec<PodPort>>,
}

/// A container as the pod's spec asks for it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodContainer {
    pub name: String,
    pub image: String,
    pub ports: Vec<PodPort>,
    /// `Always` for an init container that runs beside the main ones.
    pub restart_policy: Option<String>,
}

/// A port of a container, as a Service asks for it by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodPort {
    pub name: String,
    pub protocol: String,
}

impl Default for PodPort {
    fn default() -> Self {
        Self { name: String::new(), protocol: "TCP".to_owned() }
    }
}

/// The part of a pod's status that decisions need.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    pub phase: String,
    /// When the kubelet took it on.
    pub start_time: Option<Timestamp>,
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
    pub last_transition_time: Option<Timestamp>,
}

impl Pod {
    /// True while the Ready condition holds, nobody deleted the pod and it hasn't ended: a kubelet that
    /// shuts down or evicts may leave the condition as it was, and the EndpointSlice controller leaves
    /// such pods out
    /// (<https://kubernetes.io/docs/concepts/cluster-administration/node-shutdown/#graceful-node-shutdown>).
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let stays = self.metadata.deletion_timestamp.is_none() && !self.is_finished();
        stays && self.condition("Ready").is_some_and(|c| c.status == "True")
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

    /// False for a pod that is on its way out, or has ended.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !self.is_terminating() && !self.is_finished()
    }

    /// Its owner that acts as its controller.
    #[must_use]
    pub fn controller(&self) -> Option<&Owner> {
        self.metadata.owner_references.iter().find(|owner| owner.controller == Some(true))
    }

    /// What runs it, as `KIND/NAME`; nothing for a stray.
    #[must_use]
    pub fn runner(&self) -> Option<String> {
        let controller = match &self.run_by {
            RunBy::Controller(owner) | RunBy::Gone(owner) => owner,
            RunBy::Nobody => return None,
            RunBy::Unknown => self.controller()?,
        };
        let kind = match controller.kind.as_str() {
            "Deployment" => "deploy".to_owned(),
            "StatefulSet" => "sts".to_owned(),
            "DaemonSet" => "ds".to_owned(),
            "ReplicaSet" => "rs".to_owned(),
            other => other.to_lowercase(),
        };
        Some(printable(&format!("{kind}/{}", controller.name)))
    }

    /// True for a pod that no workload keeps: made by hand, a copy for debugging, a Job's, a static
    /// one of its node (<https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/>).
    #[must_use]
    pub fn is_stray(&self) -> bool {
        let controller = match &self.run_by {
            RunBy::Controller(owner) | RunBy::Gone(owner) => Some(owner),
            RunBy::Nobody => None,
            RunBy::Unknown => self.controller(),
        };
        controller.is_none_or(|owner| matches!(owner.kind.as_str(), "Job" | "Node"))
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

    /// Whether one of the containers that run while it serves has that port; nothing where they aren't
    /// known.
    #[must_use]
    pub fn declares(&self, port: &PodPort) -> Option<bool> {
        match &self.spec.ports {
            Some(ports) => Some(ports.contains(port)),
            None if self.spec.containers.is_empty() => None,
            None => Some(self.named_ports().any(|declared| declared == port)),
        }
    }

    fn named_ports(&self) -> impl Iterator<Item = &PodPort> {
        let sidecars = self.spec.init_containers.iter().filter(|c| c.restart_policy.as_deref() == Some("Always"));
        let serving = self.spec.containers.iter().chain(sidecars);
        serving.flat_map(|container| &container.ports).filter(|port| !port.name.is_empty())
    }

    /// The status of a container or init container.
    #[must_use]
    pub fn container_status(&self, container: &str) -> Option<&ContainerStatus> {
        let mut all = self.status.container_statuses.iter().chain(&self.status.init_container_statuses);
        all.find(|c| c.name == container)
    }

    /// Takes its readiness, and says why: what its own condition says is out of date.
    pub fn lose(&mut self, reason: &str, why: String) {
        self.status.conditions.retain(|c| c.kind != "Ready");
        let (kind, status) = ("Ready".to_owned(), "Unknown".to_owned());
        self.status.conditions.push(PodCondition {
            kind,
            status,
            reason: reason.to_owned(),
            message: why,
            last_transition_time: None,
        });
    }

    /// Drops what only matters for pods that are in trouble, and what images they have.
    #[must_use]
    pub fn slim(mut self) -> Self {
        self.spec.ports = (!self.spec.containers.is_empty()).then(|| self.named_ports().cloned().collect());
        self.spec.containers = Vec::new();
        self.spec.init_containers = Vec::new();
        self.slim_with_images()
    }

    /// The same, with the images that it asks for.
    #[must_use]
    pub fn slim_with_images(mut self) -> Self {
        if self.is_ready() {
            self.status.container_statuses = Vec::new();
            self.status.init_container_statuses = Vec::new();
            self.status.conditions.retain(|c| c.kind == "Ready");
        }
        self
    }
}
