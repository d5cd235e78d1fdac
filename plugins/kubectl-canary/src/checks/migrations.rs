//! Init containers that change what both versions share.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Scope;
use release_core::text::one_line;
use release_core::workload::twin::migrates;
use serde_json::Value;

use crate::proposal::Proposal;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    let stable = &proposal.look.stable;
    let containers = stable.raw["spec"]["template"]["spec"]["initContainers"].as_array().into_iter().flatten();
    let name = |container: &Value| one_line(container["name"].as_str().unwrap_or_default());
    let found = containers.filter(|container| migrates(container)).map(|container| {
        let message = format!("init container {} migrates something while stable serves", name(container));
        Finding::warns(&stable.workload.reference(), ids::INIT_MIGRATES, message)
            .mend("both versions have to work with what it leaves")
    });
    found.collect()
}
