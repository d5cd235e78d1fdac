//! What a person is told while a release goes on.

use release_cli::run::Run;
use release_cli::talk::Stand;
use release_core::failure::Next;
use release_core::release::canary::run::{Act, End, Facts, Phase, Wait, Which};

use crate::names::canary_of;
use crate::record::CanaryRecord;
use crate::words::{self, command};

/// Going on, and taking it back.
pub fn ways(run: &Run, stable: &str) -> Next {
    let go_on = command("run", stable).scope(run.scope());
    let back = command("abort", stable).scope(run.scope());
    Next::Try(vec![go_on, back], Some("the first goes on, the second takes it back".to_owned()))
}

/// Where to look.
pub fn look_at(run: &Run, stable: &str) -> Next {
    Next::Look(command("status", stable).scope(run.scope()), None)
}

/// What is so, for a run that is interrupted.
pub fn standing(run: &Run, stable: &str, record: &CanaryRecord, facts: &Facts) -> Stand {
    let state = words::phase(&record.state.phase);
    let text = format!("the release of deploy/{stable} is {state}, {}", share(facts));
    Stand { text, next: Some(ways(run, stable)) }
}

/// `2 of 10 ready pods are the canary's`
#[must_use]
pub fn share(facts: &Facts) -> String {
    let canary = facts.canary.as_ref().map_or(0, |canary| canary.serving);
    let all = canary.saturating_add(facts.stable.serving);
    format!("{canary} of {all} pods behind the Service are the canary's")
}

/// The word before what is waited for.
#[must_use]
pub fn word(phase: &Phase) -> &'static str {
    match phase {
        Phase::Running | Phase::Over => "waiting",
        other => words::phase(other),
    }
}

/// What is waited for.
#[must_use]
pub fn wait(wait: &Wait, record: &CanaryRecord, facts: &Facts) -> String {
    let (weight, share) = (record.state.weight(), share(facts));
    match wait {
        Wait::Ready { which, have, want } => {
            let side = if *which == Which::Stable { Some(&facts.stable) } else { facts.canary.as_ref() };
            let why = side.and_then(|side| side.stuck.as_ref()).map(|why| format!(" ({why})")).unwrap_or_default();
            format!("{which}: {have} of {want} pods ready behind the Service{why}")
        }
        Wait::Leaving { which, have, want } => format!("{which}: {have} pods behind the Service, {want} are to be"),
        Wait::Pause { .. } => format!("{weight}% in effect: {share}"),
        Wait::Somebody => format!("{weight}% in effect until promoted: {share}"),
        Wait::Resume => match &record.state.phase {
            Phase::Paused(word) => format!("by {}: {share}", word.by),
            _ => share,
        },
    }
}

/// Tells what was done.
pub fn done(run: &Run, record: &CanaryRecord, (act, facts): (&Act, &Facts)) {
    let canary = canary_of(run_name(record));
    let (word, text) = match act {
        Act::Create { replicas } => ("created", format!("deploy/{canary}, pods: {replicas}")),
        Act::Scale { which, to } => {
            let (name, from) = match which {
                Which::Stable => ("stable", facts.stable.wanted),
                Which::Canary => ("canary", facts.canary.as_ref().map_or(0, |side| side.wanted)),
            };
            ("scaled", format!("{name} from {from} to {to}"))
        }
        Act::Advance => ("in effect", format!("{}%: {}", record.state.weight(), share(facts))),
        Act::Promote => {
            ("promoting", format!("{}: stable gets it, and the canary serves meanwhile", words::images(record)))
        }
        Act::Restore => ("restored", "stable has the version before".to_owned()),
        Act::Remove => ("removed", format!("deploy/{canary}")),
        Act::Finish(End::Promoted) => ("promoted", words::images(record)),
        Act::Finish(End::TakenBack) => ("taken back", share(facts)),
        Act::Abort(why) => ("aborting", why.clone()),
        Act::Begin | Act::Wait(_) | Act::Stop(_) | Act::Nothing => return,
    };
    run.progress.step(word, &text);
}

/// The canary is called as its stable Deployment.
fn run_name(record: &CanaryRecord) -> &str {
    record.canary.strip_suffix("-canary").unwrap_or(&record.canary)
}
