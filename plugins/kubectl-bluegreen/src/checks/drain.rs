//! Whether the target's pods leave without dropping requests, when they will have to.

use release_core::workload::drain;

use super::case::Case;
use release_core::checks::finding::Finding;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.target.workloads.iter().filter_map(|w| drain::finding(case.view.name(), w));
    judged.map(|finding| finding.quiet_if(case.runs_one_pod())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, ids, told};

    fn with_hook(hook: &Value) -> World {
        let mut world = World::healthy();
        world.container("green")["lifecycle"] = json!({"preStop": hook});
        world
    }

    #[test]
    fn without_prestop_requests_would_meet_a_stopped_server() {
        let mut world = World::healthy();
        assert!(world.findings(check).is_empty());
        world.container("green")["lifecycle"] = json!(null);
        assert_eq!(told(&world.findings(check)), ["! no-prestop"]);
        world.run("green", 1, 1);
        world.container("green")["lifecycle"] = json!(null);
        assert_eq!(told(&world.findings(check)), ["~ no-prestop"]);
    }

    #[test]
    fn a_hook_as_long_as_the_grace_period_leaves_no_time_to_finish_requests() {
        assert_eq!(told(&with_hook(&json!({"sleep": {"seconds": 60}})).findings(check)), ["! grace-too-short"]);
        for command in [
            json!(["sleep", "60"]),
            json!(["/bin/sh", "-c", "sleep 30; sleep 30 && nginx -s quit"]),
            json!(["sh", "-c", "/bin/sleep 1m"]),
        ] {
            assert_eq!(
                ids(&with_hook(&json!({"exec": {"command": command}})).findings(check)),
                ["grace-too-short"],
                "{command}"
            );
        }
    }

    #[test]
    fn hooks_that_fit_or_can_t_be_read_are_left_alone() {
        for hook in [
            json!({"sleep": {"seconds": 59}}),
            json!({"exec": {"command": ["sh", "-c", "sleep 0.5"]}}),
            json!({"exec": {"command": ["/drain.sh", "sleep"]}}),
            json!({"exec": {"command": ["sh", "-c", "sleep $DRAIN"]}}),
            json!({"httpGet": {"path": "/quit", "port": 8080}}),
        ] {
            assert!(with_hook(&hook).findings(check).is_empty(), "{hook}");
        }
    }

    #[test]
    fn the_default_grace_period_counts() {
        let mut world = with_hook(&json!({"sleep": {"seconds": 30}}));
        world.workload("green")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = json!(null);
        assert_eq!(ids(&world.findings(check)), ["grace-too-short"]);
    }
}
