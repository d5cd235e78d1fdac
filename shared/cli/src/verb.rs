//! What all verbs that change something do between planning and writing: show, refuse, agree,
//! finish. Loading, applying and watching stay in each verb.

use release_cluster::exchange::ApiError;
use release_core::checks::finding::{self, Finding};
use release_core::checks::weighing::blocking;
use release_core::failure::{Failure, Next, Outcome};
use release_core::release::change::Change;

use crate::confirm;
use crate::flags::DryRunFlag;
use crate::output;
use crate::run::Run;

/// Shows a plan and what the checks found before anything happens; empty texts are no lines.
pub fn show(run: &Run, heading: &str, plan: &str, findings: &[Finding], subjects: usize) {
    run.say(heading);
    run.say(plan);
    run.say(&finding::lines(findings, run.look(subjects)));
}

/// `service/api   context prod-eu   namespace shop`
#[must_use]
pub fn heading(run: &Run, subject: &str) -> String {
    format!("{subject}   context {}   namespace {}", run.cluster.context, run.cluster.namespace)
}

/// Stops where a blocking finding isn't overridden. `undone` completes "not …": `switched`; `next`
/// is asked for the step that would go through.
///
/// # Errors
/// Exit 1.
pub fn refuse_blocked(findings: &[Finding], undone: &str, next: impl FnOnce(&[&Finding]) -> Next) -> Outcome<()> {
    let blocking: Vec<&Finding> = blocking(findings).collect();
    if blocking.is_empty() {
        return Ok(());
    }
    Err(Failure::failed("Blocked", format!("not {undone}; nothing was written")).next(next(&blocking)))
}

/// How far a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreed {
    /// `--dry-run=client`: what was shown is all.
    ToLook,
    /// `--dry-run=server`: the API server tries every write and stores nothing.
    ToRehearse,
    /// A person said yes, or `--yes`.
    ToWrite,
}

/// Asks a person, unless nothing is to be written.
///
/// # Errors
/// Exit 1 where the person says no, 6 where there is no terminal to ask on, 130 on Ctrl-C.
pub fn agree(run: &Run, question: &str, yes: bool) -> Outcome<Agreed> {
    match run.dry_run {
        DryRunFlag::Client => Ok(Agreed::ToLook),
        DryRunFlag::Server => Ok(Agreed::ToRehearse),
        DryRunFlag::None => confirm::agree(question, yes).map(|()| Agreed::ToWrite),
    }
}

/// A question with how many findings stand above it: `Switch service/api to green (2 findings above)?`
#[must_use]
pub fn question(what: &str, findings: &[Finding]) -> String {
    let shown = findings.iter().filter(|f| !f.quiet).count();
    let know = if shown == 0 { String::new() } else { format!(" ({shown} findings above)") };
    format!("{what}{know}?")
}

/// A line about what would have been done: `service/api switched to green (dry run)`.
#[must_use]
pub fn would_be(run: &Run, line: &str) -> String {
    let mode = if run.dry_run == DryRunFlag::Server { "server dry run" } else { "dry run" };
    format!("{line} ({mode})")
}

/// Makes a last write of a run, on which nothing depends; one that fails is only said. `what` is what
/// is missing then: `no Event was recorded on service/api`.
pub async fn write_note(run: &Run, change: &Change, what: &str) {
    if let Err(error) = run.cluster.apply(change, run.write_mode()).await {
        say_unwritten(what, &error);
    }
}

/// Says that a last write of a run, on which nothing depends, was not made.
pub fn say_unwritten(what: &str, error: &ApiError) {
    output::talk(format_args!("note: {what}: {}", error.short()));
}
