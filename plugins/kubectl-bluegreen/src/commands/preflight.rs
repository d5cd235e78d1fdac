//! `preflight`: the plan and the checks of a switch, as data on stdout.

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{heading, refuse_blocked};
use release_core::checks::{finding, ids};
use release_core::failure::{Failure, Outcome};

use crate::args::PreflightArgs;
use crate::moves::{MoveReport, by_route, make_plan, rights, views, what_would_go_through};
use crate::options;
use crate::plan;
use crate::report::move_document::PreflightMembers;
use crate::snapshot::{ReadScope, Snapshot, load};

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a check blocks.
pub async fn run(run: &Run, args: PreflightArgs, report: &mut Report<PreflightMembers>) -> Outcome<()> {
    let options = options::preflight(args)?;
    let key = options.track_key.as_deref();
    let read = run.within(load(&run.cluster, &options.services, options.looking(ReadScope::Everything))).await?;
    let may_patch = by_route(run, rights(run, &options.services).await, &views(&read, key)).await;
    let snapshot = Snapshot { may_patch, ..read };
    let views = views(&snapshot, key);
    let plan = make_plan(run, &options, &snapshot, &views, false)?;
    let next = |blocking: &[&finding::Finding]| what_would_go_through(blocking, &plan, &options, run.scope());
    let refused = refuse_blocked(&plan.findings, options.verb.past(), next);
    let Report { members, findings, text, names, .. } = report;
    MoveReport { services: &mut members.services, findings, text, names }.planned(&plan, &options);
    let found = finding::lines(&plan.findings, run.look(options.services.len()));
    let forbidden = plan.findings.iter().any(|finding| finding.id == ids::SWITCH_FORBIDDEN);
    let ready = match (refused.is_ok() && plan.moves().next().is_some(), forbidden) {
        (true, true) => "nothing blocks a switch, by somebody who may make it",
        (true, false) => "ready to switch",
        (false, _) => "",
    };
    let subjects = heading(run, &plan::subjects_of(&options.services));
    let parts = [subjects.as_str(), &plan::text(&plan, &views, &snapshot.pods), &found, ready];
    report.text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    refused.map_err(|refused| Failure { message: "not ready to switch".into(), ..refused })?;
    plan.unserved("Unserved").map_or(Ok(()), Err)
}
