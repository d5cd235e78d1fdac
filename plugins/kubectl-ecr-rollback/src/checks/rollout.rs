//! Whether the workload is in a state in which a new template is rolled out.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::kube::WorkloadKind;
use release_core::text::printable;
use release_core::traffic::selector::as_label_selector;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    [paused(case), on_delete(case), partition(case), under_way(case), no_pods(case)].into_iter().flatten().collect()
}

/// A paused Deployment rolls nothing out
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment>).
fn paused(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let fix = case.here(Command::new("kubectl rollout resume").arg(workload.reference()));
    workload.paused.then(|| case.blocks(ids::PAUSED, format!("{workload} is paused: nothing would roll out")).mend(fix))
}

/// Pods stay as they are until somebody deletes them
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies>).
fn on_delete(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let message = format!("{workload} updates OnDelete: its pods stay until they are deleted");
    let selector = as_label_selector(workload.selector.match_labels.as_ref().unwrap_or(&workload.pod_labels()));
    let pods = case.here(Command::new("kubectl get pods").flag("-l", selector));
    let fix = format!("--force=on-delete --no-wait, then delete its pods one by one: {pods}");
    workload.updates_on_delete.then(|| case.blocks(ids::ON_DELETE, message).mend(fix))
}

fn partition(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let held = workload.kind == WorkloadKind::StatefulSet && workload.partition > 0;
    let message = format!("only pods from number {} on are updated (partition)", workload.partition);
    held.then(|| case.warns(ids::PARTITION, message).mend("set rollingUpdate.partition to 0"))
}

/// A stuck or failed rollout is what rollbacks are for.
fn under_way(case: &Case<'_>) -> Option<Finding> {
    if case.workload().replicas == 0 || case.workload().paused {
        return None;
    }
    match rollout_status(case.workload()) {
        RolloutStatus::Done => None,
        RolloutStatus::Waiting(what) => {
            Some(case.warns(ids::ROLLOUT_IN_PROGRESS, format!("a rollout is under way: {}", printable(&what))))
        }
        RolloutStatus::Failed(why) => {
            Some(case.warns(ids::ROLLOUT_FAILED, format!("the rollout before failed: {}", printable(&why))))
        }
    }
}

fn no_pods(case: &Case<'_>) -> Option<Finding> {
    let message = format!("{} asks for no pods: nothing will prove the image", case.workload());
    (case.workload().replicas == 0).then(|| case.warns(ids::NO_PODS, message))
}
