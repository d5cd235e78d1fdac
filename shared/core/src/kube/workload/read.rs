//! Workloads of each kind, cut down to what decisions need.

use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, DeploymentStrategy, ReplicaSet, StatefulSet};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use super::{Condition, Replacement, TemplateRevision, Workload, WorkloadKind};

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
            keeps_no_revisions: spec.revision_history_limit == Some(0),
            selector: spec.selector,
            template: spec.template,
            has_own_volumes: false,
            volumes_go_when_scaled: false,
            volumes_go_when_deleted: false,
            updates_on_delete: false,
            partition: 0,
            waits_for_each_pod: false,
            first_number: 0,
            replacement,
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.replicas.unwrap_or(0),
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            current_revision: None,
            update_revision: None,
            revision: None,
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
        let (observed, generation) = (status.observed_generation, s.metadata.generation);
        Self {
            kind: WorkloadKind::StatefulSet,
            metadata: s.metadata,
            replicas: spec.replicas.unwrap_or(1),
            paused: false,
            keeps_no_revisions: spec.revision_history_limit == Some(0),
            selector: spec.selector,
            template: spec.template,
            volumes_go_when_scaled: deletes(retention.when_scaled.as_deref()),
            volumes_go_when_deleted: deletes(retention.when_deleted.as_deref()),
            has_own_volumes: spec.volume_claim_templates.is_some_and(|v| !v.is_empty()),
            updates_on_delete: strategy.type_.as_deref() == Some("OnDelete"),
            partition: rolling.partition.unwrap_or(0),
            waits_for_each_pod: spec.pod_management_policy.as_deref() != Some("Parallel"),
            first_number: spec.ordinals.and_then(|ordinals| ordinals.start).unwrap_or(0),
            replacement: rolling_replacement(rolling.max_unavailable, IntOrString::Int(1), None, IntOrString::Int(0)),
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.replicas,
            updated: status.updated_replicas.unwrap_or(0),
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            current_revision: status.current_revision,
            revision: update_revision_of(observed, generation, status.update_revision.as_deref()),
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
            keeps_no_revisions: spec.revision_history_limit == Some(0),
            selector: spec.selector,
            template: spec.template,
            has_own_volumes: false,
            volumes_go_when_scaled: false,
            volumes_go_when_deleted: false,
            updates_on_delete: strategy.type_.as_deref() == Some("OnDelete"),
            partition: 0,
            waits_for_each_pod: false,
            first_number: 0,
            replacement: rolling_replacement(rolling.max_unavailable, one, rolling.max_surge, none),
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.current_number_scheduled,
            updated: status.updated_number_scheduled.unwrap_or(0),
            ready: status.number_ready,
            available: status.number_available.unwrap_or(0),
            current_revision: None,
            update_revision: None,
            revision: None,
            conditions: Vec::new(),
        }
    }
}

impl From<ReplicaSet> for Workload {
    /// A ReplicaSet has no rollout: a new template reaches only pods that are made anew.
    fn from(r: ReplicaSet) -> Self {
        let spec = r.spec.unwrap_or_default();
        let status = r.status.unwrap_or_default();
        Self {
            kind: WorkloadKind::ReplicaSet,
            metadata: r.metadata,
            replicas: spec.replicas.unwrap_or(1),
            paused: false,
            keeps_no_revisions: false,
            selector: spec.selector,
            template: spec.template.unwrap_or_default(),
            has_own_volumes: false,
            volumes_go_when_scaled: false,
            volumes_go_when_deleted: false,
            updates_on_delete: false,
            partition: 0,
            waits_for_each_pod: false,
            first_number: 0,
            replacement: Replacement::Recreate,
            observed_generation: status.observed_generation.unwrap_or(0),
            status_replicas: status.replicas,
            updated: status.replicas,
            ready: status.ready_replicas.unwrap_or(0),
            available: status.available_replicas.unwrap_or(0),
            current_revision: None,
            update_revision: None,
            revision: None,
            conditions: Vec::new(),
        }
    }
}

/// What a StatefulSet's status says of a template that its controller has seen.
fn update_revision_of(observed: Option<i64>, generation: Option<i64>, name: Option<&str>) -> Option<TemplateRevision> {
    let seen = observed.unwrap_or(0) >= generation.unwrap_or(0);
    name.filter(|name| seen && !name.is_empty()).map(|name| TemplateRevision {
        name: name.to_owned(),
        since: None,
        set: None,
    })
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
