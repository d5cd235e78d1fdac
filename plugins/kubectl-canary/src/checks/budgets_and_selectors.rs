//! What counts the canary's pods among stable's: they have stable's labels, because the Service sends by them.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::{Command, Scope};
use release_core::kube::selector_matches;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, scope: &Scope) -> Vec<Finding> {
    let name = proposal.look.stable.workload.reference();
    let counting = selector(proposal).into_iter().chain(budgets(proposal, &name));
    counting.chain(autoscalers(proposal, (&name, scope))).collect()
}

fn selector(proposal: &Proposal) -> Option<Finding> {
    let stable = &proposal.look.stable.workload;
    // They have all of stable's labels, and one more.
    let name = stable.reference();
    let message = format!("the selector of {name} matches the canary's pods too; each Deployment keeps its own pods");
    selector_matches(&stable.selector, &stable.pod_labels())
        .then(|| Finding::warns(&name, ids::SELECTS_CANARY, message).quiet_if(true))
}

fn budgets(proposal: &Proposal, name: &str) -> Vec<Finding> {
    let labels = proposal.look.stable.workload.pod_labels();
    let counts = |budget: &&PodDisruptionBudget| {
        let selector = budget.spec.as_ref().and_then(|spec| spec.selector.as_ref());
        selector.is_some_and(|selector| selector_matches(selector, &labels))
    };
    match &proposal.around.budgets {
        Err(why) => vec![Finding::not_checked(name, ids::SELECTS_CANARY, "pdb", why)],
        Ok(all) => all.iter().filter(counts).map(|budget| counted(name, budget)).collect(),
    }
}

fn counted(name: &str, budget: &PodDisruptionBudget) -> Finding {
    let budget = budget.metadata.name.as_deref().unwrap_or_default();
    Finding::warns(name, ids::SELECTS_CANARY, format!("pdb/{budget} counts the canary's pods among stable's"))
}

fn autoscalers(proposal: &Proposal, (name, scope): (&str, &Scope)) -> Vec<Finding> {
    let stable = &proposal.look.stable.workload;
    let scales = |hpa: &&HorizontalPodAutoscaler| stable.is_scaled_by(hpa);
    let found = |hpa: &HorizontalPodAutoscaler| {
        let hpa = hpa.metadata.name.as_deref().unwrap_or_default();
        let message = format!("hpa/{hpa} sets the size of {name}, and this router has to");
        let without = Command::new("kubectl delete hpa").arg(hpa).scope(scope);
        Finding::blocks(name, ids::HPA_SCALES_STABLE, message).mend(without)
    };
    match &proposal.around.autoscalers {
        Err(why) => vec![Finding::not_checked(name, ids::HPA_SCALES_STABLE, "hpa", why)],
        Ok(all) => all.iter().filter(scales).map(found).collect(),
    }
}
