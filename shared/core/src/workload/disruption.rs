//! Whether disruption budgets would still hold after pods are taken away.
//!
//! Kubernetes asks budgets for evictions only; scale-downs and deletes pass them by
//! (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/>). The arithmetic is that of
//! the disruption controller (`k8s.io/kubernetes/pkg/controller/disruption`): percentages of the
//! expected pods, rounded up.

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::kube::{Labels, Pod, selector_matches};

/// What a budget says about taking pods away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AfterRemoval {
    /// It would still hold.
    Holds,
    /// The disruption controller has not looked at its current generation yet.
    NotObserved,
    /// Fewer healthy pods would be left than it demands.
    Broken { left: i32, demanded: i32 },
}

/// True where the budget covers a pod with these labels.
#[must_use]
pub fn covers(budget: &PodDisruptionBudget, labels: &Labels) -> bool {
    // policy/v1: an empty selector matches every pod of the namespace, a missing one none.
    budget.spec.as_ref().and_then(|s| s.selector.as_ref()).is_some_and(|selector| selector_matches(selector, labels))
}

/// Judges a budget as it would stand once `leaving` are gone. Budgets that don't cover any of
/// them hold; so does one that covers nothing else, for there would be nothing left to protect.
#[must_use]
pub fn after_removing(budget: &PodDisruptionBudget, leaving: &[&Pod]) -> AfterRemoval {
    let covered: Vec<&&Pod> = leaving.iter().filter(|pod| covers(budget, &pod.metadata.labels)).collect();
    if covered.is_empty() {
        return AfterRemoval::Holds;
    }
    let status = budget.status.clone().unwrap_or_default();
    if !is_observed(budget) {
        return AfterRemoval::NotObserved;
    }
    let gone = i32::try_from(covered.len()).unwrap_or(i32::MAX);
    let healthy_gone = i32::try_from(covered.iter().filter(|pod| pod.is_ready()).count()).unwrap_or(i32::MAX);
    let expected = status.expected_pods.saturating_sub(gone);
    if expected <= 0 {
        return AfterRemoval::Holds;
    }
    let left = status.current_healthy.saturating_sub(healthy_gone);
    let demanded = demanded_of(budget, expected);
    if left >= demanded { AfterRemoval::Holds } else { AfterRemoval::Broken { left, demanded } }
}

/// Healthy pods that the budget demands among `expected`.
#[must_use]
pub fn demanded_of(budget: &PodDisruptionBudget, expected: i32) -> i32 {
    let spec = budget.spec.as_ref();
    match (spec.and_then(|s| s.min_available.as_ref()), spec.and_then(|s| s.max_unavailable.as_ref())) {
        (Some(min), _) => scaled(min, expected),
        (None, Some(max)) => expected.saturating_sub(scaled(max, expected)).max(0),
        (None, None) => 0,
    }
}

/// `3` or `75%` of `total`, rounded up.
#[must_use]
pub fn scaled(value: &IntOrString, total: i32) -> i32 {
    match value {
        IntOrString::Int(n) => *n,
        IntOrString::String(text) => {
            let percent: i64 = text.trim_end_matches('%').parse().unwrap_or(100);
            let share = percent.saturating_mul(i64::from(total)).div_ceil_signed(100);
            i32::try_from(share).unwrap_or(i32::MAX)
        }
    }
}

/// Signed division rounding up; `i64::div_ceil` is not stable.
trait DivCeilSigned {
    fn div_ceil_signed(self, by: i64) -> i64;
}

impl DivCeilSigned for i64 {
    fn div_ceil_signed(self, by: i64) -> i64 {
        let rest = self.checked_rem_euclid(by).unwrap_or(0);
        self.checked_div_euclid(by).unwrap_or(0).saturating_add(i64::from(rest != 0))
    }
}

/// False while the disruption controller has not looked at the budget's current generation: its
/// status then says nothing.
#[must_use]
pub fn is_observed(budget: &PodDisruptionBudget) -> bool {
    let observed = budget.status.as_ref().and_then(|s| s.observed_generation);
    observed.unwrap_or(0) >= budget.metadata.generation.unwrap_or(0)
}

/// `3` or `75%`, for people.
#[must_use]
pub fn shown(value: &IntOrString) -> String {
    match value {
        IntOrString::Int(n) => n.to_string(),
        IntOrString::String(text) => crate::text::printable(text),
    }
}

/// The budget as a sentence's subject: `pdb/api-pdb (minAvailable 75%)`.
#[must_use]
pub fn describe(budget: &PodDisruptionBudget) -> String {
    let name = budget.metadata.name.as_deref().unwrap_or_default();
    let spec = budget.spec.as_ref();
    let rule = match (spec.and_then(|s| s.min_available.as_ref()), spec.and_then(|s| s.max_unavailable.as_ref())) {
        (Some(min), _) => format!(" (minAvailable {})", shown(min)),
        (None, Some(max)) => format!(" (maxUnavailable {})", shown(max)),
        (None, None) => String::new(),
    };
    format!("pdb/{name}{rule}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn budget(spec: &Value, observed: i64, expected: i32, healthy: i32) -> PodDisruptionBudget {
        let mut spec = spec.clone();
        spec["selector"] = json!({"matchLabels": {"app": "api"}});
        let status = json!({"observedGeneration": observed, "expectedPods": expected, "currentHealthy": healthy,
            "desiredHealthy": 0, "disruptionsAllowed": 0});
        serde_json::from_value(json!({"metadata": {"name": "b", "generation": 2}, "spec": spec, "status": status}))
            .unwrap()
    }

    fn pods(count: usize, ready: bool) -> Vec<Pod> {
        let status = if ready { "True" } else { "False" };
        let pod = json!({"metadata": {"labels": {"app": "api"}}, "status": {"conditions": [{"type": "Ready", "status": status}]}});
        (0..count).map(|_| serde_json::from_value(pod.clone()).unwrap()).collect()
    }

    fn judge(budget: &PodDisruptionBudget, leaving: &[Pod]) -> AfterRemoval {
        after_removing(budget, &leaving.iter().collect::<Vec<_>>())
    }

    #[test]
    fn a_percentage_is_of_the_pods_that_stay() {
        let spans = budget(&json!({"minAvailable": "75%"}), 2, 8, 8);
        assert_eq!(judge(&spans, &pods(4, true)), AfterRemoval::Holds);
        let sick = budget(&json!({"minAvailable": "75%"}), 2, 8, 6);
        assert_eq!(judge(&sick, &pods(4, true)), AfterRemoval::Broken { left: 2, demanded: 3 });
        assert_eq!(judge(&sick, &pods(4, false)), AfterRemoval::Holds);
    }

    #[test]
    fn a_number_stays_what_it_is() {
        let spans = budget(&json!({"minAvailable": 6}), 2, 8, 8);
        assert_eq!(judge(&spans, &pods(4, true)), AfterRemoval::Broken { left: 4, demanded: 6 });
        let max = budget(&json!({"maxUnavailable": 1}), 2, 8, 7);
        assert_eq!(judge(&max, &pods(4, true)), AfterRemoval::Holds);
    }

    #[test]
    fn a_stale_status_says_nothing() {
        let stale = budget(&json!({"minAvailable": 1}), 1, 8, 8);
        assert_eq!(judge(&stale, &pods(4, true)), AfterRemoval::NotObserved);
    }

    #[test]
    fn a_budget_of_only_the_leaving_pods_has_nothing_left_to_protect() {
        let own = budget(&json!({"minAvailable": 2}), 2, 4, 4);
        assert_eq!(judge(&own, &pods(4, true)), AfterRemoval::Holds);
    }
}
