//! Whether pods leave without dropping requests, when they will have to.
//!
//! A pod is told to stop while nodes still send to it: endpoints and proxies follow in their own
//! time, and only a preStop hook bridges it. The hook's time is part of the grace period
//! (<https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination>).

use k8s_openapi::api::core::v1::LifecycleHandler;

use crate::checks::finding::Finding;
use crate::checks::ids;
use crate::kube::Workload;

/// `terminationGracePeriodSeconds` where nothing is said.
const DEFAULT_GRACE: i64 = 30;

/// `no-prestop` or `grace-too-short`, about what the workload's template says.
#[must_use]
pub fn finding(about: &str, workload: &Workload) -> Option<Finding> {
    let hooks: Vec<&LifecycleHandler> =
        workload.serving_containers().filter_map(|c| c.lifecycle.as_ref()?.pre_stop.as_ref()).collect();
    if hooks.is_empty() {
        let message = format!("{workload} stops before its endpoints are gone");
        return Some(Finding::warns(about, ids::NO_PRESTOP, message).mend("preStop: {sleep: {seconds: 10}}"));
    }
    let grace =
        workload.template.spec.as_ref().and_then(|s| s.termination_grace_period_seconds).unwrap_or(DEFAULT_GRACE);
    // Each container runs its own hook, all at once.
    let sleep = hooks.into_iter().filter_map(slept).max()?;
    let message = format!("{workload}: preStop sleeps {sleep} s, grace period {grace} s");
    let killed = sleep >= grace;
    killed.then(|| Finding::warns(about, ids::GRACE_TOO_SHORT, message).mend("raise terminationGracePeriodSeconds"))
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
    let total = naps.fold(0_i64, i64::saturating_add);
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
    whole.parse::<u32>().ok().map(|n| i64::from(n).saturating_mul(factor))
}
