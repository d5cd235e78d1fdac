//! Whether somebody else would put the selector back.

use release_core::checks::ownership::{Field, Owned, findings};

use super::case::Case;
use release_core::checks::finding::Finding;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let managed = vec!["/f:spec/f:selector".to_owned()];
    findings(&Owned {
        group: "",
        kind: "Service",
        namespace: &case.snapshot.namespace,
        metadata: &case.view.service.metadata,
        field: Field {
            json: "/spec/selector",
            managed,
            path: "spec.selector",
            value: "color",
            part: "spec.selector's color",
        },
    })
}

#[cfg(test)]
mod tests;
