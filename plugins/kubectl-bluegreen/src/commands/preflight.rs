//! `preflight`: the plan and the checks of a switch, as data on stdout.

use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding;

use super::switch::{refuse_blocked, show};
use crate::itinerary::{Itinerary, subjects};
use crate::options::MoveOptions;
use crate::plan::Context;
use crate::report::plan_text;
use crate::snapshot::{Reach, load};
use kubectl_release::report::Report;
use kubectl_release::run::Run;

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a check blocks.
pub async fn run(run: &Run, options: &MoveOptions, report: &mut Report) -> Outcome<()> {
    let key = options.track_key.as_deref();
    let snapshot = load(&run.cluster, &options.services, key, Reach::Everything).await?;
    let subjects = subjects(&snapshot, key);
    let context =
        Context { options, suffix: &run.suffix, flags: &run.cluster.flags, run_id: &run.id, user: &run.cluster.user };
    let itinerary = Itinerary::of(&snapshot, &subjects, &context, false)?;
    let not_ready = |refused| Failure { message: "not ready to switch".into(), ..refused };
    let verdict = refuse_blocked(run, options, &itinerary).map_err(not_ready);
    if run.output.is_machine() {
        show(run, options, &itinerary, &subjects, report);
        return verdict;
    }
    let shown = finding::lines(&itinerary.findings, run.look(options.services.len()));
    let heading = plan_text::heading(&options.services, &run.cluster.context, &run.cluster.namespace);
    report.text = [heading, itinerary.text(&subjects), shown]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n");
    if verdict.is_ok() && !itinerary.moves().is_empty() {
        report.text.push_str("\nready to switch");
    }
    verdict
}
