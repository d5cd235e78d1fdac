//! `rollback`: the same way as a switch, cut to what three in the morning needs.

use std::time::Duration;

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::Outcome;

use crate::args::RollbackArgs;
use crate::moves::{self, MoveReport};
use crate::options;
use crate::report::move_document::RollbackMembers;
use crate::snapshot::ReadScope;

/// What a read that a rollback can do without may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: RollbackArgs, report: &mut Report<RollbackMembers>) -> Outcome<()> {
    let options = options::rollback(args)?;
    let Report { members, findings, text, names, .. } = report;
    let report = MoveReport { services: &mut members.services, findings, text, names };
    moves::make(run, &options, ReadScope::Essentials { others: PATIENCE }, report).await
}
