//! What a rollback and an unpin have in common once it is clear what they write: show, check,
//! agree, write, watch, report.

use std::cell::Cell;

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{self, Agreed};
use release_cluster::apply::DryRun;
use release_cluster::conditional::UNCLEAR;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::kube::Workload;
use release_core::workload::twin;
use serde_json::Value;

use crate::apply::{ChangeInProgress, Proof, prove, rewritten_at_once, stored_without_record, taken_alone, write};
use crate::checks::{self, case::Case};
use crate::document::{ChangeState, ChangedWorkload, NothingToDo, OfOneChange, WorkloadChange, change_in};
use crate::look_again::look_again;
use crate::names::WorkloadName;
use crate::options::WriteOptions;
use crate::plan::image_change::ImageChange;
use crate::pods_now::PodsNow;
use crate::words::pinned_short;

/// One change, and how people call it.
#[derive(Debug)]
pub struct Proposal<'a> {
    pub name: &'a WorkloadName,
    pub case: &'a Case<'a>,
    pub options: &'a WriteOptions,
    /// Lines about what was found, below the heading.
    pub lines: Vec<String>,
}

/// Shows the proposal with its findings, and makes the change once it is agreed to.
///
/// # Errors
/// As the exit codes say.
pub async fn propose<M: OfOneChange>(run: &Run, proposal: &Proposal<'_>, report: &mut Report<M>) -> Outcome<()> {
    let (case, options) = (proposal.case, proposal.options);
    let change = ChangeInProgress {
        run,
        workload: &case.snapshot.workload,
        recorded: &case.snapshot.recorded,
        image_change: case.change,
        options,
        is_taken_up: false,
        is_over: false,
        is_recorded: Cell::new(case.snapshot.recorded.has_room_for(&case.change.record)),
    };
    let findings = checks::run(case, &options.weighing);
    let lines: Vec<String> = proposal.lines.iter().map(|line| format!("  {line}")).collect();
    verb::show(run, &heading(run, change.workload), &lines.join("\n"), &findings, 1);
    begin(&change, Some(change.undo().to_string()), report);
    report.findings = findings;
    let past = case.change.record.verb.past();
    verb::refuse_blocked(&report.findings, past, |blocking| force(run, proposal, blocking))?;
    let done = done_line(change.workload, case.change);
    // Whoever has no time left to watch it would have to take it back at once.
    if run.left().is_zero() {
        let failure = Failure::out_of_time("out of time before anything was written");
        return Err(failure.next("give it longer with --timeout"));
    }
    let question = format!("Change {} to {}", change.workload, case.change.target());
    match verb::agree(run, &verb::question(&question, &report.findings), options.yes)? {
        Agreed::ToLook => report.text = verb::would_be(run, &done),
        Agreed::ToRehearse => {
            let answered = rehearse(&change).await?;
            rehearsed(&change, &answered, report)?;
            report.text = verb::would_be(run, &done);
        }
        Agreed::ToWrite => {
            look_again(run, case, options).await?;
            make(&change, &done, report).await?;
        }
    }
    Ok(())
}

async fn rehearse(change: &ChangeInProgress<'_>) -> Outcome<Value> {
    match change.run.cluster.apply(&change.forward(), DryRun::Server).await {
        Ok(answered) => Ok(answered),
        Err(error) => {
            let code = error.code();
            Err(taken_alone(change, code, error.into()).await)
        }
    }
}

/// What the API server would store: policies and webhooks have their say in a dry run, too.
fn rehearsed<M: OfOneChange>(change: &ChangeInProgress<'_>, answered: &Value, report: &mut Report<M>) -> Outcome<()> {
    stored_without_record(change, answered);
    if let Some(entry) = change_in(report) {
        entry.recorded = change.is_recorded.get();
    }
    let template = twin::containers_of(answered);
    if change.image_change.record.is_in(&template) {
        return Ok(());
    }
    Err(rewritten_at_once(change, &template))
}

/// Writes, and watches unless that is not wanted.
async fn make<M: OfOneChange>(change: &ChangeInProgress<'_>, done: &str, report: &mut Report<M>) -> Outcome<()> {
    let written = write(change).await;
    note_written(change, &written, report);
    written?;
    if change.options.wait {
        return finish(change, report).await;
    }
    report.text = format!("{done} (its rollout goes on)");
    Ok(())
}

fn note_written<M: OfOneChange>(change: &ChangeInProgress<'_>, written: &Outcome<()>, report: &mut Report<M>) {
    let Some(entry) = change_in(report) else { return };
    entry.recorded = change.is_recorded.get();
    (entry.changed, entry.state) = match written {
        Ok(()) => (Some(true), ChangeState::UnderWay),
        Err(failure) if failure.reason == UNCLEAR => (None, ChangeState::Unclear),
        Err(_) => (Some(false), ChangeState::Planned),
    };
}

/// Takes up a change that was begun by another run, or by one that was cut off.
///
/// # Errors
/// As the exit codes say.
pub async fn attach<M: OfOneChange>(change: &ChangeInProgress<'_>, report: &mut Report<M>) -> Outcome<()> {
    let (run, image_change) = (change.run, change.image_change);
    let record = &image_change.record;
    run.say(&heading(run, change.workload));
    run.say(&format!("  {} begun at {:.0} by {}: {}", record.verb, record.at, record.by, image_change.summary()));
    begin(change, None, report);
    if let Some(entry) = change_in(report) {
        entry.attached = true;
        entry.state = ChangeState::UnderWay;
    }
    if run.dry_run.word().is_some() || !change.options.wait {
        report.text = format!("{} is on its way to {} already", change.workload, pinned_short(&image_change.to));
        return Ok(());
    }
    finish(change, report).await
}

/// A workload that is as it was asked for.
#[derive(Debug)]
pub struct Settled<'a> {
    pub workload: &'a Workload,
    /// The image that it asks for.
    pub image: &'a str,
    pub message: &'a str,
    /// There may be nothing to write, and still pods that don't run it.
    pub pods: &'a PodsNow,
    /// The command that goes one further back.
    pub further: Option<&'a Command>,
}

/// It is so already.
///
/// # Errors
/// Exit 1 where pods of it don't serve: that is no end to be quiet about.
pub fn nothing<M: OfOneChange>(run: &Run, settled: &Settled<'_>, report: &mut Report<M>) -> Outcome<()> {
    let Settled { workload, image, message, pods, further } = settled;
    run.say(&heading(run, workload));
    // Whose pods have not come as far has no use for going further.
    let further = further.filter(|_| pods.behind.is_none());
    let hint = further.map(|command| format!("\n  one further back: {command}")).unwrap_or_default();
    let nothing = NothingToDo::with(workload, image, message, &pods.images, further);
    report.members.workloads().push(ChangedWorkload::Nothing(nothing));
    report.names = vec![resource(workload)];
    if let Some((why, look)) = &pods.unready {
        return Err(not_ready(&format!("{message}; {why}"), further, look.as_ref()));
    }
    let so = pods.said().unwrap_or_else(|| "nothing to do".to_owned());
    report.text = format!("{message}; {so}{hint}");
    Ok(())
}

/// Going one further is what helps where there is one; what shows more is said beside it.
fn not_ready(text: &str, further: Option<&Command>, look: Option<&Command>) -> Failure {
    let failure = Failure::failed("NotReady", text);
    match (further, look) {
        (Some(further), look) => {
            failure.next(Next::Try(vec![further.clone()], look.map(|look| format!("why: {look}"))))
        }
        (None, Some(look)) => failure.look(look.clone()),
        (None, None) => failure,
    }
}

fn begin<M: OfOneChange>(change: &ChangeInProgress<'_>, undo: Option<String>, report: &mut Report<M>) {
    let planned = WorkloadChange::planned(change, undo);
    report.members.workloads().push(ChangedWorkload::Change(Box::new(planned)));
    report.names = vec![resource(change.workload)];
}

async fn finish<M: OfOneChange>(change: &ChangeInProgress<'_>, report: &mut Report<M>) -> Outcome<()> {
    let run = change.run;
    let Proof { outcome: proven, pods } = prove(change).await;
    if let Some(entry) = change_in(report) {
        entry.total_millis = Some(run.millis());
        entry.recorded = change.is_recorded.get();
        entry.pods = pods.images.clone();
        entry.state = match &proven {
            Ok(()) => ChangeState::Done,
            Err(failure) if failure.exit == Exit::RolledBack => ChangeState::TakenBack,
            Err(failure) if is_unfinished(failure) => ChangeState::UnderWay,
            Err(_) => ChangeState::Failed,
        };
        if entry.state == ChangeState::TakenBack {
            entry.changed = Some(false);
        }
    }
    proven?;
    let is_told = report.findings.iter().any(|finding| finding.id == ids::NO_PODS);
    if let Some(none) = pods.no_pods.as_ref().filter(|_| !is_told) {
        report.findings.push(Finding::warns(change.workload.name(), ids::NO_PODS, none));
    }
    run.progress.step("done", &format!("in {:.1} s", run.elapsed().as_secs_f32()));
    let stays = pods.said().map(|said| format!(": {said}")).unwrap_or_default();
    report.text = format!("{}{stays}", done_line(change.workload, change.image_change));
    Ok(())
}

/// Neither done nor failed: it goes on, or waits for a person.
fn is_unfinished(failure: &Failure) -> bool {
    failure.exit == Exit::OutOfTime
}

/// `deploy/api   context prod-eu   namespace shop`
fn heading(run: &Run, workload: &Workload) -> String {
    verb::heading(run, &workload.reference())
}

/// As kubectl says it: `deployment.apps/api rolled back to api:1.0.5`.
fn done_line(workload: &Workload, change: &ImageChange) -> String {
    format!("{} {} to {}", resource(workload), change.record.verb.past(), change.target())
}

/// `deployment.apps/api`
fn resource(workload: &Workload) -> String {
    format!("{}.apps/{}", workload.kind.kind().to_lowercase(), workload.name())
}

/// The command as it was typed, with what blocks overridden.
fn force(run: &Run, proposal: &Proposal<'_>, blocking: &[&Finding]) -> Next {
    let (options, name) = (proposal.options, proposal.name.to_string());
    if blocking.iter().any(|finding| finding.id == ids::FORBIDDEN) {
        // Whoever may not would be refused by the API server all the same.
        return Next::Look(Command::new("kubectl auth can-i patch").arg(name).scope(run.scope()), None);
    }
    let forced = options.weighing.force.iter().map(String::as_str);
    let all = forced.chain(blocking.iter().map(|finding| finding.id.as_str())).collect::<Vec<_>>().join(",");
    let command =
        Command::new(options.typed.verb()).arg(name).args(options.typed.without(&["--force"])).option("--force", &all);
    // What moves only when somebody acts is not waited for.
    let waits = blocking.iter().any(|finding| [ids::ON_DELETE, ids::PAUSED].contains(&finding.id));
    let command = if waits { command.arg("--no-wait") } else { command };
    Next::Try(vec![command.scope(run.scope())], Some("after fixing, or knowing better".into()))
}
