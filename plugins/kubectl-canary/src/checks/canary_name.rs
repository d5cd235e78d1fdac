//! Whether the canary's name is free.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Scope;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    let Some(canary) = &proposal.look.canary else { return Vec::new() };
    let name = proposal.look.stable.workload.reference();
    let message = format!("{} is there already, and is none of this release's", canary.workload);
    vec![Finding::blocks(&name, ids::CANARY_NAME_TAKEN, message).mend("rename it, or delete it where nobody needs it")]
}
