//! What others are told of a release as it goes on. Nothing depends on it.

use release_cli::run::Run;
use release_core::checks::finding::{Finding, Severity};
use release_core::release::notice::{Released, Stage, word};

use crate::plan::{ServicePlan, SwitchPlan};
use crate::service_view::ServiceView;

/// Findings that a message names.
const NAMED: usize = 5;

/// Which Services go where, and who moves them.
pub fn about(run: &Run, plan: &SwitchPlan, views: &[ServiceView<'_>]) {
    let services: Vec<Released> = plan.moves().chain(plan.unfinished()).map(|moving| of(moving, views)).collect();
    if services.is_empty() {
        return;
    }
    let by = plan.moves().chain(plan.unfinished()).next().map(|moving| moving.movement.record.by.clone());
    run.news.about(services.into_iter(), &by.unwrap_or_default());
}

fn of(moving: &ServicePlan, views: &[ServiceView<'_>]) -> Released {
    let view = views.iter().find(|view| view.name() == moving.service());
    Released {
        uid: view.and_then(|view| view.service.metadata.uid.as_deref()).map(word),
        from: Some(word(&moving.movement.from)),
        to: Some(word(&moving.movement.to)),
        ..Released::named(moving.service())
    }
}

/// It was agreed to, with what the checks found.
pub fn began(run: &Run, findings: &[Finding]) {
    run.news.tell(Stage::Started, "agreed to; nothing is written yet");
    let told: Vec<String> = findings.iter().filter(|finding| !finding.quiet).map(line).collect();
    let text = match told.len() {
        0 => "the checks found nothing".to_owned(),
        some => {
            let more = some.checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!("and {more} more"));
            told.into_iter().take(NAMED).chain(more).collect::<Vec<_>>().join("\n")
        }
    };
    run.news.tell(Stage::Checked, &text);
}

fn line(finding: &Finding) -> String {
    let weight = match finding.severity {
        Severity::Blocks => "overridden",
        Severity::Warns => "warning",
        Severity::NotChecked => "not checked",
    };
    format!("{weight}: {} on {}: {}", finding.id, finding.about, finding.message)
}

/// The color is ready, and has no traffic yet.
pub fn prepared(run: &Run, color: &str) {
    run.news.tell(Stage::Prepared, &format!("{color} is ready"));
}

/// Its pods have passed their tests.
pub fn tested(run: &Run, color: &str) {
    run.news.tell(Stage::Tested, &format!("{color} has passed its tests"));
}

/// The last of the Services was written; each with its color.
pub fn switched<'m>(run: &Run, moves: impl Iterator<Item = (&'m str, &'m str)>) {
    run.news.tell(Stage::Switched, &lines(moves, "selects", ", not proven yet"));
}

/// All of them are proven; each with its color.
pub fn verified<'m>(run: &Run, moves: impl Iterator<Item = (&'m str, &'m str)>) {
    run.news.tell(Stage::Verified, &lines(moves, "is served by", ""));
}

fn lines<'m>(moves: impl Iterator<Item = (&'m str, &'m str)>, does: &str, then: &str) -> String {
    let lines: Vec<String> = moves.map(|(service, color)| format!("service/{service} {does} {color}{then}")).collect();
    lines.join("\n")
}

/// Which colors are to be taken down.
pub fn about_removals<'r>(run: &Run, removals: impl Iterator<Item = (&'r str, &'r str)>) {
    let of = |(service, color): (&str, &str)| Released { from: Some(word(color)), ..Released::named(service) };
    run.news.about(removals.map(of), "");
}

/// A color is taken down.
pub fn cleaned_up(run: &Run, service: &str, color: &str) {
    run.news.tell(Stage::CleanedUp, &format!("{color} of service/{service} is taken down"));
}
