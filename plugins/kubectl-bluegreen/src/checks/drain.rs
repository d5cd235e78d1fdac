//! Whether the target's pods leave without dropping requests, when they will have to.
//!
//! A pod is told to stop while nodes still send to it: endpoints and proxies follow in their own
//! time, and only a preStop hook bridges it. The hook's time is part of the grace period
//! (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>).

use k8s_openapi::api::core::v1::LifecycleHandler;
use kubectl_release::objects::Workload;

use super::template::serving_containers;
use super::{Case, Finding};

/// `terminationGracePeriodSeconds` where nothing is said.
const DEFAULT_GRACE: i64 = 30;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let judged = case.target.workloads.iter().filter_map(|w| hooks(case, w));
    judged.map(|finding| finding.quiet_if(case.runs_one_pod())).collect()
}

fn hooks(case: &Case<'_>, workload: &Workload) -> Option<Finding> {
    let hooks: Vec<&LifecycleHandler> =
        serving_containers(workload).filter_map(|c| c.lifecycle.as_ref()?.pre_stop.as_ref()).collect();
    if hooks.is_empty() {
        let message = format!("{workload} stops before its endpoints are gone");
        return Some(Finding::warns(case, "no-prestop", message).fix("preStop: {sleep: {seconds: 10}}"));
    }
    let grace =
        workload.template.spec.as_ref().and_then(|s| s.termination_grace_period_seconds).unwrap_or(DEFAULT_GRACE);
    // Each container runs its own hook, all at once.
    let sleep = hooks.into_iter().filter_map(slept).max()?;
    let message = format!("{workload}: preStop sleeps {sleep} s, grace period {grace} s");
    let killed = sleep >= grace;
    killed.then(|| Finding::warns(case, "grace-too-short", message).fix("raise terminationGracePeriodSeconds"))
}

/// Seconds that a hook sleeps; nothing where it does something else.
fn slept(hook: &LifecycleHandler) -> Option<i64> {
    if let Some(sleep) = &hook.sleep {
        return Some(sleep.seconds);
    }
    let command = hook.exec.as_ref()?.command.as_ref()?.join(" ");
    let words: Vec<&str> =
        command.split(|c: char| c.is_whitespace() || ";&|()".contains(c)).filter(|w| !w.is_empty()).collect();
    let naps = words
        .windows(2)
        .filter(|pair| pair[0] == "sleep" || pair[0].ends_with("/sleep"))
        .filter_map(|pair| seconds(pair[1]));
    let total: i64 = naps.sum();
    (total > 0).then_some(total)
}

/// `10`, `0.5`, `2m`: what sleep(1) takes, in whole seconds.
fn seconds(text: &str) -> Option<i64> {
    let (number, factor) = match text.strip_suffix(['s', 'm', 'h']) {
        Some(number) if text.ends_with('m') => (number, 60),
        Some(number) if text.ends_with('h') => (number, 3600),
        Some(number) => (number, 1),
        None => (text, 1),
    };
    let whole = number.split('.').next().unwrap_or(number);
    whole.parse::<u32>().ok().map(|n| i64::from(n) * factor)
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
        let text = "no-prestop  deploy/api-green stops before its endpoints are gone | preStop: {sleep: {seconds: 10}}";
        assert_eq!(told(&world.findings(check)), [format!("! {text}")]);
        world.run("green", 1, 1);
        world.container("green")["lifecycle"] = json!(null);
        assert_eq!(told(&world.findings(check)), [format!("~ {text}")]);
    }

    #[test]
    fn a_hook_as_long_as_the_grace_period_leaves_no_time_to_finish_requests() {
        let expected = "! grace-too-short  deploy/api-green: preStop sleeps 60 s, grace period 60 s | raise terminationGracePeriodSeconds";
        assert_eq!(told(&with_hook(&json!({"sleep": {"seconds": 60}})).findings(check)), [expected]);
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
