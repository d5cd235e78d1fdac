//! Whether somebody else would put the image back.

use kubectl_release::ownership::{Field, Owned, findings};

use super::{Case, Finding};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    let first = &case.roll.places[0];
    let json = format!("{}/image", first.pointer());
    findings(&Owned {
        group: "apps",
        kind: workload.kind.kind(),
        namespace: &case.snapshot.namespace,
        metadata: &workload.metadata,
        field: Field {
            json: &json,
            managed: case.roll.places.iter().map(|place| place.managed_pointer()).collect(),
            path: "the image",
            value: "image",
            part: "the image",
        },
    })
}
