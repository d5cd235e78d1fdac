//! Waiting until every disruption budget would still hold once the color is gone.

use std::time::Duration;

use futures::future::join;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kubectl_release::cluster::read::{ListQuery, collection};
use kubectl_release::disruption::{Verdict, after_removing, describe};
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Pod;
use tokio::time::sleep;

use super::plan::Removal;
use crate::snapshot::pods_with;
use kubectl_release::run::Run;

/// Between two looks at the budgets.
const POLL: Duration = Duration::from_millis(500);

/// Waits. Budgets that can't be read are said to be not checked, by the plan; they hinder nothing.
///
/// # Errors
/// Exit 4 once the run's time is over, naming the budget.
pub async fn wait(run: &Run, removal: &Removal) -> Outcome<()> {
    loop {
        let path = collection::<PodDisruptionBudget>(Some(&run.cluster.namespace));
        let query = ListQuery::default();
        let budgets = run.cluster.list::<PodDisruptionBudget>(&path, &query);
        let (budgets, pods) = join(budgets, pods_with(&run.cluster, &removal.selector)).await;
        let budgets = match budgets {
            Ok(listed) => listed.items,
            Err(e) if e.is_forbidden() || e.is_not_found() => return Ok(()),
            Err(e) => return Err(e.into()),
        };
        let pods = pods?;
        let leaving: Vec<&Pod> = pods.iter().filter(|p| !p.is_finished()).collect();
        let Some(why) = budgets.iter().find_map(|b| obstacle(b, &leaving)) else { return Ok(()) };
        if run.left().is_zero() {
            let text = format!("out of time: {why}; {} was not taken down", removal.color);
            return Err(Failure::out_of_time(text).next(format!("kubectl get pdb{}", run.suffix)));
        }
        run.progress.step("waiting", &why);
        sleep(POLL.min(run.left())).await;
    }
}

fn obstacle(budget: &PodDisruptionBudget, leaving: &[&Pod]) -> Option<String> {
    match after_removing(budget, leaving) {
        Verdict::Holds => None,
        Verdict::NotObserved => Some(format!("{}: its status is of an older generation", describe(budget))),
        Verdict::Broken { left, demanded } => {
            Some(format!("{}: {left} healthy pods would be left, it demands {demanded}", describe(budget)))
        }
    }
}
