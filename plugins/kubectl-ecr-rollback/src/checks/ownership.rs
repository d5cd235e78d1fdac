//! Whether somebody else would put the image back.

use release_core::checks::finding::Finding;
use release_core::checks::ownership::{Field, Owned, findings};

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
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
