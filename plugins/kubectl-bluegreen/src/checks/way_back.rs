//! Whether a rollback goes to what was left.

use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::traffic::selector::Color;

use super::case::Case;
use crate::left::{deployed_at, differences};
use crate::options::Verb;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.verb != Verb::Rollback {
        return Vec::new();
    }
    match case.taken_back() {
        Some(record) => {
            let changed = differences(&record.left, record.at, case.target);
            let message = || format!("{} is not what was left: {}", case.target.name, changed.join("; "));
            (!changed.is_empty()).then(|| judged(case, ids::CHANGED_SINCE, message())).into_iter().collect()
        }
        None => newer(case).into_iter().collect(),
    }
}

/// Without a record, the color that was deployed last is no way back.
fn newer(case: &Case<'_>) -> Option<Finding> {
    let (target, active) = (newest(case.target)?, newest(case.active)?);
    let message =
        format!("{} was deployed after {}: that is no way back, but forward", case.target.name, case.active.name);
    (target > active).then(|| judged(case, ids::NEWER_THAN_ACTIVE, message))
}

fn newest(color: &Color) -> Option<jiff::Timestamp> {
    color.workloads.iter().filter_map(|w| deployed_at(w)).max()
}

/// A person is asked; `--yes` was said before anybody knew. Where nothing else serves, anything is
/// better.
fn judged(case: &Case<'_>, id: CheckId, message: String) -> Finding {
    if case.agreed && case.active_ready() > 0 { case.blocks(id, message).standing() } else { case.warns(id, message) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::check;
    use crate::checks::testing::{World, told};
    use crate::options::Verb;

    fn rolled_back(revision: &str, agreed: bool) -> World {
        let mut world = World { verb: Verb::Rollback, agreed, ..World::healthy() };
        let left = json!([{"workload": "deploy/api-green", "uid": "api-green", "images": [format!("registry.example.com/api:{revision}")], "replicas": 3}]);
        let record = json!({"id": "1", "verb": "switch", "key": "version", "from": "green", "to": "blue", "by": "lee",
            "at": "2026-11-20T03:00:00Z", "retainSeconds": 3600, "selector": {"app": "api", "version": "green"}, "left": left});
        world.service["metadata"]["annotations"] = json!({"kubectl-release.dev/bluegreen": record.to_string()});
        world
    }

    #[test]
    fn what_was_left_is_a_way_back() {
        assert!(rolled_back("green", true).findings(check).is_empty());
        assert!(World::healthy().findings(check).is_empty(), "a switch goes where it is told to");
    }

    #[test]
    fn the_next_release_is_none_unless_somebody_says_so() {
        assert_eq!(told(&rolled_back("other", false).findings(check)), ["! changed-since"]);
        assert_eq!(told(&rolled_back("other", true).findings(check)), ["x changed-since"]);
        let mut nothing_else = rolled_back("other", true);
        nothing_else.run("blue", 3, 0);
        assert_eq!(told(&nothing_else.findings(check)), ["! changed-since"]);
    }

    #[test]
    fn without_a_record_what_is_newer_is_no_way_back() {
        let mut world = World { verb: Verb::Rollback, agreed: true, ..World::healthy() };
        world.workload("blue")["metadata"]["creationTimestamp"] = json!("2026-11-01T00:00:00Z");
        world.workload("green")["metadata"]["creationTimestamp"] = json!("2026-11-02T00:00:00Z");
        assert_eq!(told(&world.findings(check)), ["x newer-than-active"]);
        world.workload("blue")["metadata"]["creationTimestamp"] = json!("2026-11-03T00:00:00Z");
        assert!(world.findings(check).is_empty());
    }
}
