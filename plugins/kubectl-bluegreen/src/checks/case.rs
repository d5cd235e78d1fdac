//! What checks are asked about.

use k8s_openapi::api::core::v1::Service;
use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids::CheckId;
use release_core::command::Scope;
use release_core::kube::Pod;
use release_core::kube::service::service_name;
use release_core::traffic::capacity::staying;
use release_core::traffic::selector::{Color, Tracks};

use crate::options::Verb;
use crate::record::{Record, RecordedVerb};
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// A check: what it finds about a case.
pub type Check = fn(&Case<'_>) -> Vec<Finding>;

/// One Service about to move to one color, and everything known around it.
#[derive(Debug)]
pub struct Case<'a> {
    pub verb: Verb,
    pub snapshot: &'a Snapshot,
    pub view: &'a ServiceView<'a>,
    pub tracks: &'a Tracks,
    pub target: &'a Color,
    pub active: &'a Color,
    pub target_pods: Vec<&'a Pod>,
    pub active_pods: Vec<&'a Pod>,
    /// Ready target pods that the move needs.
    pub required: usize,
    /// True where the target is brought to size before the move (`--scale`, or a cold rollback).
    pub scales_first: bool,
    /// `--widen`: both colors are to be selected until load balancers reach the target.
    pub widens: bool,
    /// True where the target is as a deploy will have prepared it.
    pub prepares: bool,
    /// All Services that move together with this one, this one included.
    pub moving: &'a [String],
    /// Annotations of others leave room for the move's record.
    pub is_recorded: bool,
    /// `--yes`: nobody will be asked.
    pub agreed: bool,
}

impl<'a> Case<'a> {
    /// Ready pods of the target that can serve and stay: those beyond what its workloads ask for are about to go.
    pub fn target_ready(&self) -> usize {
        staying(self.target, &self.tracks.able(&self.target.name, &self.target_pods))
    }

    /// The Service that a color's requests go to, whose ports count.
    pub fn service_of(&self, color: &Color) -> &Service {
        self.neighbour(self.view.backend(&color.name)).unwrap_or(self.view.service)
    }

    /// A Service of the namespace, as far as they could be listed.
    pub fn neighbour(&self, name: &str) -> Option<&'a Service> {
        self.snapshot.neighbours.iter().flatten().find(|service| service_name(service) == name)
    }

    /// Ready pods of the active color that can serve.
    pub fn active_ready(&self) -> usize {
        ready_count(&self.tracks.able(&self.active.name, &self.active_pods))
    }

    /// The switch that a rollback to the target takes back; nothing where none is recorded.
    pub fn taken_back(&self) -> Option<&Record> {
        let last = self.view.recorded.current.as_ref().filter(|r| r.key == self.tracks.key)?;
        let is_it = last.verb != RecordedVerb::Rollback && last.from == self.target.name && last.to == self.active.name;
        is_it.then_some(last)
    }

    /// True where our last record left the target active, and somebody else moved the Service since.
    pub fn was_left_active(&self) -> bool {
        let last = self.view.recorded.current.as_ref().filter(|r| r.key == self.tracks.key);
        last.is_some_and(|last| last.to == self.target.name && last.to != self.active.name)
    }

    /// Pods that the target is asked to run by the time of the move; what nothing is asked for, it has.
    pub fn target_size(&self) -> usize {
        let kept = !self.target.workloads.is_empty();
        let asked = if kept { self.target.asked() } else { self.target_pods.len() };
        if self.scales_first { asked.max(self.required) } else { asked }
    }

    /// True where the Service runs on one pod anyway: notes about losing one of several are noise.
    pub fn runs_one_pod(&self) -> bool {
        match self.target_size() {
            0 => self.active.asked() <= 1,
            size => size == 1,
        }
    }

    /// A finding about the Service.
    pub fn finding(&self, id: CheckId, severity: Severity, message: impl Into<String>) -> Finding {
        Finding::new(self.view.name(), id, severity, message)
    }

    /// A finding that stops the move.
    pub fn blocks(&self, id: CheckId, message: impl Into<String>) -> Finding {
        self.finding(id, Severity::Blocks, message)
    }

    /// A finding that a person is asked about: `--yes` was said before anybody knew. Where nothing else serves,
    /// anything is better.
    pub fn asks(&self, id: CheckId, message: impl Into<String>) -> Finding {
        let served = self.agreed && self.active_ready() > 0;
        if served { self.blocks(id, message).standing() } else { self.warns(id, message) }
    }

    /// A finding to know about.
    pub fn warns(&self, id: CheckId, message: impl Into<String>) -> Finding {
        self.finding(id, Severity::Warns, message)
    }

    /// A check that couldn't be made.
    pub fn not_checked(&self, id: CheckId, what: &str, why: &str) -> Finding {
        Finding::not_checked(self.view.name(), id, what, why)
    }

    /// What commands to paste must repeat.
    pub fn scope(&self) -> &Scope {
        &self.snapshot.scope
    }
}
