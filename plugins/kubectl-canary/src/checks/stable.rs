//! Whether the stable Deployment is in a state to begin from.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::{Command, Scope};
use release_core::kube::Replacement;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};

use crate::facts::facts;
use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, scope: &Scope) -> Vec<Finding> {
    let workload = &proposal.look.stable.workload;
    let name = workload.reference();
    let rollout = |verb: &str| Command::new("kubectl rollout").arg(verb).arg(name.clone()).scope(scope);
    let mut found = Vec::new();
    if workload.metadata.deletion_timestamp.is_some() {
        found.push(Finding::blocks(&name, ids::BEING_DELETED, format!("{name} is being deleted")));
    }
    if workload.replacement == Replacement::Recreate {
        let message = format!("{name} is of strategy Recreate, and a canary runs beside it");
        found.push(Finding::blocks(&name, ids::STRATEGY_RECREATE, message));
    }
    if workload.paused {
        let message = format!("{name} is paused, and gets no template of anybody's");
        found.push(Finding::blocks(&name, ids::PAUSED, message).mend(rollout("resume")));
    }
    found.extend(
        unsettled(proposal).map(|why| Finding::blocks(&name, ids::STABLE_UNSETTLED, why).mend(rollout("status"))),
    );
    found
}

fn unsettled(proposal: &Proposal) -> Option<String> {
    let workload = &proposal.look.stable.workload;
    if workload.replicas <= 0 {
        return Some(format!("{workload} is scaled to 0: there is nothing to release beside"));
    }
    match rollout_status(workload) {
        RolloutStatus::Failed(why) => return Some(format!("{workload}'s rollout has failed: {why}")),
        RolloutStatus::Waiting(why) => return Some(format!("{workload}'s rollout isn't over: {why}")),
        RolloutStatus::Done => {}
    }
    let stable = facts(&proposal.look, &proposal.record).stable;
    let has_service = !proposal.around.services.is_empty();
    (has_service && stable.carries() < stable.wanted)
        .then(|| format!("{} of {} pods are ready behind the Service", stable.carries(), stable.wanted))
}
