//! Rollouts that would not begin, or would stop half way: a new image reaches no pod by itself there.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::kube::{Workload, WorkloadKind};

use super::case::DeployCase;
use crate::prepared::Prepared;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let known = case.prepared.iter().filter_map(|one| Some((one, known(case, one)?)));
    let checks = [paused, on_delete, partition];
    known.flat_map(|(one, workload)| checks.iter().filter_map(move |check| check(case, one, workload))).collect()
}

fn known<'c>(case: &'c DeployCase<'_>, one: &Prepared) -> Option<&'c Workload> {
    case.snapshot.workloads.iter().find(|workload| one.is(workload)).map(AsRef::as_ref)
}

/// It would never begin
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#pausing-and-resuming-a-deployment>).
fn paused(case: &DeployCase<'_>, _: &Prepared, workload: &Workload) -> Option<Finding> {
    let resume = Command::new("kubectl rollout resume").arg(workload.reference()).scope(&case.snapshot.scope);
    workload.paused.then(|| case.blocks(ids::PAUSED, format!("{workload} is paused")).mend(resume))
}

/// Pods that are there stay until somebody deletes them
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies>).
fn on_delete(case: &DeployCase<'_>, one: &Prepared, workload: &Workload) -> Option<Finding> {
    let stay = workload.updates_on_delete && one.changes_pods() && workload.status_replicas.max(one.replicas()) > 0;
    let message = format!("{workload} updates OnDelete: its pods stay on what they run until they are deleted");
    let rolling = r#"{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}"#;
    let mend =
        || Command::new("kubectl patch").arg(workload.reference()).flag("-p", rolling).scope(&case.snapshot.scope);
    stay.then(|| case.blocks(ids::ON_DELETE, message).mend(mend()))
}

/// Pods below that number are of the revision before, also those that are made anew
/// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#partitions>).
fn partition(case: &DeployCase<'_>, one: &Prepared, workload: &Workload) -> Option<Finding> {
    let keeps = workload.kind == WorkloadKind::StatefulSet && workload.partition > 0 && one.changes_pods();
    let kept = workload.partition.min(one.size());
    let message =
        format!("partition {} keeps {kept} of {} pods of {workload} on what they run", workload.partition, one.size());
    let all = r#"{"spec":{"updateStrategy":{"rollingUpdate":{"partition":0}}}}"#;
    let mend = || Command::new("kubectl patch").arg(workload.reference()).flag("-p", all).scope(&case.snapshot.scope);
    (keeps && kept > 0).then(|| case.blocks(ids::PARTITION, message).mend(mend()))
}
