//! Waiting until every disruption budget would still hold once the color is gone.

use std::ops::ControlFlow;
use std::time::Duration;

use futures::future::join;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use release_cli::run::Run;
use release_cluster::read::ListQuery;
use release_cluster::wait::until;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use release_core::kube::path::collection;
use release_core::workload::disruption::{AfterRemoval, after_removing, describe};

use super::removal::Removal;
use crate::snapshot::pods_with;

/// Between two looks at the budgets.
const POLL: Duration = Duration::from_millis(500);

/// Waits. Budgets that can't be read are said to be not checked, by the plan; they hinder nothing.
///
/// # Errors
/// Exit 4 once the run's time is over, naming the budget.
pub async fn wait(run: &Run, removal: &Removal) -> Outcome<()> {
    let mut why = String::new();
    let held = until(run.deadline(), POLL, async || {
        match hindrance(run, removal).await {
            Err(failure) => return ControlFlow::Break(Err(failure)),
            Ok(None) => return ControlFlow::Break(Ok(())),
            Ok(Some(obstacle)) => why = obstacle,
        }
        if !run.left().is_zero() {
            run.waiting(&why);
        }
        ControlFlow::Continue(())
    })
    .await;
    held.unwrap_or_else(|| {
        let text = format!("out of time: {why}; {} was not taken down", removal.color);
        Err(Failure::out_of_time(text).look(Command::new("kubectl get pdb").scope(run.scope())))
    })
}

/// The first budget that would not hold, in words.
///
/// # Errors
/// Where budgets or pods can't be read.
pub async fn hindrance(run: &Run, removal: &Removal) -> Outcome<Option<String>> {
    let path = collection::<PodDisruptionBudget>(Some(&run.cluster.namespace));
    let query = ListQuery::default();
    let budgets = run.cluster.list::<PodDisruptionBudget>(&path, &query);
    let (budgets, pods) = join(budgets, pods_with(&run.cluster, &removal.selector)).await;
    let budgets = match budgets {
        Ok(listed) => listed.items,
        Err(e) if e.is_forbidden() || e.is_not_found() => return Ok(None),
        Err(e) => return Err(e.into()),
    };
    let mut pods = pods?;
    let leaving: Vec<&Pod> = removal.own(&mut pods).into_iter().filter(|pod| !pod.is_finished()).collect();
    Ok(budgets.iter().find_map(|b| obstacle(b, &leaving)))
}

fn obstacle(budget: &PodDisruptionBudget, leaving: &[&Pod]) -> Option<String> {
    match after_removing(budget, leaving) {
        AfterRemoval::Holds => None,
        AfterRemoval::NotObserved => Some(format!("{}: its status is of an older generation", describe(budget))),
        AfterRemoval::Broken { left, demanded } => {
            Some(format!("{}: {left} healthy pods would be left, it demands {demanded}", describe(budget)))
        }
    }
}
