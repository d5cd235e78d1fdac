//! Whether the workload is in a state in which a new template is rolled out.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::text::printable;
use release_core::traffic::selector::as_label_selector;
use release_core::workload::rollout_pods::{Hold, RolloutPods};
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};

use super::case::Case;
use crate::pods_now::asks_for_none;
use crate::words::listed;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let found = [paused(case), on_delete(case), partition(case), stuck_pods(case), under_way(case), no_pods(case)];
    found.into_iter().flatten().collect()
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

/// Pods below that number stay on their image
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions>).
fn partition(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    if workload.kind != WorkloadKind::StatefulSet || workload.partition <= 0 {
        return None;
    }
    let merge = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#;
    let fix = Command::new("kubectl patch").arg(workload.reference()).flag("-p", merge);
    let (kept, all) = (workload.partition, workload.replicas);
    let finding = if kept >= all {
        case.blocks(ids::PARTITION, format!("partition {kept} keeps all {all} pods of {workload}: none would move"))
    } else {
        case.warns(ids::PARTITION, format!("partition {kept} keeps {kept} of {all} pods on what they run"))
    };
    Some(finding.mend(case.here(fix)))
}

/// Its controller stops at the first pod that isn't ready, and never comes to replacing it
/// (<https://github.com/kubernetes/kubernetes/issues/67250>).
fn stuck_pods(case: &Case<'_>) -> Option<Finding> {
    let (workload, change) = (case.workload(), case.change);
    let asks_for_target = |pod: &Pod| pod.image_of(case.selected.container()) == Some(change.to.as_str());
    // The name that the template has now says nothing of the one that it will have.
    let to_be = Workload { revision: None, ..workload.clone() };
    let pods = RolloutPods::of(&to_be, &case.snapshot.pods, asks_for_target);
    let Hold::Stuck(names) = pods.hold(&to_be, case.now)? else { return None };
    let message = format!("{} not ready: {workload} waits for it and never replaces it", is(&names));
    let delete = case.here(Command::new("kubectl delete pod").args(&names));
    Some(case.warns(ids::STUCK_PODS, message).mend(format!("once it is written: {delete}")))
}

fn is(names: &[String]) -> String {
    format!("{} {}", listed(names), if names.len() == 1 { "is" } else { "are" })
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
    (case.workload().replicas == 0).then(|| case.warns(ids::NO_PODS, asks_for_none(case.workload())))
}
