//! A Rollout as a canary release of ours: what is done, what is said, what is refused by name.

use std::collections::BTreeMap;

use super::canary::valid::{self, PATH};
use super::canary::{AntiAffinity, Canary, PodMetadata, Routing, TrafficRouting, WrittenStep};
use super::problem::{Problem, Unread};
use super::rollout::{Rollout, Spec, Template, WorkloadRef};
use crate::release::canary::judging::Background;
use crate::release::canary::pods::Sizing;
use crate::release::canary::steps::Steps;
use crate::release::canary::threshold::Threshold;

/// What `progressDeadlineSeconds` is where nothing is said.
const DEADLINE: u32 = 600;
/// What both scale-down delays are where nothing is said.
const DELAY: u32 = 30;

/// What is released: the stable workload, by the kinds that Kubernetes has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workload {
    pub kind: String,
    pub name: String,
}

/// A canary release.
#[derive(Debug, Clone, PartialEq)]
pub struct CanaryRelease {
    pub workload: Workload,
    pub namespace: Option<String>,
    /// The pods as they are to be; with a `workloadRef` they are the workload's.
    pub template: Option<Template>,
    pub images: BTreeMap<String, String>,
    pub steps: Steps,
    /// Without the number of pods: that is the workload's, unless [`CanaryRelease::replicas`] says one.
    pub sizing: Sizing,
    pub replicas: Option<u32>,
    pub threshold: Option<Threshold>,
    pub background: Option<Background>,
    pub canary_service: Option<String>,
    pub stable_service: Option<String>,
    pub routing: Option<Routing>,
    /// Which added route comes before which.
    pub managed_routes: Vec<String>,
    pub canary_metadata: Option<PodMetadata>,
    pub anti_affinity: Option<AntiAffinity>,
    pub min_ready_seconds: u32,
    pub progress_deadline_seconds: u32,
    pub progress_deadline_abort: bool,
    /// From the last step to the old version's end; with a router only.
    pub scale_down_delay_seconds: u32,
    /// From an abort to the canary's end; nothing where it stays.
    pub abort_scale_down_delay_seconds: Option<u32>,
    /// Back to one of so many revisions without steps and without a verdict.
    pub rollback_window: Option<u32>,
    /// What is not as it would be with the controller, a line each.
    pub notes: Vec<String>,
}

impl Rollout {
    /// Reads it as a canary; `router_is_typed` where somebody has named a router besides.
    ///
    /// # Errors
    /// Where it is none, makes no sense, or asks for what nobody does here.
    pub fn canary_release(&self, router_is_typed: bool) -> Result<CanaryRelease, Unread> {
        let strategy = &self.spec.strategy;
        let (Some(canary), None) = (&strategy.canary, &strategy.blue_green) else {
            return Err(self.no_canary());
        };
        let is_routed = router_is_typed || canary.traffic_routing.is_some();
        let mut invalid = valid::problems(canary, is_routed);
        invalid.extend(self.spec.invalid());
        invalid.extend(self.metadata.invalid());
        if !invalid.is_empty() {
            return Err(Unread::Invalid(invalid));
        }
        let refused = self.not_honoured(canary);
        if refused.is_empty() { Ok(self.released(canary)) } else { Err(Unread::NotHonoured(refused)) }
    }

    fn no_canary(&self) -> Unread {
        let strategy = &self.spec.strategy;
        let problem = |field: &str, why: &str| vec![Problem::new(format!("spec.strategy{field}"), why)];
        match (&strategy.canary, &strategy.blue_green) {
            (Some(_), Some(_)) => Unread::Invalid(problem("", "it says both canary and blueGreen")),
            (None, Some(_)) => Unread::NotHonoured(problem(".blueGreen", "kubectl bluegreen deploy -f releases it")),
            _ => Unread::Invalid(problem("", "it says neither canary nor blueGreen")),
        }
    }

    fn not_honoured(&self, canary: &Canary) -> Vec<Problem> {
        let at = |field: &str, why: &str| Problem::new(format!("{PATH}.{field}"), why);
        let mut found = Vec::new();
        for (number, step) in canary.steps.iter().enumerate() {
            if let WrittenStep::NotHonoured(field) = step {
                found.push(at(&format!("steps[{number}].{field}"), "it takes a controller"));
            }
        }
        if let Some(routing) = &canary.traffic_routing {
            found.extend(routing.not_honoured(&format!("{PATH}.trafficRouting")));
            if routing.routers().len() > 1 {
                found.push(at("trafficRouting", "one router shares the requests"));
            }
        }
        let others = [
            canary.ping_pong.as_ref().map(|_| at("pingPong", "the Services keep their parts: canary and stable")),
            canary.stable_metadata.as_ref().map(|_| at("stableMetadata", "pods that serve are not written to")),
            self.spec.paused.then(|| Problem::new("spec.paused", "it is to be changed by nobody")),
            self.spec.workload_ref.as_ref().and_then(WorkloadRef::not_honoured),
        ];
        found.extend(others.into_iter().flatten());
        found
    }

    fn released(&self, canary: &Canary) -> CanaryRelease {
        let spec = &self.spec;
        let steps = canary.steps.iter().filter_map(|step| match step {
            WrittenStep::Done(step) => Some(step.clone()),
            WrittenStep::NotHonoured(_) | WrittenStep::Several(_) => None,
        });
        let routing = canary.traffic_routing.as_ref();
        let delay = canary.abort_scale_down_delay_seconds.unwrap_or(DELAY);
        CanaryRelease {
            workload: self.workload(),
            namespace: self.metadata.namespace.clone(),
            template: spec.template.clone(),
            images: self.images(),
            steps: Steps { steps: steps.collect(), most: valid::most(canary) },
            sizing: sizing(canary, spec),
            replicas: spec.replicas.and_then(|replicas| u32::try_from(replicas).ok()),
            threshold: canary.replica_progress_threshold,
            background: background(canary),
            canary_service: canary.canary_service.clone(),
            stable_service: canary.stable_service.clone(),
            routing: routing.and_then(|routing| routing.routers().into_iter().next()),
            managed_routes: routing.into_iter().flat_map(managed).collect(),
            canary_metadata: canary.canary_metadata.clone(),
            anti_affinity: canary.anti_affinity.clone(),
            min_ready_seconds: spec.min_ready_seconds.unwrap_or_default(),
            progress_deadline_seconds: spec.progress_deadline_seconds.unwrap_or(DEADLINE),
            progress_deadline_abort: spec.progress_deadline_abort.unwrap_or_default(),
            scale_down_delay_seconds: canary.scale_down_delay_seconds.unwrap_or(DELAY),
            abort_scale_down_delay_seconds: (delay > 0).then_some(delay),
            rollback_window: spec.rollback_window.as_ref().map(|window| window.revisions),
            notes: canary.notes().into_iter().chain(spec.canary_notes()).collect(),
        }
    }

    fn workload(&self) -> Workload {
        match &self.spec.workload_ref {
            Some(reference) => Workload { kind: reference.kind.clone(), name: reference.name.clone() },
            None => Workload { kind: "Deployment".to_owned(), name: self.metadata.name.clone() },
        }
    }
}

fn managed(routing: &TrafficRouting) -> impl Iterator<Item = String> {
    routing.managed_routes.iter().map(|route| route.name.clone())
}

fn sizing(canary: &Canary, spec: &Spec) -> Sizing {
    let usual = Sizing::of(spec.replicas.and_then(|replicas| u32::try_from(replicas).ok()).unwrap_or(1));
    Sizing {
        max_surge: canary.max_surge.unwrap_or(usual.max_surge),
        max_unavailable: canary.max_unavailable.unwrap_or(usual.max_unavailable),
        min_pods: canary.min_pods_per_replica_set,
        dynamic_stable: canary.dynamic_stable_scale,
        ..usual
    }
}

/// To Argo no template is no judging.
fn background(canary: &Canary) -> Option<Background> {
    let written = canary.analysis.as_ref().filter(|written| !written.templates.is_empty())?;
    let starting_step = written.starting_step.and_then(|step| usize::try_from(step).ok()).unwrap_or_default();
    Some(Background { judging: written.judging(), starting_step })
}

impl Canary {
    fn notes(&self) -> Vec<String> {
        let said = |is_there: bool, note: &str| is_there.then(|| note.to_owned());
        let gateway = self.traffic_routing.as_ref().and_then(|routing| routing.plugins.gateway.as_ref());
        let notes = [
            said(
                self.scale_down_delay_revision_limit.is_some(),
                "scaleDownDelayRevisionLimit: no old version but the one that is left is kept",
            ),
            gateway.and_then(|routes| routes.said()).map(str::to_owned),
            said(
                self.analysis.as_ref().is_some_and(|judging| judging.analysis_run_metadata.is_some()),
                "analysisRunMetadata: no AnalysisRun is made",
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}
