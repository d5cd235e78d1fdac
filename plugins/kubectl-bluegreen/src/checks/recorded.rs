//! Annotations of ours that make no sense: they were written by hand, and are not used.

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let record = case
        .view
        .recorded
        .unreadable
        .iter()
        .map(|why| case.warns(ids::RECORD_UNREADABLE, why.clone()).mend("not used; a switch writes it anew"));
    let settings = case
        .view
        .settings
        .unusable
        .iter()
        .map(|(key, why)| case.warns(ids::SETTING_UNUSABLE, format!("{key}: {why}")).mend("not used"));
    record.chain(settings).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, ids};

    #[test]
    fn a_hand_edited_annotation_is_told_and_not_obeyed() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.service["metadata"]["annotations"] = json!({
            "kubectl-release.dev/bluegreen": "{\"to\": 7}",
            "kubectl-release.dev/min-ready": "lots",
            "kubectl-release.dev/verify-for": "30s",
        });
        assert_eq!(ids(&world.findings(check)), ["record-unreadable", "setting-unusable"]);
    }
}
