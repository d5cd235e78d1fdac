//! A release that is under way, as a person reads it.

use release_cli::clock::clock;
use release_cli::run::Run;
use release_cli::table::table;
use release_core::duration::age;
use release_core::registry::image::ImageRef;
use release_core::release::canary::run::{Act, Facts, Phase, Side, Wait};

use crate::apply::{stops_for, waits_for};
use crate::lease::Held;
use crate::record::{CanaryRecord, Moved};
use crate::words::{self, command, images};

/// What is shown of one release.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    pub stable: &'a str,
    pub record: &'a CanaryRecord,
    pub facts: &'a Facts,
    pub lease: Option<&'a Held>,
    /// What would be done next.
    pub act: &'a Act,
}

/// All of it.
#[must_use]
pub fn text(run: &Run, shown: &Shown<'_>) -> String {
    let (stable, record) = (shown.stable, shown.record);
    if let Some(result) = record.result.as_ref().filter(|_| record.state.phase == Phase::Over) {
        return format!("deploy/{stable}   {result}   {}", images(record));
    }
    let head = format!("deploy/{stable}   {}   {}", step(record), runner(run, shown));
    let begun = format!("Started {} by {}; the plan is in the cluster", clock(record.at), record.by);
    let judged = "nothing is judged: whether pods are ready, and time";
    let way = |word: &str, verb: &str| format!("{word:<9} {}", command(verb, stable).scope(run.scope()));
    let mut lines = vec![head, sides(shown)];
    lines.extend(next(run, shown));
    lines.extend([judged.to_owned(), begun]);
    if !shown.lease.is_some_and(|held| held.is_fresh(shown.facts.now)) {
        lines.push(way("Continue:", "run"));
    }
    if !matches!(record.state.phase, Phase::Aborting(_)) {
        lines.push(way("Undo:", "abort"));
    }
    lines.join("\n")
}

/// `step 4/8 pause 10m`, `promoting`
fn step(record: &CanaryRecord) -> String {
    let state = &record.state;
    match (&state.phase, state.plan.get(state.at)) {
        (Phase::Running, Some(step)) => {
            let number = state.at.saturating_add(1);
            format!("step {number}/{} {}", state.plan.steps.len(), words::step(step))
        }
        (Phase::Running, None) => "all steps are over".to_owned(),
        (phase, _) => words::phase(phase).to_owned(),
    }
}

fn runner(run: &Run, shown: &Shown<'_>) -> String {
    let now = run.cluster.now();
    match shown.lease {
        Some(held) if held.is_fresh(now) => format!("run by {}", held.holder),
        Some(held) => {
            let since = held.renewed().map(|at| format!(" since {} ({})", clock(at), age(at, now)));
            format!("NO RUNNER{}", since.unwrap_or_default())
        }
        None => "NO RUNNER".to_owned(),
    }
}

fn sides(shown: &Shown<'_>) -> String {
    let (record, facts) = (shown.record, shown.facts);
    let none = Side::default();
    let canary = facts.canary.as_ref().unwrap_or(&none);
    let all = canary.serving.saturating_add(facts.stable.serving);
    let asked = if matches!(record.state.phase, Phase::Running | Phase::Paused(_)) { record.state.weight() } else { 0 };
    let of = |image: &dyn Fn(&Moved) -> String| record.containers.iter().map(image).collect::<Vec<_>>().join(", ");
    let tag = |image: &str| ImageRef::parse(image).short();
    let row = |name: &str, images: String, side: &Side, asked: u32| {
        let ready = format!("{}/{}", side.carries(), side.wanted);
        vec![name.to_owned(), images, ready, format!("{asked}/{}", real(side.serving, all))]
    };
    let rows = [
        row("stable", of(&|moved| tag(&moved.from)), &facts.stable, 100_u32.saturating_sub(asked)),
        row("canary", of(&|moved| tag(&moved.to)), canary, asked),
    ];
    table(&["", "IMAGE", "READY", "WEIGHT asked/real"], &rows)
}

/// Percent of the pods behind the Service, each of which gets as many requests.
fn real(serving: u32, all: u32) -> String {
    if all == 0 {
        return "-".to_owned();
    }
    let share = f64::from(serving) / f64::from(all) * 100.0;
    if (share - share.round()).abs() < 0.05 { format!("{share:.0}") } else { format!("{share:.1}") }
}

fn next(run: &Run, shown: &Shown<'_>) -> Option<String> {
    let (record, facts) = (shown.record, shown.facts);
    match (shown.act, &record.state.phase) {
        (Act::Stop(stop), _) => Some(format!("stopped: {}", stops_for(run, shown.stable, (record, stop)).message)),
        (_, Phase::Paused(word) | Phase::Aborting(word)) => {
            let phase = words::phase(&record.state.phase);
            let by = if word.by.is_empty() { "itself" } else { &word.by };
            let why = if word.why.is_empty() { String::new() } else { format!(": {}", word.why) };
            Some(format!("{phase} by {by} since {}{why}", clock(word.at)))
        }
        (Act::Wait(Wait::Pause { until }), _) => Some(format!("in effect; the pause ends at {}", clock(*until))),
        (Act::Wait(wait), _) => Some(waits_for(wait, record, facts)),
        _ => None,
    }
}
