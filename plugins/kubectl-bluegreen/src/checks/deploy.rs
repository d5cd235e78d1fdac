//! The checks of a deploy beside those of the move that follows: what its images and its copies bring with
//! them, and who has the color that is overwritten.

mod case;
mod file;
mod held;
mod images;
mod in_use;
mod likeness;
mod others;
mod sizes;
mod vetted;

use release_core::checks::finding::Finding;
use release_core::checks::weighing::{Urgency, Weighing, weigh};

pub use case::DeployCase;

type Check = fn(&DeployCase<'_>) -> Vec<Finding>;

const CHECKS: [Check; 8] = [
    in_use::check,
    images::check,
    likeness::check,
    held::check,
    others::check,
    sizes::check,
    file::check,
    vetted::check,
];

/// What a copy of a workload brings with it, where no image changes.
#[must_use]
pub fn of_a_copy(case: &DeployCase<'_>) -> Vec<Finding> {
    likeness::of_a_copy(case).into_iter().chain(held::check(case)).collect()
}

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &DeployCase<'_>, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(case)).collect();
    weigh(&mut findings, weighing, Urgency::Ordinary, &case.view.settings.accept, None);
    findings
}
