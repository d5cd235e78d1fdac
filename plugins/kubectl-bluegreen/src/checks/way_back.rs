//! Whether a rollback goes to what was left.

use std::sync::Arc;

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::{Labels, Workload};
use release_core::text::printable;
use release_core::traffic::selector::as_label_selector;

use super::case::Case;
use crate::left::{Age, age_beside, deployed_at, differences};
use crate::options::Verb;
use crate::record::Record;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.verb != Verb::Rollback {
        return Vec::new();
    }
    match case.taken_back() {
        Some(record) => {
            let changed = differences(&record.left, record.at, case.target, &case.target_pods);
            let message = || format!("{} is not what was left: {}", case.target.name, changed.join("; "));
            let changed = (!changed.is_empty()).then(|| case.asks(ids::CHANGED_SINCE, message()));
            changed.into_iter().chain(other_selector(case, record)).collect()
        }
        None if case.was_left_active() => deployed_after(case).into_iter().collect(),
        None => newer(case).into_iter().collect(),
    }
}

/// Of a recorded selector only the color is used. Where the rest of it is not what the Service selects by
/// now, either was changed since, by somebody who meant it, and stays; or the record is of something else.
fn other_selector(case: &Case<'_>, record: &Record) -> Option<Finding> {
    let (key, now) = (&case.tracks.key, &case.tracks.base);
    let then: Labels = record.selector.clone().into_iter().filter(|(label, _)| label != key).collect();
    if then == *now {
        return None;
    }
    let message = format!(
        "the selector was {} beside {key} when {} was left, and is {}: only {key} goes back",
        in_words(&then),
        case.target.name,
        in_words(now)
    );
    let contradicts = now.iter().any(|(label, value)| then.get(label).is_some_and(|before| before != value));
    Some(if contradicts { case.asks(ids::CHANGED_SINCE, message) } else { case.warns(ids::CHANGED_SINCE, message) })
}

fn in_words(labels: &Labels) -> String {
    if labels.is_empty() { "nothing".into() } else { printable(&as_label_selector(labels)) }
}

/// What our record left active was live before somebody else moved the Service. What was deployed on it
/// after that record may never have been.
fn deployed_after(case: &Case<'_>) -> Option<Finding> {
    let record = case.view.recorded.current.as_ref()?;
    let later = |w: &&Arc<Workload>| deployed_at(w).is_some_and(|deployed| deployed > record.at);
    let workload = case.target.workloads.iter().find(later)?;
    let message = format!("{workload} was deployed after {} left it active: it may never have been live", record.verb);
    Some(case.asks(ids::CHANGED_SINCE, message))
}

/// Without a record, a color that was deployed last is no way back, and one of which nobody knows when
/// it was may be none: that is gone to only where nothing else serves.
fn newer(case: &Case<'_>) -> Option<Finding> {
    let (to, from) = (&case.target.name, &case.active.name);
    let message = match age_beside(case.target, case.active) {
        Age::Older => return None,
        Age::Newer => format!("{to} was deployed after {from}: that is no way back, but forward"),
        Age::Unknown => format!("nothing says that {to} was deployed before {from}: it may be no way back"),
    };
    Some(case.asks(ids::NEWER_THAN_ACTIVE, message))
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
    fn a_selector_that_is_not_the_recorded_one_is_shown_and_asked() {
        let with = |selector: serde_json::Value, agreed| {
            let mut world = rolled_back("green", agreed);
            let key = "kubectl-release.dev/bluegreen";
            let text = world.service["metadata"]["annotations"][key].as_str().unwrap();
            let mut record: serde_json::Value = serde_json::from_str(text).unwrap();
            record["selector"] = selector;
            world.service["metadata"]["annotations"][key] = json!(record.to_string());
            world.findings(check)
        };
        for agreed in [false, true] {
            let fewer = with(json!({"version": "green"}), agreed);
            assert_eq!(told(&fewer), ["! changed-since"], "a label that was added on purpose is kept");
            assert_eq!(
                told(&with(json!({"app": "api", "tier": "web", "version": "green"}), agreed)),
                ["! changed-since"]
            );
            let other = with(json!({"app": "payments", "version": "green"}), agreed);
            assert_eq!(told(&other), [if agreed { "x changed-since" } else { "! changed-since" }]);
            assert!(other[0].message.contains("app=payments") && other[0].message.contains("app=api"), "{other:?}");
        }
    }

    #[test]
    fn without_a_record_what_is_newer_is_no_way_back() {
        let mut world = World { verb: Verb::Rollback, agreed: true, ..World::healthy() };
        assert_eq!(told(&world.findings(check)), ["x newer-than-active"], "nobody knows");
        world.workload("blue")["metadata"]["creationTimestamp"] = json!("2026-11-01T00:00:00Z");
        world.workload("green")["metadata"]["creationTimestamp"] = json!("2026-11-02T00:00:00Z");
        for color in ["blue", "green"] {
            world.workload(color)["metadata"]["generation"] = json!(1);
        }
        assert_eq!(told(&world.findings(check)), ["x newer-than-active"]);
        world.workload("blue")["metadata"]["creationTimestamp"] = json!("2026-11-03T00:00:00Z");
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn a_template_that_was_changed_is_of_unknown_age() {
        let mut world = World { verb: Verb::Rollback, agreed: true, ..World::healthy() };
        for (color, generation) in [("blue", 1), ("green", 2)] {
            world.workload(color)["metadata"]["creationTimestamp"] = json!("2026-11-01T00:00:00Z");
            world.workload(color)["metadata"]["generation"] = json!(generation);
        }
        assert_eq!(told(&world.findings(check)), ["x newer-than-active"]);
        world.workload("green")["metadata"]["generation"] = json!(1);
        assert_eq!(told(&world.findings(check)), ["x newer-than-active"], "both are of one second");
        world.workload("green")["metadata"]["creationTimestamp"] = json!("2026-10-31T00:00:00Z");
        assert!(world.findings(check).is_empty());
    }
}
