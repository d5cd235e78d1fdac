//! Whether the workload is in a state in which a new template is rolled out.

use kubectl_release::objects::WorkloadKind;
use kubectl_release::record::printable;
use kubectl_release::rollout_status::{RolloutStatus, rollout_status};

use super::{Case, Finding};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    [paused(case), on_delete(case), partition(case), under_way(case), no_pods(case)].into_iter().flatten().collect()
}

/// A paused Deployment rolls nothing out
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment>).
fn paused(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let fix = format!("kubectl rollout resume {workload} {}", case.in_namespace());
    workload.paused.then(|| case.blocks("paused", format!("{workload} is paused: nothing would roll out")).fix(fix))
}

/// Pods stay as they are until somebody deletes them
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies>).
fn on_delete(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let message = format!("{workload} updates OnDelete: its pods stay until they are deleted");
    let fix = format!("--force=on-delete --no-wait, then kubectl delete pod NAME {}", case.in_namespace());
    workload.updates_on_delete.then(|| case.blocks("on-delete", message).fix(fix))
}

fn partition(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let held = workload.kind == WorkloadKind::StatefulSet && workload.partition > 0;
    let message = format!("only pods from number {} on are updated (partition)", workload.partition);
    held.then(|| case.warns("partition", message).fix("set rollingUpdate.partition to 0"))
}

/// A stuck or failed rollout is what rollbacks are for.
fn under_way(case: &Case<'_>) -> Option<Finding> {
    if case.workload().replicas == 0 || case.workload().paused {
        return None;
    }
    match rollout_status(case.workload()) {
        RolloutStatus::Done => None,
        RolloutStatus::Waiting(what) => {
            Some(case.warns("rollout-in-progress", format!("a rollout is under way: {}", printable(&what))))
        }
        RolloutStatus::Failed(why) => {
            Some(case.warns("rollout-failed", format!("the rollout before failed: {}", printable(&why))))
        }
    }
}

fn no_pods(case: &Case<'_>) -> Option<Finding> {
    let message = format!("{} asks for no pods: nothing will prove the image", case.workload());
    (case.workload().replicas == 0).then(|| case.warns("no-pods", message))
}
