//! A plan with its findings: what a switch or rollback is about to do, and why it is safe.

use std::sync::Arc;

use release_core::checks::finding::Finding;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::traffic::selector::{Color, Tracks};

use super::case::{Common, case, left_by_last_move};
use super::movement::Move;
use super::size::{Sides, parity};
use super::stay::Stay;
use super::step::{MoveRequest, Step, steps};
use crate::checks::{self, Case};
use crate::left::LeftWorkload;
use crate::service_view::{ServiceView, ready_count};
use crate::snapshot::Snapshot;

/// One Service's part: the move, and how ready both sides are.
#[derive(Debug)]
pub struct ServicePlan {
    pub movement: Move,
    pub target_ready: usize,
    pub active_ready: usize,
    pub required: usize,
    /// The target is brought to size first.
    pub scales_first: bool,
    /// Annotations of others leave room for its record.
    pub is_recorded: bool,
    /// What the target ran when the Service left it, where that was the last move.
    left: Vec<LeftWorkload>,
}

/// What is to be done with one Service.
#[derive(Debug)]
pub enum Planned {
    Move(Box<ServicePlan>),
    /// It was moved there by a run that was not proven: one that goes on, was cut off, failed or was overtaken.
    Finish(Box<ServicePlan>),
    Stay(Stay),
}

impl Planned {
    /// True where that Service is where it should be, by a run that ended.
    #[must_use]
    pub fn stays(&self, service: &str) -> bool {
        matches!(self, Self::Stay(stay) if stay.service == service)
    }
}

/// The whole plan.
#[derive(Debug)]
pub struct SwitchPlan {
    /// In the order asked.
    pub services: Vec<Planned>,
    pub findings: Vec<Finding>,
}

impl SwitchPlan {
    /// Plans and checks. `scaled` is set once the targets have been brought to size.
    ///
    /// # Errors
    /// Where a Service can't be moved at all.
    pub fn of(snapshot: &Snapshot, views: &[ServiceView<'_>], request: MoveRequest<'_>, scaled: bool) -> Outcome<Self> {
        let steps = steps(snapshot, views, request)?;
        let moving: Vec<String> = steps.iter().filter_map(moving_service).collect();
        let common = Common { snapshot, options: request.options, moving: &moving, scaled };
        let (mut services, mut findings) = (Vec::new(), Vec::new());
        for (step, view) in steps.into_iter().zip(views) {
            services.push(match step {
                Step::Stay(stay) => Planned::Stay(stay),
                Step::Finish(movement) => {
                    let about = (view.name(), view.settings.accept.as_slice());
                    findings.extend(checks::of_finishing(&movement.record, about, request.options, &snapshot.scope));
                    Planned::Finish(Box::new(ServicePlan::to_finish(*movement, snapshot, view)))
                }
                Step::Move(movement) => {
                    let case = case(common, view, &movement)?;
                    findings.extend(checks::run(&case, &request.options.weighing));
                    Planned::Move(Box::new(ServicePlan::of(*movement, &case)))
                }
            });
        }
        findings.sort_by_key(|f| (f.severity, f.overridden));
        Ok(Self { services, findings })
    }

    /// The Services that move, in the order asked.
    pub fn moves(&self) -> impl Iterator<Item = &ServicePlan> {
        self.services.iter().filter_map(|planned| match planned {
            Planned::Move(plan) => Some(plan.as_ref()),
            Planned::Stay(_) | Planned::Finish(_) => None,
        })
    }

    /// The Services that were moved already by a run without a result.
    pub fn unfinished(&self) -> impl Iterator<Item = &ServicePlan> {
        self.services.iter().filter_map(|planned| match planned {
            Planned::Finish(plan) => Some(plan.as_ref()),
            Planned::Stay(_) | Planned::Move(_) => None,
        })
    }

    /// Those of them that are one with what moves: a set that was cut off in the middle is all or none, too.
    pub fn begun(&self) -> impl Iterator<Item = &ServicePlan> {
        self.unfinished().filter(|plan| self.goes_along(plan))
    }

    /// The others of them.
    pub fn unfinished_alone(&self) -> impl Iterator<Item = &ServicePlan> {
        self.unfinished().filter(|plan| !self.goes_along(plan))
    }

    fn goes_along(&self, begun: &ServicePlan) -> bool {
        self.moves().any(|moving| moving.movement.record.id == begun.movement.record.id)
    }

    /// The first Service that stays where nobody is there to answer.
    #[must_use]
    pub fn unserved(&self, reason: &'static str) -> Option<Failure> {
        self.services.iter().find_map(|planned| match planned {
            Planned::Stay(stay) => stay.unserved(reason),
            Planned::Move(_) | Planned::Finish(_) => None,
        })
    }

    /// The Services whose target must be brought to size first.
    pub fn to_scale(&self) -> impl Iterator<Item = &ServicePlan> {
        self.moves().filter(|plan| plan.scales_first)
    }
}

fn moving_service(step: &Step) -> Option<String> {
    match step {
        Step::Move(movement) => Some(movement.service.clone()),
        Step::Stay(_) | Step::Finish(_) => None,
    }
}

/// The colors of one of the Services.
#[must_use]
pub fn tracks_of<'v>(views: &'v [ServiceView<'_>], service: &str) -> Option<&'v Tracks> {
    views.iter().find(|view| view.name() == service)?.tracks.as_ref().ok()
}

impl ServicePlan {
    fn of(movement: Move, case: &Case<'_>) -> Self {
        Self {
            movement,
            target_ready: case.target_ready(),
            active_ready: case.active_ready(),
            required: case.required,
            scales_first: case.scales_first,
            is_recorded: case.is_recorded,
            left: left_by_last_move(case.view, case.tracks, &case.target.name).map(<[_]>::to_vec).unwrap_or_default(),
        }
    }

    /// What is there now is what has to stay.
    fn to_finish(movement: Move, snapshot: &Snapshot, view: &ServiceView<'_>) -> Self {
        let ready = |color: &str| match &view.tracks {
            Ok(tracks) => ready_count(&tracks.serving(color, &snapshot.pods)),
            Err(_) => 0,
        };
        let (target_ready, active_ready) = (ready(&movement.to), ready(&movement.from));
        Self {
            movement,
            target_ready,
            active_ready,
            required: target_ready.max(1),
            scales_first: false,
            is_recorded: true,
            left: Vec::new(),
        }
    }

    /// The Service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        &self.movement.service
    }

    /// The color that it moves to.
    #[must_use]
    pub fn target<'t>(&self, tracks: &'t Tracks) -> Option<&'t Color> {
        tracks.color(&self.movement.to)
    }

    /// The sizes that the target's workloads are brought to.
    #[must_use]
    pub fn growth(&self, tracks: &Tracks) -> Option<Vec<(Arc<Workload>, i32)>> {
        let (target, active) = (self.target(tracks)?, tracks.color(&self.movement.from)?);
        Some(parity(Sides { target, active, left: &self.left }, self.required))
    }
}
