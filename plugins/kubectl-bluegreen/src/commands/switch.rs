//! `switch`: move Services to another color.

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::release::hooks::Moment;

use crate::args::SwitchArgs;
use crate::hooks::Hooks;
use crate::moves::{self, MoveReport};
use crate::options::{self, MoveOptions};
use crate::report::move_document::SwitchMembers;
use crate::snapshot::ReadScope;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: SwitchArgs, report: &mut Report<SwitchMembers>) -> Outcome<()> {
    let around = args.hooks.clone();
    let options = options::switch(args, run.scope())?;
    let typed = [
        (Moment::Migrate, None),
        (Moment::BeforeSwitch, around.before_switch.as_ref()),
        (Moment::AfterSwitch, around.after_switch.as_ref()),
    ];
    let hooks = Hooks::load(run, typed, &options.services[0]).await?;
    let options = MoveOptions { hooks, ..options };
    let Report { members, findings, text, names, .. } = report;
    let report = MoveReport { services: &mut members.services, findings, text, names };
    moves::make(run, &options, ReadScope::Everything, report).await
}
