//! Whether something shares the requests.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Scope;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    if !proposal.around.services.is_empty() {
        return Vec::new();
    }
    let workload = proposal.look.stable.workload.reference();
    let message = format!("no Service selects the pods of {workload}: nobody would send the canary its share");
    vec![
        Finding::blocks(&workload, ids::NO_SERVICE, message)
            .mend("for pods that take their work from a queue a rolling update does"),
    ]
}
