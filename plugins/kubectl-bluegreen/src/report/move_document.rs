//! The documents of `switch`, `rollback` and `preflight`.

use release_cli::report::{Members, Subject};
use release_core::command::selector_command;
use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::Reached;
use crate::plan::{Planned, ServicePlan, Stay, StayState};

/// What `switch` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SwitchMembers {
    /// In the order asked.
    pub services: Vec<MoveEntry>,
}

impl Members for SwitchMembers {
    const KIND: &'static str = "Switch";
    const SUBJECT: Subject = Subject::Service;
}

/// What `rollback` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RollbackMembers {
    /// In the order asked.
    pub services: Vec<MoveEntry>,
}

impl Members for RollbackMembers {
    const KIND: &'static str = "Rollback";
    const SUBJECT: Subject = Subject::Service;
}

/// What `preflight` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreflightMembers {
    /// In the order asked.
    pub services: Vec<MoveEntry>,
}

impl Members for PreflightMembers {
    const KIND: &'static str = "Preflight";
    const SUBJECT: Subject = Subject::Service;
    const ONLY_READS: bool = true;
}

/// One Service.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum MoveEntry {
    Moves(MovingService),
    Stays(StayingService),
}

/// A Service that moves, or would.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MovingService {
    name: String,
    /// The label that tells the colors apart.
    track_key: String,
    from: String,
    to: String,
    /// Whether this run moved it and left it there; null where that could not be found out.
    changed: Option<bool>,
    ready: ReadyPods,
    /// The bare kubectl command that undoes it.
    undo: String,
    /// Ready endpoints of the target, once they followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_endpoints: Option<usize>,
    /// From the first write until the endpoints followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    converged_millis: Option<u64>,
    /// From the start of the command to the end of the verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_millis: Option<u64>,
}

/// Ready pods when the move was planned.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadyPods {
    target: usize,
    active: usize,
    /// What the target needs.
    required: usize,
}

/// A Service that is where it should be already.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StayingService {
    name: String,
    /// The label that tells the colors apart.
    track_key: String,
    active: String,
    /// Where it is after the run: the same.
    to: String,
    /// False.
    changed: bool,
    state: StayState,
    message: String,
    /// The command that goes to the other color.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl MoveEntry {
    /// Before the move.
    #[must_use]
    pub fn planned(planned: &Planned) -> Self {
        match planned {
            Planned::Move(plan) | Planned::Finish(plan) => Self::Moves(MovingService::of(plan)),
            Planned::Stay(stay) => Self::Stays(StayingService::of(stay)),
        }
    }

    /// After the move; `reached` and the whole run's milliseconds where it was proven.
    #[must_use]
    pub fn ended(plan: &ServicePlan, changed: Option<bool>, reached: Option<(&Reached, u64)>) -> Self {
        Self::Moves(MovingService {
            changed,
            ready_endpoints: reached.map(|(reached, _)| reached.ready),
            converged_millis: reached.map(|(reached, _)| reached.converged_millis),
            total_millis: reached.map(|(_, millis)| millis),
            ..MovingService::of(plan)
        })
    }

    /// The Service's name.
    #[must_use]
    pub fn service(&self) -> &str {
        match self {
            Self::Moves(service) => &service.name,
            Self::Stays(service) => &service.name,
        }
    }
}

impl MovingService {
    fn of(plan: &ServicePlan) -> Self {
        let movement = &plan.movement;
        Self {
            name: movement.service.clone(),
            track_key: movement.key.clone(),
            from: movement.from.clone(),
            to: movement.to.clone(),
            changed: Some(false),
            ready: ReadyPods { target: plan.target_ready, active: plan.active_ready, required: plan.required },
            undo: selector_command(&movement.service, &movement.scope, &movement.previous).to_string(),
            ready_endpoints: None,
            converged_millis: None,
            total_millis: None,
        }
    }
}

impl StayingService {
    fn of(stay: &Stay) -> Self {
        let Stay { service, key, color, state, message, forward, way_out: _ } = stay.clone();
        Self {
            name: service,
            track_key: key,
            to: color.clone(),
            active: color,
            changed: false,
            state,
            message,
            next: forward.map(|command| command.to_string()),
        }
    }
}
