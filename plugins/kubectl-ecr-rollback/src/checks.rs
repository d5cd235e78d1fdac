//! The checks of a rollback, each pure: a [`Case`] in, findings out. Adding one touches its file
//! and the list here.

mod budgets;
mod containers;
mod expiry;
mod ownership;
mod permission;
mod recorded;
mod rollout;
mod target;
mod update;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use kubectl_release::cluster::read::Reading;
pub use kubectl_release::finding::{Finding, Severity, Weighing, blocking};
use kubectl_release::objects::Workload;
use kubectl_release::push_history::{IndexChildren, PushedImage, ScanSeverity};

use crate::placement::Selected;
use crate::plan::Roll;
use crate::snapshot::Snapshot;

/// What the registry told, where it was asked.
#[derive(Debug)]
pub struct Pushed<'a> {
    pub images: &'a [PushedImage],
    pub children: &'a IndexChildren,
    /// The image to go to; nothing where it isn't in the repository.
    pub target: Option<&'a PushedImage>,
    /// The lifecycle policy in force; read only where the target would lose its last tag.
    pub policy: &'a Reading<Option<String>>,
}

/// The gate that `--max-severity` sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    Off,
    /// No findings at all.
    NoFindings,
    /// None graver than this.
    UpTo(ScanSeverity),
}

/// One workload about to get one image, and everything known around it.
#[derive(Debug)]
pub struct Case<'a> {
    pub snapshot: &'a Snapshot,
    pub selected: &'a Selected,
    pub roll: &'a Roll,
    /// Nothing where no registry was asked.
    pub pushed: Option<Pushed<'a>>,
    pub gate: Gate,
    pub now: Timestamp,
}

impl Case<'_> {
    fn workload(&self) -> &Workload {
        &self.snapshot.workload
    }

    /// A finding that stops the rollback.
    fn blocks(&self, id: &'static str, message: impl Into<String>) -> Finding {
        Finding::blocks(self.workload().name(), id, message)
    }

    /// A finding to know about.
    fn warns(&self, id: &'static str, message: impl Into<String>) -> Finding {
        Finding::warns(self.workload().name(), id, message)
    }

    /// A check that couldn't be made.
    fn not_checked(&self, id: &'static str, what: &str, why: &str) -> Finding {
        Finding::not_checked(self.workload().name(), id, what, why)
    }

    /// `-n NS`, for commands to paste.
    fn in_namespace(&self) -> String {
        format!("-n {}", self.snapshot.namespace)
    }
}

type Check = fn(&Case<'_>) -> Vec<Finding>;

const CHECKS: [Check; 9] = [
    permission::check,
    target::check,
    rollout::check,
    update::check,
    budgets::check,
    ownership::check,
    containers::check,
    expiry::check,
    recorded::check,
];

/// Runs every check and weighs what was found, the worst first.
#[must_use]
pub fn run(case: &Case<'_>, weighing: &Weighing) -> Vec<Finding> {
    let mut findings: Vec<Finding> = CHECKS.iter().flat_map(|check| check(case)).collect();
    for finding in &mut findings {
        weigh(finding, weighing);
    }
    findings.sort_by_key(|f| (f.severity, f.overridden));
    findings
}

fn weigh(finding: &mut Finding, weighing: &Weighing) {
    if finding.severity == Severity::NotChecked && weighing.strict {
        finding.severity = Severity::Blocks;
        finding.message = format!("not checked: {}", finding.message);
    }
    finding.overridden = finding.severity == Severity::Blocks && weighing.force.iter().any(|id| id == finding.id);
}
