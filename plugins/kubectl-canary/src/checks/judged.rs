//! Whether anything is judged.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Scope;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    let name = proposal.look.stable.workload.reference();
    let message = "nothing is judged by numbers: a version whose pods get ready goes on by time alone";
    vec![Finding::warns(&name, ids::NOT_JUDGED, message).mend("watch it: an abort takes it back at any moment")]
}
