//! The checks of a move, each pure: a [`Case`] in, findings out. Adding one touches its file and
//! the list here.

mod autoscalers;
mod budgets;
mod capacity;
mod drain;
mod load_balancer;
mod network;
mod ownership;
mod ports;
mod readiness;
mod recorded;
mod rollout;
mod routes;
mod template;
mod twins;
mod volumes;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use kubectl_release::objects::Pod;
use kubectl_release::selector::{Color, Tracks};

use crate::snapshot::Snapshot;
use crate::subject::{Subject, ready_count};

/// The one finding that nothing overrides: a Service must never select nothing.
pub const EMPTY_TARGET: &str = "no-ready-pods";

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Stops the move, unless it is forced by id.
    Blocks,
    Warns,
    /// The check couldn't be made.
    NotChecked,
}

/// One thing that a check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Stable, for `--force` and `accept`: lower case, words joined by hyphens.
    pub id: &'static str,
    pub severity: Severity,
    /// The Service it is about.
    pub service: String,
    /// The reason, with numbers.
    pub message: String,
    /// What to do about it, short.
    pub fix: Option<String>,
    /// Shown with `-o wide` only.
    pub quiet: bool,
    /// A blocking finding that the user (or an annotation) overrode by name.
    pub overridden: bool,
}

impl Finding {
    fn new(case: &Case<'_>, id: &'static str, severity: Severity, message: impl Into<String>) -> Self {
        let service = case.subject.name().to_owned();
        Self { id, severity, service, message: message.into(), fix: None, quiet: false, overridden: false }
    }

    /// A finding that stops the move.
    pub fn blocks(case: &Case<'_>, id: &'static str, message: impl Into<String>) -> Self {
        Self::new(case, id, Severity::Blocks, message)
    }

    /// A finding to know about.
    pub fn warns(case: &Case<'_>, id: &'static str, message: impl Into<String>) -> Self {
        Self::new(case, id, Severity::Warns, message)
    }

    /// A check that couldn't be made; `what` is the kind of object, `why` the reason in a few words.
    pub fn not_checked(case: &Case<'_>, id: &'static str, what: &str, why: &str) -> Self {
        Self::new(case, id, Severity::NotChecked, format!("{what} ({why})"))
    }

    /// Says what to do about it.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// Keeps it behind `-o wide`.
    #[must_use]
    pub fn quiet_if(mut self, quiet: bool) -> Self {
        self.quiet |= quiet;
        self
    }
}

/// What is about to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Switch,
    Rollback,
}

/// One Service about to move to one color, and everything known around it.
#[derive(Debug)]
pub struct Case<'a> {
    pub verb: Verb,
    pub snapshot: &'a Snapshot,
    pub subject: &'a Subject<'a>,
    pub tracks: &'a Tracks,
    pub target: &'a Color,
    pub active: &'a Color,
    pub target_pods: Vec<&'a Pod>,
    pub active_pods: Vec<&'a Pod>,
    /// Ready target pods that the move needs.
    pub required: usize,
    /// True where the target is brought to size before the move (`--scale`, or a cold rollback).
    pub scales_first: bool,
    /// All Services that move together with this one, this one included.
    pub moving: &'a [String],
}

impl Case<'_> {
    /// Ready pods of the target.
    fn target_ready(&self) -> usize {
        ready_count(&self.target_pods)
    }

    /// Ready pods of the active color.
    fn active_ready(&self) -> usize {
        ready_count(&self.active_pods)
    }

    /// Pods that the target is asked to run by the time of the move.
    fn target_size(&self) -> usize {
        let asked = replicas(self.target);
        if self.scales_first { asked.max(self.required) } else { asked }
    }

    /// True where the Service runs on one pod anyway: notes about losing one of several are noise.
    fn runs_one_pod(&self) -> bool {
        match self.target_size() {
            0 => replicas(self.active) <= 1,
            size => size == 1,
        }
    }

    /// `-n NS`, for commands to paste.
    fn in_namespace(&self) -> String {
        format!("-n {}", self.snapshot.namespace)
    }
}

/// Pods that a color's workloads ask for.
fn replicas(color: &Color) -> usize {
    color.workloads.iter().map(|w| usize::try_from(w.replicas).unwrap_or(0)).sum()
}

/// How findings are weighed.
#[derive(Debug, Clone, Default)]
pub struct Weighing {
    /// Ids that `--force` overrides.
    pub force: Vec<String>,
    /// Checks that couldn't be made stop the move.
    pub strict: bool,
}

type Check = fn(&Case<'_>) -> Vec<Finding>;

const CHECKS: [Check; 14] = [
    rollout::check,
    capacity::check,
    autoscalers::check,
    ports::check,
    readiness::check,
    drain::check,
    budgets::check,
    network::check,
    ownership::check,
    routes::check,
    load_balancer::check,
    volumes::check,
    twins::check,
    recorded::check,
];

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &Case<'_>, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(case)).collect();
    let accepted = &case.subject.settings.accept;
    for finding in &mut findings {
        weigh(finding, case.verb, weighing, accepted);
    }
    findings.sort_by_key(|f| (f.severity, f.overridden));
    findings
}

/// Rollback is for the middle of an outage: only an empty target stops it.
fn weigh(finding: &mut Finding, verb: Verb, weighing: &Weighing, accepted: &[String]) {
    if finding.severity == Severity::NotChecked && weighing.strict && verb == Verb::Switch {
        finding.severity = Severity::Blocks;
        finding.message = format!("not checked: {}", finding.message);
    }
    if finding.severity != Severity::Blocks || finding.id == EMPTY_TARGET {
        return;
    }
    if verb == Verb::Rollback {
        finding.severity = Severity::Warns;
        return;
    }
    finding.overridden = weighing.force.iter().chain(accepted).any(|id| id == finding.id);
}

/// The findings that stop the move.
pub fn blocking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|f| f.severity == Severity::Blocks && !f.overridden)
}
