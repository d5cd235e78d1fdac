//! A color that was moved to, failed and was taken back, and hasn't changed since: a retried job would
//! expose users to it again.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::release::record::RunResult;

use super::case::Case;
use crate::left::differences;
use crate::options::Verb;
use crate::record::{Record, RecordedVerb};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    if case.verb != Verb::Switch {
        return Vec::new();
    }
    failed(case).or_else(|| gone_back_from(case)).into_iter().collect()
}

fn failed(case: &Case<'_>) -> Option<Finding> {
    let color = &case.target.name;
    let records: Vec<&Record> = case.view.recorded.all().filter(|r| r.key == case.tracks.key).collect();
    let last = records.iter().position(|r| r.to == *color && r.verb == RecordedVerb::Switch)?;
    let failed = records[last];
    if failed.result != Some(RunResult::RolledBack) {
        return None;
    }
    // Going back keeps the run's id, and notes what was on the color that it left.
    let back = records[..last].iter().find(|r| r.id == failed.id && r.verb == RecordedVerb::Rollback)?;
    if !differences(&back.left, back.at, case.target, &case.target_pods).is_empty() {
        return None;
    }
    let message = format!("{color} was taken back at {:.0} ({}), and is the same", back.at, back.reason);
    Some(case.blocks(ids::FAILED_BEFORE, message).mend("deploy what mends it").standing())
}

/// Somebody went back from it, for a reason that may still be one: whoever retries a job should know.
fn gone_back_from(case: &Case<'_>) -> Option<Finding> {
    let last = case.view.recorded.current.as_ref().filter(|record| record.key == case.tracks.key)?;
    let back = last.verb == RecordedVerb::Rollback && last.from == case.target.name;
    if !back || !differences(&last.left, last.at, case.target, &case.target_pods).is_empty() {
        return None;
    }
    let reason = if last.reason.is_empty() { String::new() } else { format!(": {}", last.reason) };
    let message = format!("{} went back from it at {:.0}, and it is the same{reason}", last.by, last.at);
    Some(case.warns(ids::ROLLED_BACK, message))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, told};

    fn record(id: &str, verb: &str, from: &str, to: &str, result: &str) -> Value {
        json!({"id": id, "verb": verb, "key": "version", "from": from, "to": to, "by": "ci", "at": "2026-11-20T03:00:00Z",
            "retainSeconds": 3600, "selector": {"app": "api", "version": from}, "result": result,
            "left": [{"workload": format!("deploy/api-{from}"), "uid": format!("api-{from}"),
                "images": [format!("registry.example.com/api:{from}")], "replicas": 3}]})
    }

    fn with(current: &Value, history: &[Value]) -> World {
        let mut world = World::healthy();
        let annotations = json!({"kubectl-release.dev/bluegreen": current.to_string(),
            "kubectl-release.dev/bluegreen-history": json!(history).to_string()});
        world.service["metadata"]["annotations"] = annotations;
        world
    }

    #[test]
    fn a_retried_job_does_not_expose_users_again() {
        let (back, failed) =
            (record("1", "rollback", "green", "blue", "done"), record("1", "switch", "blue", "green", "rolled back"));
        let mut world = with(&back, &[failed]);
        assert_eq!(told(&world.findings(check)), ["x failed-before"]);
        world.container("green")["image"] = json!("registry.example.com/api:mended");
        assert!(world.findings(check).is_empty());
    }

    #[test]
    fn going_back_by_hand_is_no_failure() {
        let (back, done) =
            (record("2", "rollback", "green", "blue", "done"), record("1", "switch", "blue", "green", "done"));
        assert_eq!(told(&with(&back, &[done]).findings(check)), ["! rolled-back"]);
    }

    #[test]
    fn what_held_later_did_not_fail() {
        let records = [
            record("2", "switch", "blue", "green", "done"),
            record("1", "rollback", "green", "blue", "done"),
            record("1", "switch", "blue", "green", "rolled back"),
        ];
        let later = with(&record("3", "rollback", "green", "blue", "done"), &records);
        assert_eq!(told(&later.findings(check)), ["! rolled-back"]);
    }
}
