//! What is looked at before a release begins. Each file is one concept.

mod budgets_and_selectors;
mod canary_name;
mod judged;
mod migrations;
mod owners;
mod services;
mod stable;
mod weights;

use release_core::checks::finding::Finding;
use release_core::checks::weighing::{Urgency, Weighing, weigh};
use release_core::command::Scope;

use crate::proposal::Proposal;
pub use weights::unreachable;

/// A check: what it finds about a release that may begin.
type Check = fn(&Proposal, &Scope) -> Vec<Finding>;

const ALL: [Check; 8] = [
    stable::check,
    canary_name::check,
    services::check,
    weights::check,
    budgets_and_selectors::check,
    owners::check,
    migrations::check,
    judged::check,
];

/// Every finding, weighed.
#[must_use]
pub fn findings(proposal: &Proposal, scope: &Scope, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = ALL.iter().flat_map(|check| check(proposal, scope)).collect();
    weigh(&mut findings, weighing, Urgency::Ordinary, &[], None);
    findings
}
