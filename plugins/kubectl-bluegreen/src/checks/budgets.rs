//! Disruption budgets around the target
//! (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/>).

use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use release_core::traffic::selector::Color;
use release_core::workload::disruption::{covers, describe, is_observed};

use super::case::Case;
use release_core::checks::finding::Finding;
use release_core::checks::ids;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let budgets = match &case.snapshot.budgets {
        Ok(budgets) => budgets,
        Err(why) => return vec![case.not_checked(ids::PDB_MISSING, "pdb", why)],
    };
    let covering: Vec<&PodDisruptionBudget> = budgets.iter().filter(|b| covers_color(b, case.target)).collect();
    let mut findings = missing(case, &covering);
    findings.extend(covering.iter().filter_map(|budget| allows_none(case, budget)));
    findings.extend(covering.iter().filter_map(|budget| spans(case, budget)));
    findings.into_iter().map(|finding| finding.quiet_if(case.runs_one_pod())).collect()
}

fn covers_color(budget: &PodDisruptionBudget, color: &Color) -> bool {
    color.workloads.iter().any(|w| covers(budget, &w.pod_labels()))
}

/// A node drain may then evict all pods at once.
fn missing(case: &Case<'_>, covering: &[&PodDisruptionBudget]) -> Vec<Finding> {
    let bare = case.target.workloads.iter().filter(|w| !covering.iter().any(|b| covers(b, &w.pod_labels())));
    bare.map(|w| {
        case.warns(ids::PDB_MISSING, format!("no budget covers {w}, a drain may take all"))
            .mend("add a PodDisruptionBudget")
    })
    .collect()
}

/// Drains of nodes wait for it without end. A status of an older generation says nothing, and a
/// budget that counts no pods yet protects none.
fn allows_none(case: &Case<'_>, budget: &PodDisruptionBudget) -> Option<Finding> {
    let status = budget.status.as_ref()?;
    // A color that is about to grow has pods coming: what the budget allows now says nothing.
    let stuck =
        is_observed(budget) && !case.scales_first && status.expected_pods > 0 && status.disruptions_allowed == 0;
    let message =
        format!("{} allows 0, {} of {} pods healthy", describe(budget), status.current_healthy, status.expected_pods);
    stuck.then(|| case.warns(ids::PDB_ALLOWS_NONE, message).mend("allow 1, or drains hang"))
}

/// It counts the idle color's pods too: while both run, it allows more disruption of the active
/// one than it says, and scaling the idle one down may break it.
fn spans(case: &Case<'_>, budget: &PodDisruptionBudget) -> Option<Finding> {
    let name = budget.metadata.name.as_deref().unwrap_or_default();
    let both = covers_color(budget, case.active);
    both.then(|| case.warns(ids::PDB_SPANS_COLORS, format!("pdb/{name} counts both colors")).mend("a budget per color"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::check;
    use crate::checks::testing::{World, ids, told};

    fn budget(labels: &Value, allowed: i32) -> Value {
        json!({"metadata": {"name": "api-pdb", "generation": 1}, "spec": {"minAvailable": "75%", "selector": {"matchLabels": labels}},
            "status": {"observedGeneration": 1, "expectedPods": 3, "currentHealthy": 3, "desiredHealthy": 3, "disruptionsAllowed": allowed}})
    }

    fn with(budgets: Vec<Value>) -> World {
        World { budgets: Ok(budgets), ..World::healthy() }
    }

    #[test]
    fn a_budget_of_its_own_that_allows_one_is_fine() {
        assert!(with(vec![budget(&json!({"app": "api", "version": "green"}), 1)]).findings(check).is_empty());
    }

    #[test]
    fn without_a_budget_a_node_drain_takes_every_pod() {
        assert_eq!(told(&with(vec![]).findings(check)), ["! pdb-missing"]);
        let others = with(vec![budget(&json!({"app": "api", "version": "blue"}), 1)]);
        assert_eq!(ids(&others.findings(check)), ["pdb-missing"]);
    }

    #[test]
    fn a_budget_over_both_colors_protects_neither() {
        assert_eq!(told(&with(vec![budget(&json!({"app": "api"}), 1)]).findings(check)), ["! pdb-spans-colors"]);
    }

    #[test]
    fn a_budget_that_allows_nothing_hangs_every_drain() {
        let own = json!({"app": "api", "version": "green"});
        assert_eq!(told(&with(vec![budget(&own, 0)]).findings(check)), ["! pdb-allows-none"]);
        let mut stale = budget(&own, 0);
        stale["metadata"]["generation"] = json!(2);
        assert!(with(vec![stale]).findings(check).is_empty());
        let mut empty = budget(&own, 0);
        empty["status"]["expectedPods"] = json!(0);
        assert!(with(vec![empty]).findings(check).is_empty());
    }

    #[test]
    fn with_one_pod_budgets_are_no_news() {
        let mut world = with(vec![]);
        world.run("green", 1, 1);
        assert_eq!(told(&world.findings(check)), ["~ pdb-missing"]);
    }

    #[test]
    fn what_may_not_be_read_is_said_once() {
        let world = World { budgets: Err("forbidden".into()), ..World::healthy() };
        assert_eq!(told(&world.findings(check)), ["? pdb-missing"]);
    }
}
