//! Deployments, StatefulSets and DaemonSets as one kind of thing.

use std::fmt;

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, DeploymentStrategy, StatefulSet};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Container, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::labels::{Labels, selector_matches};
use super::path::path_of;
use super::pod::Pod;

/// Which controller owns the pods of a color.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl WorkloadKind {
    /// The short name kubectl prints and accepts: `deploy`, `sts`, `ds`.
    #[must_use]
    pub fn short(self) -> &'static str {
        match self {
            Self::Deployment => "deploy",
            Self::StatefulSet => "sts",
            Self::DaemonSet => "ds",
        }
    }

    /// The plural in API paths: `deployments`, `statefulsets`.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::Deployment => "deployments",
            Self::StatefulSet => "statefulsets",
            Self::DaemonSet => "daemonsets",
        }
    }

    /// The kind as objects spell it, for `scaleTargetRef` and owner references.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
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

/// How old pods make room for new ones (`strategy` of a Deployment, `updateStrategy` of the others).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// All old pods go before the first new one starts.
    Recreate,
    /// Some at a time.
    Rolling { max_unavailable: IntOrString, max_surge: IntOrString },
}

/// A Deployment, StatefulSet or DaemonSet, with the fields that decide about its rollout.
#[derive(Debug, Clone)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub metadata: ObjectMeta,
    /// `spec.replicas`, defaulted to 1 as the API server does.
    pub replicas: i32,
    pub paused: bool,
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
    pub replacement: Replacement,
    pub observed_generation: i64,
    pub status_replicas: i32,
    pub updated: i32,
    pub ready: i32,
    pub available: i32,
    pub current_revision: Option<String>,
    pub update_revision: Option<String>,
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
        format!("{}/{}", self.kind.short(), self.name())
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

    /// True where the pod is this workload's own: its labels match the workload's selector and
    /// its controller is of the name that this workload's pods have. A copy made by
    /// `kubectl debug` has no controller, and is nobody's.
    #[must_use]
    pub fn owns(&self, pod: &Pod) -> bool {
        let owner = pod.metadata.owner_references.iter().find(|o| o.controller == Some(true));
        let owned = owner.is_some_and(|o| match self.kind {
            WorkloadKind::StatefulSet | WorkloadKind::DaemonSet => o.kind == self.kind.kind() && o.name == self.name(),
            WorkloadKind::Deployment => {
                o.kind == "ReplicaSet"
                    && o.name.rsplit_once('-').is_some_and(|(deployment, _)| deployment == self.name())
            }
        });
        owned && selector_matches(&self.selector, &pod.metadata.labels)
    }
}

impl From<Deployment> for Workload {
    fn from(d: Deployment) -> Self {
        let spec = d.spec.unwrap_or_default();
        let status = d.status.unwrap_or_default();
        let replacement = deployment_strategy(spec.strategy.unwrap_or_default());
        let conditions = status.conditions.unwrap_or_default().into_iter().map(|c| Condition {
            kind: c.type_,
            status: c.status,
            reason: c.reason.unwrap_or_default(),
            message: c.message.unwrap_or_default(),
        });
        Self {
            kind: WorkloadKind::Deployment,
            metadata: d.metadata,
            replicas: spec.replicas.unwrap_or(1),
            paused: spec.paused.unwrap_or(false),
            selector: spec.selector,
            template: spec.template,
            has_own_volumes: false,
            volumes_go_when_scaled: false,
            volumes_go_when_deleted: false,
            updates_on_delete: false,
            partition: 0,
            replacement,
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            current_revision: None,
            update_revision: None,
            conditions: conditions.collect(),
        }
    }
}

impl From<StatefulSet> for Workload {
    fn from(s: StatefulSet) -> Self {
        let spec = s.spec.unwrap_or_default();
        let status = s.status.unwrap_or_default();
        let strategy = spec.update_strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        let retention = spec.persistent_volume_claim_retention_policy.unwrap_or_default();
        let deletes = |policy: Option<&str>| policy == Some("Delete");
        Self {
            kind: WorkloadKind::StatefulSet,
            metadata: s.metadata,
            replicas: spec.replicas.unwrap_or(1),
            paused: false,
            selector: spec.selector,
            template: spec.template,
            volumes_go_when_scaled: deletes(retention.when_scaled.as_deref()),
            volumes_go_when_deleted: deletes(retention.when_deleted.as_deref()),
            has_own_volumes: spec.volume_claim_templates.is_some_and(|v| !v.is_empty()),
            updates_on_delete: strategy.type_.as_deref() == Some("OnDelete"),
            partition: rolling.partition.unwrap_or(0),
            replacement: rolling_replacement(rolling.max_unavailable, IntOrString::Int(1), None, IntOrString::Int(0)),
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.replicas,
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            current_revision: status.current_revision,
            update_revision: status.update_revision,
            conditions: Vec::new(),
        }
    }
}

impl From<DaemonSet> for Workload {
    /// A DaemonSet has as many replicas as there are nodes for it.
    fn from(d: DaemonSet) -> Self {
        let spec = d.spec.unwrap_or_default();
        let status = d.status.unwrap_or_default();
        let strategy = spec.update_strategy.unwrap_or_default();
        let rolling = strategy.rolling_update.unwrap_or_default();
        let (one, none) = (IntOrString::Int(1), IntOrString::Int(0));
        Self {
            kind: WorkloadKind::DaemonSet,
            metadata: d.metadata,
            replicas: status.desired_number_scheduled,
            paused: false,
            selector: spec.selector,
            template: spec.template,
            has_own_volumes: false,
            volumes_go_when_scaled: false,
            volumes_go_when_deleted: false,
            updates_on_delete: strategy.type_.as_deref() == Some("OnDelete"),
            partition: 0,
            replacement: rolling_replacement(rolling.max_unavailable, one, rolling.max_surge, none),
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.current_number_scheduled,
            updated: status.updated_number_scheduled.unwrap_or(0),
            ready: status.number_ready,
            available: status.number_available.unwrap_or(0),
            current_revision: None,
            update_revision: None,
            conditions: Vec::new(),
        }
    }
}

/// The API server's defaults are 25 % each (apps/v1 RollingUpdateDeployment).
fn deployment_strategy(strategy: DeploymentStrategy) -> Replacement {
    let quarter = || IntOrString::String("25%".to_owned());
    let rolling = strategy.rolling_update.unwrap_or_default();
    if strategy.type_.as_deref() == Some("Recreate") {
        return Replacement::Recreate;
    }
    rolling_replacement(rolling.max_unavailable, quarter(), rolling.max_surge, quarter())
}

fn rolling_replacement(
    max_unavailable: Option<IntOrString>,
    unavailable_default: IntOrString,
    max_surge: Option<IntOrString>,
    surge_default: IntOrString,
) -> Replacement {
    Replacement::Rolling {
        max_unavailable: max_unavailable.unwrap_or(unavailable_default),
        max_surge: max_surge.unwrap_or(surge_default),
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reference())
    }
}
