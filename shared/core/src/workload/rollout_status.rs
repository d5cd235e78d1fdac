//! Whether a workload's rollout has finished.
//!
//! The rules are those of `kubectl rollout status`
//! (`k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go`), with the observed generation
//! first: a status of an older generation says nothing about the template that is there now.

use crate::kube::{Workload, WorkloadKind};

/// A rollout's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RolloutStatus {
    /// Going on; what it waits for.
    Waiting(String),
    Done,
    /// It will not finish by itself; why.
    Failed(String),
}

/// Judges a workload by its spec and status alone.
#[must_use]
pub fn rollout_status(workload: &Workload) -> RolloutStatus {
    let generation = workload.metadata.generation.unwrap_or(0);
    if workload.observed_generation < generation {
        return RolloutStatus::Waiting(format!(
            "its controller has seen generation {} of {generation}",
            workload.observed_generation
        ));
    }
    match workload.kind {
        WorkloadKind::Deployment => deployment(workload),
        WorkloadKind::StatefulSet => stateful_set(workload),
        WorkloadKind::DaemonSet => daemon_set(workload),
        WorkloadKind::ReplicaSet => replica_set(workload),
    }
}

fn deployment(w: &Workload) -> RolloutStatus {
    let progressing = w.conditions.iter().find(|c| c.kind == "Progressing");
    if let Some(condition) = progressing.filter(|c| c.reason == "ProgressDeadlineExceeded") {
        return RolloutStatus::Failed(format!("ProgressDeadlineExceeded: {}", condition.message));
    }
    if w.updated < w.replicas {
        let hint = if w.paused { " (it is paused)" } else { "" };
        return RolloutStatus::Waiting(format!("{} of {} pods updated{hint}", w.updated, w.replicas));
    }
    if w.status_replicas > w.updated {
        return RolloutStatus::Waiting(format!("{} old pods still to go", w.status_replicas.saturating_sub(w.updated)));
    }
    if w.available < w.updated {
        return RolloutStatus::Waiting(format!("{} of {} updated pods available", w.available, w.updated));
    }
    RolloutStatus::Done
}

fn stateful_set(w: &Workload) -> RolloutStatus {
    if w.ready < w.replicas {
        return RolloutStatus::Waiting(format!("{} of {} pods ready", w.ready, w.replicas));
    }
    let wanted = w.replicas.saturating_sub(w.partition).max(0);
    // With OnDelete the current revision is never brought up to date: once an update is taken back, both
    // are one while no pod has followed.
    let is_moving = w.updates_on_delete || w.update_revision != w.current_revision;
    if is_moving && w.updated < wanted {
        let hint = if w.updates_on_delete { " (updateStrategy OnDelete: delete the old ones)" } else { "" };
        return RolloutStatus::Waiting(format!("{} of {wanted} pods updated{hint}", w.updated));
    }
    RolloutStatus::Done
}

fn daemon_set(w: &Workload) -> RolloutStatus {
    if w.updated < w.replicas {
        let hint = if w.updates_on_delete { " (updateStrategy OnDelete: delete the old ones)" } else { "" };
        return RolloutStatus::Waiting(format!("{} of {} pods updated{hint}", w.updated, w.replicas));
    }
    if w.available < w.replicas {
        return RolloutStatus::Waiting(format!("{} of {} updated pods available", w.available, w.replicas));
    }
    RolloutStatus::Done
}

fn replica_set(w: &Workload) -> RolloutStatus {
    if w.available < w.replicas {
        return RolloutStatus::Waiting(format!("{} of {} pods available", w.available, w.replicas));
    }
    RolloutStatus::Done
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn judged(spec: &Value, status: &Value) -> RolloutStatus {
        let object = json!({"metadata": {"name": "api", "generation": 2}, "spec": spec, "status": status});
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(object).unwrap();
        rollout_status(&deployment.into())
    }

    fn spec() -> Value {
        json!({"replicas": 3, "selector": {}, "template": {}})
    }

    #[test]
    fn a_status_of_an_older_generation_is_never_done() {
        let full = json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3});
        assert!(matches!(judged(&spec(), &full), RolloutStatus::Waiting(_)));
    }

    #[test]
    fn done_needs_every_pod_updated_and_available_and_no_old_one_left() {
        let status = |replicas: i32, updated: i32, available: i32| json!({"observedGeneration": 2, "replicas": replicas, "updatedReplicas": updated, "availableReplicas": available});
        assert_eq!(judged(&spec(), &status(3, 3, 3)), RolloutStatus::Done);
        for (replicas, updated, available) in [(3, 2, 3), (4, 3, 3), (3, 3, 2), (0, 0, 0)] {
            let judgement = judged(&spec(), &status(replicas, updated, available));
            assert!(matches!(judgement, RolloutStatus::Waiting(_)), "{replicas} {updated} {available}");
        }
    }

    #[test]
    fn a_passed_deadline_has_failed() {
        let status = json!({"observedGeneration": 2, "conditions":
            [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "timed out"}]});
        assert!(matches!(judged(&spec(), &status), RolloutStatus::Failed(_)));
    }
}
