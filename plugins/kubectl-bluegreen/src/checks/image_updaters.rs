//! Colors whose image a tool writes by itself: what was tested may not be what gets the traffic, and the
//! color that is left is another version by the time that somebody goes back to it.

use std::sync::Arc;

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::image_updater::{Updater, updaters};
use release_core::kube::Workload;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let of = |workloads: &[Arc<Workload>], what: &str| -> Vec<Finding> {
        let written = workloads.iter().flat_map(|w| updaters(&w.metadata, |_| true).into_iter().map(move |u| (w, u)));
        let found = written.map(|(workload, Updater { tool, by, .. })| {
            let message = format!("{tool} writes the image of {workload} ({by}){what}");
            case.warns(ids::IMAGE_UPDATER, message).mend("let it write the color that is idle only")
        });
        found.collect()
    };
    let left = of(&case.active.workloads, ": the way back may be another version");
    of(&case.target.workloads, "").into_iter().chain(left).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};

    #[test]
    fn a_color_that_changes_by_itself_is_told() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.workload("green")["metadata"]["annotations"] = json!({"keel.sh/policy": "minor"});
        assert_eq!(told(&world.findings(check)), ["! image-updater"]);
        world.workload("blue")["metadata"]["labels"]["keel.sh/policy"] = json!("all");
        let findings = world.findings(check);
        assert_eq!(told(&findings), ["! image-updater", "! image-updater"]);
        assert!(findings[1].message.contains("the way back"), "{}", findings[1].message);
        world.workload("green")["metadata"]["annotations"]["keel.sh/policy"] = json!("never");
        assert_eq!(world.findings(check).len(), 1);
    }
}
