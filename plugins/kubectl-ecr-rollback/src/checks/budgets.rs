//! Disruption budgets around the pods that are replaced. A rolling update does not ask them
//! (<https://kubernetes.io/docs/concepts/workloads/pods/disruptions/>), so that one which is used
//! up already says that the update comes on top of other trouble.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::workload::disruption::{covers, describe, is_observed};

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let budgets = match &case.snapshot.budgets {
        Ok(budgets) => budgets,
        Err(why) => return vec![case.not_checked(ids::PDB_MISSING, "pdb", why)],
    };
    let workload = case.workload();
    let labels = workload.pod_labels();
    let mut covering = budgets.iter().filter(|b| covers(b, &labels)).peekable();
    if covering.peek().is_none() {
        let message = format!("no budget covers {workload}, a drain may take all");
        // A note that has nothing to do with going back; it must not stand in the way at night.
        return vec![case.warns(ids::PDB_MISSING, message).mend("add a PodDisruptionBudget").quiet_if(true)];
    }
    let stuck = covering.filter(|budget| {
        is_observed(budget)
            && budget.status.as_ref().is_some_and(|s| s.expected_pods > 0 && s.current_healthy < s.desired_healthy)
    });
    stuck
        .map(|budget| {
            let status = budget.status.clone().unwrap_or_default();
            let message = format!(
                "{} is broken already: {} of {} pods healthy",
                describe(budget),
                status.current_healthy,
                status.expected_pods
            );
            case.warns(ids::PDB_BROKEN, message)
        })
        .collect()
}
