//! Whether somebody else would put the selector back.

use kubectl_release::ownership::{Field, Owned, findings};

use super::{Case, Finding};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let managed = vec!["/f:spec/f:selector".to_owned()];
    findings(&Owned {
        group: "",
        kind: "Service",
        namespace: &case.snapshot.namespace,
        metadata: &case.subject.service.metadata,
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
