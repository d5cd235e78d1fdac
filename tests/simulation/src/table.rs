//! Our row beside those of others, on the same releases.

use std::fmt::Write;

use crate::many::{Judge, Outcome, plan, run};
use crate::rules::Rule;
use crate::setting::{Setting, clean, settings};

/// Bad canaries: errors a request.
const BAD: [f64; 4] = [0.005, 0.01, 0.02, 0.5];
const COMPARED: [&str; 1] = ["error-rate=1.25"];

/// Everyone on everything, as two tables in Markdown.
#[must_use]
pub fn table(releases: usize) -> String {
    let alike = settings();
    let bad = BAD.map(|rate| clean().with_bad(rate));
    let mut text = format!("Releases of 1,000 that changed nothing and were aborted ({releases} a cell):\n\n");
    let name = |setting: &Setting| setting.name.to_owned();
    rows(&mut text, &alike, name, releases, |outcome| format!("{:.1}", outcome.per_thousand()));
    text.push_str("\nBad canaries: found of 1,000, median seconds, failed requests of canary until then:\n\n");
    let rate = |setting: &Setting| format!("{}%", 100.0 * setting.bad.as_ref().map_or(0.0, |(_, rate)| *rate));
    rows(&mut text, &bad, rate, releases, found);
    text
}

fn rows(
    text: &mut String,
    settings: &[Setting],
    name: impl Fn(&Setting) -> String,
    releases: usize,
    cell: impl Fn(&Outcome) -> String,
) {
    let names: Vec<String> = settings.iter().map(name).collect();
    let _ = writeln!(text, "| rule | {} |\n|---|{}", names.join(" | "), "---|".repeat(names.len()));
    let theirs = Rule::ALL.map(|rule| (rule.name(), Some(rule)));
    for (name, rule) in theirs.into_iter().chain([("kubectl canary, error-rate=1.25", None)]) {
        let of = |setting: &Setting| {
            let judge = rule.map_or_else(|| Judge::Ours(plan(setting, &COMPARED)), Judge::Theirs);
            cell(&run(setting, &judge, releases))
        };
        let cells: Vec<String> = settings.iter().map(of).collect();
        let _ = writeln!(text, "| {name} | {} |", cells.join(" | "));
    }
}

fn found(outcome: &Outcome) -> String {
    let part = format!("{:.0}", outcome.per_thousand());
    match (outcome.median_seconds(), outcome.median_failed()) {
        (Some(seconds), Some(failed)) => format!("{part}, {seconds:.0} s, {failed:.0}"),
        _ => part,
    }
}
