//! `status`: what is so, for one Service, a namespace or the cluster; once, watched, or waited for.

mod overview;
mod routed;

use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::flags::Output;
use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::heading;
use release_cluster::slice_view::SliceView;
use release_cluster::wait::until;
use release_core::failure::{Failure, Outcome};

use crate::args::StatusArgs;
use crate::moves::views;
use crate::names::service_names;
use crate::options::{self, MoveOptions, Target, Verb};
use crate::plan::{MoveRequest, SwitchPlan, subjects_of};
use crate::record::RecordedVerb;
use crate::refusal::{Asked, not_switchable};
use crate::report::status::status;
use crate::report::status_document::{ServiceStatus, StatusEntry, StatusMembers};
use crate::report::status_text::{text, way};
use crate::service_view::ServiceView;
use crate::snapshot::{Looking, ReadScope, Snapshot, load};

/// A watched Service is read again at least this often: workloads change without endpoints.
const REFRESH: Duration = Duration::from_secs(2);
/// Between two looks while waiting.
const POLL: Duration = Duration::from_millis(300);

/// Runs the verb.
///
/// # Errors
/// Exit 1 where a Service can't be read or has no colors; exit 4 where `--wait-for` ran out of time.
pub async fn run(run: &Run, args: &StatusArgs, report: &mut Report<StatusMembers>) -> Outcome<()> {
    let names = service_names(&args.services)?;
    if names.is_empty() {
        return run.within(overview::show(run, args.all_namespaces, args.track.track_key.as_deref(), report)).await;
    }
    if let Some(condition) = &args.wait_for {
        return wait_for(run, &names, args, &Condition::parse(condition)?, report).await;
    }
    if args.watch {
        return watch(run, &names, args).await;
    }
    let (_, shown) = look(run, &names, args).await?;
    fill(run, &names, shown, report);
    Ok(())
}

/// One Service as it is now, and as people read it.
struct Shown {
    status: ServiceStatus,
    text: String,
}

async fn look(run: &Run, names: &[String], args: &StatusArgs) -> Outcome<(Snapshot, Vec<Shown>)> {
    let key = args.track.track_key.as_deref();
    let read = load(
        &run.cluster,
        names,
        Looking { key, router: args.track.router.as_ref(), extent: ReadScope::Colors, images: true },
    );
    // Who watches has all the time in the world.
    let snapshot = if args.watch { read.await? } else { run.within(read).await? };
    let shown = judge(&snapshot, key)?;
    Ok((snapshot, shown))
}

fn judge(snapshot: &Snapshot, key: Option<&str>) -> Outcome<Vec<Shown>> {
    let shown = views(snapshot, key).into_iter().map(|view| {
        let asked = || Asked::about("status", view.name());
        let tracks = view.tracks.as_ref().map_err(|why| not_switchable(&view, why, snapshot, &asked()))?;
        let status = status(&view, tracks, snapshot);
        let back = match view.recorded.current.as_ref().filter(|record| record.to == tracks.active) {
            Some(record) if record.verb == RecordedVerb::Rollback => plan_of_return(snapshot, &view),
            _ => plan_of_rollback(snapshot, &view),
        };
        Ok(Shown { text: text(&status, snapshot.at, way(&view, tracks, snapshot, back.as_ref())), status })
    });
    shown.collect()
}

/// What `kubectl bluegreen rollback` would do with this Service now.
fn plan_of_rollback(snapshot: &Snapshot, view: &ServiceView<'_>) -> Option<SwitchPlan> {
    // Whoever types the command as it is printed in a job says --yes.
    let options = MoveOptions { yes: true, ..options::plain_rollback(view.name()) };
    let request = MoveRequest { options: &options, run_id: "", user: "" };
    SwitchPlan::of(snapshot, std::slice::from_ref(view), request, false).ok()
}

/// What a switch to the color that a rollback left would do, where one was rolled back.
fn plan_of_return(snapshot: &Snapshot, view: &ServiceView<'_>) -> Option<SwitchPlan> {
    let left = view.recorded.current.as_ref().map(|record| record.from.clone())?;
    let (verb, target) = (Verb::Switch, Target::Color(left));
    let options = MoveOptions { verb, target, scale: false, ..options::plain_rollback(view.name()) };
    let request = MoveRequest { options: &options, run_id: "", user: "" };
    SwitchPlan::of(snapshot, std::slice::from_ref(view), request, false).ok()
}

fn fill(run: &Run, names: &[String], shown: Vec<Shown>, report: &mut Report<StatusMembers>) {
    let parts = names
        .iter()
        .zip(&shown)
        .map(|(name, shown)| format!("{}\n{}", heading(run, &subjects_of(std::slice::from_ref(name))), shown.text));
    report.text = parts.collect::<Vec<_>>().join("\n\n");
    report.names = names.iter().map(|name| format!("service/{name}")).collect();
    report.members.services = shown.into_iter().map(|shown| StatusEntry::Asked(shown.status)).collect();
}

/// Prints again whenever what is shown has changed; ends when interrupted.
async fn watch(run: &Run, names: &[String], args: &StatusArgs) -> Outcome<()> {
    let output = if run.output == Output::Json { Output::Jsonl } else { run.output };
    let mut last = Vec::new();
    loop {
        let (snapshot, shown) = look(run, names, args).await?;
        let now: Vec<ServiceStatus> = shown.iter().map(|shown| shown.status.clone()).collect();
        if now != last {
            let mut report = Report::default();
            fill(run, names, shown, &mut report);
            release_cli::print::report(&report, output, &run.origin(), None);
            if !run.output.is_machine() {
                release_cli::output::data_line("");
            }
            if release_cli::output::is_ended() {
                return Ok(());
            }
        }
        last = now;
        let slices = snapshot.slices.get(&names[0]).cloned().unwrap_or_default();
        SliceView::at(&run.cluster, &names[0], slices).changed(REFRESH).await;
    }
}

/// What `--wait-for` waits for.
enum Condition {
    Active(String),
    Converged,
}

impl Condition {
    fn parse(text: &str) -> Outcome<Self> {
        match text.split_once('=') {
            None if text == "converged" => Ok(Self::Converged),
            Some(("active", color)) if !color.is_empty() => Ok(Self::Active(color.to_owned())),
            _ => Err(Failure::usage(format!("--wait-for: \"{}\" is no condition", text.escape_debug()))
                .next("active=COLOR, or converged")),
        }
    }

    fn holds(&self, status: &ServiceStatus) -> bool {
        match self {
            Self::Active(color) => status.active == *color && status.converged,
            Self::Converged => status.converged,
        }
    }
}

async fn wait_for(
    run: &Run,
    names: &[String],
    args: &StatusArgs,
    condition: &Condition,
    report: &mut Report<StatusMembers>,
) -> Outcome<()> {
    let mut active = String::new();
    let held = until(run.deadline(), POLL, async || {
        let shown = match look(run, names, args).await {
            Ok((_, shown)) => shown,
            Err(failure) => return ControlFlow::Break(Err(failure)),
        };
        let holds = shown.iter().all(|shown| condition.holds(&shown.status));
        active = shown.iter().map(|shown| active_now(&shown.status)).collect::<Vec<_>>().join(", ");
        fill(run, names, shown, report);
        if holds {
            return ControlFlow::Break(Ok(()));
        }
        if !run.left().is_zero() {
            run.waiting(&format!("active is {active}"));
        }
        ControlFlow::Continue(())
    })
    .await;
    held.unwrap_or_else(|| Err(Failure::out_of_time(format!("out of time: active is {active}"))))
}

fn active_now(status: &ServiceStatus) -> String {
    format!("{}{}", status.active, if status.converged { "" } else { " (converging)" })
}
