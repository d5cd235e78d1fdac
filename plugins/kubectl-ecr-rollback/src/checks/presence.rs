//! Whether the workload will be there.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;

/// A workload that is being deleted rolls nothing out any more: its controller leaves it alone, and it may
/// stay for as long as a finalizer holds it
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/>).
pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    let deleted = workload.metadata.deletion_timestamp.is_some();
    deleted.then(|| case.blocks(ids::BEING_DELETED, format!("{workload} is being deleted"))).into_iter().collect()
}
