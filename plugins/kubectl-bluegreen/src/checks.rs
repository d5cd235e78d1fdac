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

pub use kubectl_release::finding::{Finding, Severity, Weighing, blocking};
use kubectl_release::objects::Pod;
use kubectl_release::selector::{Color, Tracks};

use crate::snapshot::Snapshot;
use crate::subject::{Subject, ready_count};

/// The one finding that nothing overrides: a Service must never select nothing.
pub const EMPTY_TARGET: &str = "no-ready-pods";

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

    fn finding(&self, id: &'static str, severity: Severity, message: impl Into<String>) -> Finding {
        Finding::new(self.subject.name(), id, severity, message)
    }

    /// A finding that stops the move.
    fn blocks(&self, id: &'static str, message: impl Into<String>) -> Finding {
        self.finding(id, Severity::Blocks, message)
    }

    /// A finding to know about.
    fn warns(&self, id: &'static str, message: impl Into<String>) -> Finding {
        self.finding(id, Severity::Warns, message)
    }

    /// A check that couldn't be made.
    fn not_checked(&self, id: &'static str, what: &str, why: &str) -> Finding {
        Finding::not_checked(self.subject.name(), id, what, why)
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
