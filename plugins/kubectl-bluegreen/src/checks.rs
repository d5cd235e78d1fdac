//! The checks of a move, each pure: a [`Case`] in, findings out. Adding one touches its file and
//! the list here.

mod autoscalers;
mod budgets;
mod capacity;
mod case;
mod contracted;
pub mod deploy;
mod drain;
mod endpoints;
mod failed_before;
mod frozen;
mod headless;
mod image_updaters;
pub mod initial;
mod lesser_proof;
mod load_balancer;
mod network;
mod ownership;
mod past_route;
mod ports;
mod presence;
mod published;
mod readiness;
mod record_health;
mod recorded;
mod rights;
mod rollout;
mod routes;
mod strays;
mod twins;
mod volumes;
mod way_back;
mod widening;
mod zones;

#[cfg(test)]
pub mod testing;
#[cfg(test)]
mod tests;

use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::checks::weighing::{Weighing, weigh};
use release_core::command::Scope;

pub use case::Case;
use case::Check;
pub use endpoints::unmanaged_endpoints;
pub use ownership::puts_size_back;
pub use presence::controller;

use crate::options::MoveOptions;
use crate::record::Record;

/// The one finding that nothing overrides: a Service must never select nothing.
pub const EMPTY_TARGET: CheckId = ids::NO_READY_PODS;

/// Findings about who else writes what a move writes.
pub const OF_OWNERS: [CheckId; 4] = [ids::GITOPS, ids::HELM, ids::KUBECTL_APPLY, ids::OWNED_BY_CONTROLLER];

const CHECKS: [Check; 29] = [
    presence::check,
    rollout::check,
    capacity::check,
    strays::check,
    autoscalers::check,
    ports::check,
    readiness::check,
    published::check,
    drain::check,
    budgets::check,
    network::check,
    ownership::check,
    image_updaters::check,
    routes::check,
    past_route::check,
    record_health::check,
    endpoints::check,
    load_balancer::check,
    headless::check,
    zones::check,
    volumes::check,
    twins::check,
    recorded::check,
    rights::check,
    way_back::check,
    widening::check,
    contracted::check,
    failed_before::check,
    frozen::check,
];

/// What speaks against finishing a run that was cut off.
#[must_use]
pub fn of_finishing(
    begun: &Record,
    (service, accepted): (&str, &[String]),
    options: &MoveOptions,
    scope: &Scope,
) -> Vec<Finding> {
    let mut findings: Vec<Finding> = lesser_proof::check(service, begun, options, scope).into_iter().collect();
    weigh(&mut findings, &options.weighing, options.verb.urgency(), accepted, None);
    findings
}

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &Case<'_>, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(case)).collect();
    weigh(&mut findings, weighing, case.verb.urgency(), &case.view.settings.accept, Some(EMPTY_TARGET));
    findings
}
