//! Whether somebody else would put the image back.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::ownership::{Field, Owned, findings};
use release_core::kube::controller_of;
use release_core::text::printable;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    field_owners(case).into_iter().chain(controller(case)).collect()
}

/// An operator that made the workload writes its template again
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/owners-dependents/>).
fn controller(case: &Case<'_>) -> Option<Finding> {
    let workload = case.workload();
    let owner = controller_of(&workload.metadata)?;
    let owner = printable(&format!("{}/{}", owner.kind, owner.name));
    let message = format!("{owner} owns {workload} and may put its image back");
    let mend = format!("change the image in {owner}; or --force={}", ids::OWNED_BY_CONTROLLER);
    Some(case.blocks(ids::OWNED_BY_CONTROLLER, message).mend(mend))
}

fn field_owners(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    let first = &case.change.containers[0];
    let json = format!("{}/image", first.pointer());
    findings(&Owned {
        group: "apps",
        kind: workload.kind.kind(),
        namespace: &case.snapshot.namespace,
        metadata: &workload.metadata,
        field: Field {
            json: &json,
            managed: case.change.containers.iter().map(|one| one.managed_pointer()).collect(),
            path: "the image",
            value: "image",
            part: "the image",
        },
    })
}
