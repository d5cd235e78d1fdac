//! `switch`: move Services to another color.

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::Outcome;

use crate::args::SwitchArgs;
use crate::moves::{self, MoveReport};
use crate::options;
use crate::report::move_document::SwitchMembers;
use crate::snapshot::ReadScope;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: SwitchArgs, report: &mut Report<SwitchMembers>) -> Outcome<()> {
    let options = options::switch(args, run.scope())?;
    let Report { members, findings, text, names, .. } = report;
    let report = MoveReport { services: &mut members.services, findings, text, names };
    moves::make(run, &options, ReadScope::Everything, report).await
}
