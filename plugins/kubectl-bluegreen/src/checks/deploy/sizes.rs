//! Who would put the sizes back that a deploy writes.

use release_core::checks::finding::Finding;

use super::case::DeployCase;
use crate::checks::ownership::sized_back;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let sized = case.prepared.iter().filter(|one| one.idle.is_some() && one.replicas() != one.size());
    let known = sized.flat_map(|one| case.snapshot.workloads.iter().filter(|workload| one.is(workload)));
    known.flat_map(|workload| sized_back(case.view.name(), &case.snapshot.namespace, workload)).collect()
}
