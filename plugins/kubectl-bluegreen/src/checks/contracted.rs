//! Whether what a color needs is gone: after the contract of an expand-and-contract migration, the version before
//! can't run any more.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;
use crate::left::differences;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    contracted(case).into_iter().collect()
}

fn contracted(case: &Case<'_>) -> Option<Finding> {
    let note = case.view.contracted.as_ref().filter(|note| note.color == case.target.name)?;
    let record = case.view.recorded.all().find(|record| record.id == note.record && record.from == note.color);
    // Another version on that color is another matter.
    let is_new =
        record.is_some_and(|record| !differences(&record.left, record.at, case.target, &case.target_pods).is_empty());
    if is_new {
        return None;
    }
    let how = if note.done { "was run" } else { "was begun" };
    let message = format!("contract {how} by {} at {:.0}: what {} needs is gone", note.by, note.at, note.color);
    Some(case.blocks(ids::CONTRACTED, message).mend("deploy a version that goes without it").standing())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::checks::testing::{World, told};
    use crate::options::Verb;

    fn world(verb: Verb, image: &str, note: &Value) -> World {
        let mut world = World { verb, agreed: true, ..World::healthy() };
        let left = json!([{"workload": "deploy/api-green", "uid": "api-green", "images": [format!("registry.example.com/api:{image}")], "replicas": 3}]);
        let record = json!({"id": "1", "verb": "switch", "key": "version", "from": "green", "to": "blue", "by": "lee",
            "at": "2026-11-20T03:00:00Z", "retainSeconds": 3600, "selector": {"app": "api", "version": "green"}, "left": left});
        world.service["metadata"]["annotations"] = json!({"kubectl-release.dev/bluegreen": record.to_string(),
            "kubectl-release.dev/bluegreen-contracted": note.to_string()});
        world
    }

    fn note(color: &str) -> Value {
        json!({"record": "1", "color": color, "by": "lee", "at": "2026-11-20T05:00:00Z", "done": true})
    }

    /// The old version would write into columns that are gone.
    #[test]
    fn there_is_no_way_back_behind_a_contract() {
        let of = |verb, image: &str, note: &Value| {
            let findings = world(verb, image, note).findings(check);
            told(&findings)
        };
        assert_eq!(of(Verb::Rollback, "green", &note("green")), ["x contracted"]);
        assert_eq!(of(Verb::Switch, "green", &note("green")), ["x contracted"]);
        assert!(of(Verb::Switch, "other", &note("green")).is_empty(), "it is the next version by now");
        assert!(of(Verb::Rollback, "green", &note("blue")).is_empty());
        assert!(of(Verb::Rollback, "green", &json!({"color": "green"})).is_empty(), "that is no note of ours");
    }
}
