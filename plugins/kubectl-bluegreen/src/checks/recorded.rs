//! Annotations of ours that make no sense: they were written by hand, and are not used.

use super::case::Case;
use crate::room::filled_by;
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
    let full = (!case.is_recorded).then(|| {
        let text = format!("{}: the move is made, and not recorded", filled_by(case.view));
        case.warns(ids::ANNOTATIONS_FULL, text)
            .mend("take away what isn't needed: `history` and a way back need the record")
    });
    record.chain(settings).chain(full).collect()
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

    /// A rollback must not depend on what somebody else wrote into an annotation.
    #[test]
    fn annotations_that_leave_no_room_for_a_record_are_told() {
        let mut world = World::healthy();
        for (bytes, found) in [(200 * 1024, vec![]), (262_000, vec!["annotations-full"])] {
            world.service["metadata"]["annotations"] = json!({"example.com/notes": "x".repeat(bytes)});
            let findings = world.findings(check);
            assert_eq!(ids(&findings), found);
            assert!(findings.iter().all(|f| f.message.contains("example.com/notes (255 KiB)")), "{findings:?}");
        }
    }
}
