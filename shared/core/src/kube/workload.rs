//! Deployments, StatefulSets, DaemonSets and ReplicaSets that nobody owns, as one kind of thing.

mod read;

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels::{Labels, selector_matches};
use super::path::path_of;
use super::pod::{Pod, RunBy};
use crate::text::one_line;

/// Which controller owns the pods of a color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
    /// One that no Deployment owns.
    ReplicaSet,
}

impl WorkloadKind {
    /// The short name kubectl prints and accepts: `deploy`, `sts`, `ds`, `rs`.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
            Self::ReplicaSet => "rs",
        }
    }

    /// The plural in API paths: `deployments`, `statefulsets`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
            Self::ReplicaSet => "replicasets",
        }
    }

    /// The kind as objects spell it, for `scaleTargetRef` and owner references.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::ReplicaSet => "ReplicaSet",
        }
    }
}

/// A condition of a Deployment's status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub kind: String,
    pub status: String,
    pub reason: String,
    pub message: String,
}

/// Which pod template a workload runs, by the name that the cluster itself has for it: the same
/// template gets the same name again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateRevision {
    /// A Deployment's `pod-template-hash`, a StatefulSet's update revision.
    pub name: String,
    /// When it was first rolled out, where that is known.
    pub since: Option<Timestamp>,
    /// The UID of a Deployment's ReplicaSet that has it: a Deployment that is made anew over the pods of
    /// one that was deleted alone (`--cascade=orphan`) adopts it.
    pub set: Option<String>,
}

/// How old pods make room for new ones (`strategy` of a Deployment, `updateStrategy` of the others).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// All old pods go before the first new one starts.
    Recreate,
    /// Some at a time.
    Rolling { max_unavailable: IntOrString, max_surge: IntOrString },
}

/// A workload, with the fields that decide about its rollout.
#[derive(Debug, Clone)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub metadata: ObjectMeta,
    /// `spec.replicas`, defaulted to 1 as the API server does.
    pub replicas: i32,
    pub paused: bool,
    /// Its controller keeps none of its earlier templates (`revisionHistoryLimit: 0`).
    pub keeps_no_revisions: bool,
    pub selector: LabelSelector,
    pub template: PodTemplateSpec,
    /// True where a StatefulSet claims volumes of its own.
    pub has_own_volumes: bool,
    /// Its volume claims are deleted with its pods when it is scaled down, or with itself
    /// (`persistentVolumeClaimRetentionPolicy`, apps/v1).
    pub volumes_go_when_scaled: bool,
    pub volumes_go_when_deleted: bool,
    /// A StatefulSet or DaemonSet with `updateStrategy: OnDelete` never finishes a rollout by itself.
    pub updates_on_delete: bool,
    /// A StatefulSet's `rollingUpdate.partition`.
    pub partition: i32,
    /// A StatefulSet that touches no pod while another isn't ready (`podManagementPolicy: OrderedReady`).
    pub waits_for_each_pod: bool,
    /// The number of a StatefulSet's first pod (`ordinals.start`).
    pub first_number: i32,
    pub replacement: Replacement,
    pub observed_generation: i64,
    pub status_replicas: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub current_revision: Option<String>,
    pub update_revision: Option<String>,
    /// Of the template that is there now; nothing while its controller hasn't seen it, and for
    /// Deployments whose ReplicaSets weren't read.
    pub revision: Option<TemplateRevision>,
    pub conditions: Vec<Condition>,
}

impl Workload {
    /// The object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `deploy/NAME`, `sts/NAME`, `ds/NAME`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind.short(), one_line(self.name()))
    }

    /// True where the autoscaler sets its replicas.
    #[must_use]
    pub fn is_scaled_by(&self, autoscaler: &HorizontalPodAutoscaler) -> bool {
        let target = autoscaler.spec.as_ref().map(|s| &s.scale_target_ref);
        target.is_some_and(|t| t.kind == self.kind.kind() && t.name == self.name())
    }

    /// Its API path.
    #[must_use]
    pub fn path(&self, namespace: &str) -> String {
        format!("{}/{}", path_of("apps", "v1", self.kind.plural(), Some(namespace)), self.name())
    }

    /// The labels its pods get.
    #[must_use]
    pub fn pod_labels(&self) -> Labels {
        self.template.metadata.as_ref().and_then(|m| m.labels.clone()).unwrap_or_default()
    }

    /// The containers that run while the pod serves: the main ones and native sidecars, which are
    /// init containers with `restartPolicy: Always`
    /// (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
    pub fn serving_containers(&self) -> impl Iterator<Item = &Container> {
        let spec = self.template.spec.as_ref();
        let mains = spec.into_iter().flat_map(|s| &s.containers);
        let inits = spec.into_iter().flat_map(|s| s.init_containers.iter().flatten());
        mains.chain(inits.filter(|c| c.restart_policy.as_deref() == Some("Always")))
    }

    /// Images of all its containers, init containers not among them.
    pub fn images(&self) -> impl Iterator<Item = &str> {
        let containers = self.template.spec.iter().flat_map(|s| &s.containers);
        containers.filter_map(|c| c.image.as_deref())
    }

    /// Image of its first container, or nothing for a template without containers.
    #[must_use]
    pub fn image(&self) -> &str {
        let containers = self.template.spec.as_ref().map(|s| s.containers.as_slice());
        containers.and_then(|c| c.first()).and_then(|c| c.image.as_deref()).unwrap_or_default()
    }

    /// The object's UID.
    #[must_use]
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// True where the pod is this workload's own. A copy made by `kubectl debug` has no controller,
    /// and is nobody's. Whose it is stands in UIDs; where the ReplicaSet between a Deployment and
    /// its pod wasn't read, in the name that the Deployment controller gives a ReplicaSet
    /// (`NAME-HASH`) and the hash that it writes on the pods.
    #[must_use]
    pub fn owns(&self, pod: &Pod) -> bool {
        match &pod.run_by {
            RunBy::Controller(owner) if !owner.uid.is_empty() => owner.uid == self.uid(),
            RunBy::Controller(owner) => owner.kind == self.kind.kind() && owner.name == self.name(),
            RunBy::Nobody | RunBy::Gone(_) => false,
            RunBy::Unknown => self.owns_by_name(pod) && selector_matches(&self.selector, &pod.metadata.labels),
        }
    }

    fn owns_by_name(&self, pod: &Pod) -> bool {
        let Some(owner) = pod.controller() else { return false };
        if self.kind != WorkloadKind::Deployment {
            return owner.kind == self.kind.kind() && owner.name == self.name();
        }
        let hash = pod.metadata.labels.get("pod-template-hash");
        owner.kind == "ReplicaSet" && hash.is_some_and(|hash| owner.name == format!("{}-{hash}", self.name()))
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference())
    }
}
