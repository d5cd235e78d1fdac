//! `rollback`: the same way as a switch, cut to what three in the morning needs.

use std::time::Duration;

use kubectl_release::error::Outcome;

use super::switch::travel;
use crate::options::MoveOptions;
use crate::snapshot::Reach;
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// What a read that a rollback can do without may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, options: &MoveOptions, report: &mut Report) -> Outcome<()> {
    travel(run, options, Reach::Essentials { others: PATIENCE }, report).await
}
