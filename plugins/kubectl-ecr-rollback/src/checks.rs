//! The checks of a rollback, each pure: a [`Case`] in, findings out. Adding one touches its file
//! and the list here.

mod budgets;
mod cached_image;
pub mod case;
mod containers;
mod expiry;
mod image_updaters;
mod nothing_pushed;
mod ownership;
mod permission;
mod platform;
mod presence;
mod recorded;
mod rollout;
mod tag_now;
mod target;
mod target_ready;
mod unexpected;
mod unrecorded;
mod update;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use release_core::checks::finding::Finding;
use release_core::checks::weighing::{Urgency, Weighing, weigh};

use case::Case;

type Check = fn(&Case<'_>) -> Vec<Finding>;

const CHECKS: [Check; 18] = [
    permission::check,
    presence::check,
    target::check,
    platform::check,
    target_ready::check,
    tag_now::check,
    unexpected::check,
    rollout::check,
    update::check,
    cached_image::check,
    nothing_pushed::check,
    budgets::check,
    ownership::check,
    image_updaters::check,
    containers::check,
    expiry::check,
    recorded::check,
    unrecorded::check,
];

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &Case<'_>, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(case)).collect();
    weigh(&mut findings, weighing, Urgency::Ordinary, &[], None);
    findings
}
