//! What a rollback and an unpin have in common once it is clear what they write: show, check,
//! agree, write, watch, report.

use kubectl_release::change::shell_quote;
use kubectl_release::cluster::apply::DryRun;
use kubectl_release::cluster::conditional::UNCLEAR;
use kubectl_release::confirm::agree;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::finding;
use kubectl_release::flags::DryRunFlag;
use kubectl_release::objects::Workload;
use kubectl_release::report::Report;
use kubectl_release::run::Run;
use serde_json::{Value, json};

use crate::checks::{self, Case, blocking};
use crate::options::{Carry, WorkloadName};
use crate::plan::{Roll, pinned_short};
use crate::record::Recorded;
use crate::rolling::{Journey, prove, write};

/// One change, and how people call it.
#[derive(Debug)]
pub struct Plan<'a> {
    pub name: &'a WorkloadName,
    pub case: &'a Case<'a>,
    pub carry: &'a Carry,
    /// `rolled back`, `unpinned`
    pub past: &'static str,
    /// Lines about what was found, below the heading.
    pub lines: Vec<String>,
}

/// Shows the plan with its findings, and carries it out.
///
/// # Errors
/// As the exit codes say.
pub async fn carry_out(run: &Run, plan: &Plan<'_>, report: &mut Report) -> Outcome<()> {
    let (case, carry) = (plan.case, plan.carry);
    let (workload, recorded, roll) = (&case.snapshot.workload, &case.snapshot.recorded, case.roll);
    let findings = checks::run(case, &carry.weighing);
    run.say(&heading(run, workload));
    plan.lines.iter().for_each(|line| run.say(&format!("  {line}")));
    run.say(&finding::lines(&findings, run.look(1)));
    let change = roll.change(workload, recorded, &run.cluster.namespace, &run.cluster.flags);
    report.findings = findings;
    report.items.push(value(workload, roll, change.undo.as_deref()));
    report.names = vec![resource(workload)];
    refuse_blocked(run, plan, &report.findings)?;
    if carry.dry_run != DryRunFlag::None {
        if carry.dry_run == DryRunFlag::Server {
            run.cluster.apply(&change, DryRun::Server).await?;
        }
        let mode = if carry.dry_run == DryRunFlag::Server { "server dry run" } else { "dry run" };
        report.text = format!("{} ({mode})", done_line(workload, roll, plan.past));
        return Ok(());
    }
    let warnings = report.findings.iter().filter(|f| !f.quiet).count();
    let know = if warnings == 0 { String::new() } else { format!(" ({warnings} findings above)") };
    agree(&format!("Change {workload} to {}{know}?", pinned_short(&roll.to)), carry.yes)?;
    let journey = Journey { run, workload, recorded, roll, carry };
    let written = write(&journey).await;
    let is_unclear = written.as_ref().is_err_and(|failure| failure.reason == UNCLEAR);
    report.items[0]["changed"] = if is_unclear { Value::Null } else { json!(written.is_ok()) };
    written?;
    if !carry.wait {
        report.text = format!("{} (its rollout goes on)", done_line(workload, roll, plan.past));
        return Ok(());
    }
    finish(&journey, plan.past, report).await
}

/// Takes up a change that was begun by another run, or by one that was cut off.
///
/// # Errors
/// As the exit codes say.
pub async fn attach(
    run: &Run,
    workload: &Workload,
    recorded: &Recorded,
    roll: &Roll,
    carry: &Carry,
    report: &mut Report,
) -> Outcome<()> {
    let record = &roll.record;
    run.say(&heading(run, workload));
    run.say(&format!("  {} begun at {:.0} by {}: {}", record.verb, record.at, record.by, roll.summary()));
    report.items.push(value(workload, roll, None));
    report.items[0]["attached"] = json!(true);
    report.names = vec![resource(workload)];
    if carry.dry_run != DryRunFlag::None || !carry.wait {
        report.text = format!("{workload} is on its way to {} already", pinned_short(&roll.to));
        return Ok(());
    }
    let journey = Journey { run, workload, recorded, roll, carry };
    finish(&journey, "rolled back", report).await
}

async fn finish(journey: &Journey<'_>, past: &str, report: &mut Report) -> Outcome<()> {
    let proven = prove(journey).await;
    report.items[0]["totalMillis"] = json!(journey.run.millis());
    if proven.as_ref().is_err_and(|failure| failure.reason == "RolledBack") {
        report.items[0]["changed"] = json!(false);
    }
    proven?;
    journey.run.progress.step("done", &format!("in {:.1} s", journey.run.started.elapsed().as_secs_f32()));
    report.text = done_line(journey.workload, journey.roll, past);
    Ok(())
}

/// It is so already.
pub fn nothing(run: &Run, workload: &Workload, message: &str, next: Option<&str>, report: &mut Report) {
    run.say(&heading(run, workload));
    report.items.push(json!({"kind": workload.kind.kind(), "name": workload.name(), "changed": false,
        "message": message, "next": next}));
    report.names = vec![resource(workload)];
    let hint = next.map(|next| format!("\n  {next}")).unwrap_or_default();
    report.text = format!("{message}; nothing to do{hint}");
}

/// `deploy/api   context prod-eu   namespace shop`
fn heading(run: &Run, workload: &Workload) -> String {
    format!("{workload}   context {}   namespace {}", run.cluster.context, run.cluster.namespace)
}

/// As kubectl says it: `deployment.apps/api rolled back to api:1.0.5`.
fn done_line(workload: &Workload, roll: &Roll, past: &str) -> String {
    format!("{} {past} to {}", resource(workload), pinned_short(&roll.to))
}

/// `deployment.apps/api`
fn resource(workload: &Workload) -> String {
    format!("{}.apps/{}", workload.kind.kind().to_lowercase(), workload.name())
}

fn refuse_blocked(run: &Run, plan: &Plan<'_>, findings: &[checks::Finding]) -> Outcome<()> {
    let blocking: Vec<&str> = blocking(findings).map(|f| f.id).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    let (carry, name) = (plan.carry, plan.name);
    let ids = carry.weighing.force.iter().map(String::as_str).chain(blocking).collect::<Vec<_>>().join(",");
    let (typed, verb) = (carry.typed.without(&["--force"]), verb_of(plan.case.roll));
    let command = format!("kubectl ecr-rollback {verb}{name}{typed} --force={}{}", shell_quote(&ids), run.suffix);
    Err(Failure::failed("Blocked", format!("not {}; nothing was written", plan.past))
        .next(format!("{command}   (after fixing, or knowing better)")))
}

fn verb_of(roll: &Roll) -> &'static str {
    if roll.record.verb == "unpin" { "unpin " } else { "" }
}

/// `{kind, name, containers: [{name, init?, from, to}], fromDigest?, toDigest?, pinned?, revision?,
/// changed, undo?}`, and once watched `totalMillis`. `changed` is null where that is not known.
fn value(workload: &Workload, roll: &Roll, undo: Option<&str>) -> Value {
    let record = &roll.record;
    json!({"kind": workload.kind.kind(), "name": workload.name(), "verb": record.verb,
        "containers": record.containers, "fromDigest": record.from_digest, "toDigest": record.to_digest,
        "pinned": roll.pinned, "revision": roll.revision, "changed": false, "undo": undo})
}
