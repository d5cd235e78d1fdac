//! `plan`: every step, check and write of a release, without one.

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{heading, refuse_blocked};
use release_core::checks::finding;
use release_core::checks::weighing::Weighing;
use release_core::failure::Outcome;

use super::shown;
use crate::args::PlanArgs;
use crate::checks::findings;
use crate::commands::run::mend;
use crate::facts::facts;
use crate::look::stable;
use crate::names::deployment;
use crate::options;
use crate::proposal::propose;
use crate::report::{PlanMembers, Stand};

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a check blocks.
pub async fn run(run: &Run, args: &PlanArgs, report: &mut Report<PlanMembers>) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    let release = options::release(&args.release)?;
    let (seen, _) = run.within(stable(&run.cluster, &name)).await?;
    let proposal = run.within(propose(run, &seen, &release, "")).await?;
    let weighing = Weighing { force: args.checks.force.clone(), strict: args.checks.strict };
    report.findings = findings(&proposal, run.scope(), &weighing);
    let (head, plan) = (heading(run, &format!("deploy/{name}")), shown::plan(&proposal));
    let lines = finding::lines(&report.findings, run.look(1));
    report.text = [head, plan, lines].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n");
    report.members.stand = Stand::of(&name, &proposal.record).seen(&facts(&proposal.look, &proposal.record));
    report.names = vec![format!("deployment.apps/{name}")];
    refuse_blocked(&report.findings, "to be started", mend)
}
