//! The documents of `switch`, `rollback` and `preflight`.

use release_cli::report::{Members, Subject};
use release_core::analysis::judged::Judged;
use release_core::release::change::Change;
use schemars::JsonSchema;
use serde::Serialize;

use crate::apply::balanced::Balanced;
use crate::apply::{MoveInProgress, Moved, Reached};
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
    #[schemars(with = "Option<bool>")]
    changed: Moved,
    /// False where annotations of others leave no room for the move's record: `history` doesn't tell of it,
    /// and a way back is found without it.
    recorded: bool,
    ready: ReadyPods,
    /// The bare kubectl command that undoes it, while the Service is as this run left it; absent where this
    /// run did not move it.
    #[serde(skip_serializing_if = "UndoCommand::is_void")]
    #[schemars(with = "String")]
    undo: UndoCommand,
    /// Workloads that were brought to size for a move that was not made, and were left so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    left_scaled: Vec<LeftScaled>,
    /// Ready endpoints of the target, once they followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_endpoints: Option<usize>,
    /// From the first write until the endpoints followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    converged_millis: Option<u64>,
    /// What the numbers say, where any were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<Box<Judged>>,
    /// The load balancers that send to the target's pods, and how its pods stand there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<Balanced>,
    /// From the start of the command to the end of the verification.
    #[serde(skip_serializing_if = "Option::is_none")]
    total_millis: Option<u64>,
}

/// A command that is void while its move has not been made.
#[derive(Debug, Clone, Serialize)]
#[serde(into = "String")]
struct UndoCommand {
    command: String,
    moved: Moved,
}

impl UndoCommand {
    fn is_void(&self) -> bool {
        self.moved.get() == Some(false)
    }
}

impl From<UndoCommand> for String {
    fn from(undo: UndoCommand) -> Self {
        undo.command
    }
}

/// A workload, or an autoscaler, that was changed for a move that was not made.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LeftScaled {
    /// `deploy/api-green`
    object: String,
    /// `replicas: 0 -> 3`
    change: String,
    /// The bare kubectl command that undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
}

impl LeftScaled {
    fn of(change: &Change) -> Self {
        let undo = change.undo.as_ref().map(ToString::to_string);
        Self { object: change.object.clone(), change: change.summary.clone(), undo }
    }
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
            Planned::Move(plan) | Planned::Finish(plan) => Self::Moves(MovingService::of(plan, Moved::new(false))),
            Planned::Stay(stay) => Self::Stays(StayingService::of(stay)),
        }
    }

    /// After the move; `reached` and the whole run's milliseconds where it was proven.
    #[must_use]
    pub fn ended(plan: &ServicePlan, made: &MoveInProgress<'_>, reached: Option<(&Reached, u64)>) -> Self {
        Self::Moves(MovingService {
            recorded: made.is_recorded.get(),
            verification: made.signals.report().map(Box::new),
            targets: made.balancers.report(),
            ready_endpoints: reached.map(|(reached, _)| reached.ready),
            converged_millis: reached.map(|(reached, _)| reached.converged_millis),
            total_millis: reached.map(|(_, millis)| millis),
            ..MovingService::of(plan, made.moved.clone())
        })
    }

    /// Notes what was left scaled for a move that was not made.
    pub fn leaves_scaled(&mut self, changes: &[Change]) {
        if let Self::Moves(service) = self {
            service.left_scaled = changes.iter().map(LeftScaled::of).collect();
        }
    }

    /// True where this run left the Service where it found it.
    #[must_use]
    pub fn is_untouched(&self) -> bool {
        match self {
            Self::Moves(service) => service.changed.get() == Some(false),
            Self::Stays(_) => true,
        }
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
    fn of(plan: &ServicePlan, moved: Moved) -> Self {
        let movement = &plan.movement;
        let undo = UndoCommand { command: movement.undo().to_string(), moved: moved.clone() };
        Self {
            name: movement.service.clone(),
            track_key: movement.key.clone(),
            from: movement.from.clone(),
            to: movement.to.clone(),
            changed: moved,
            recorded: plan.is_recorded,
            ready: ReadyPods { target: plan.target_ready, active: plan.active_ready, required: plan.required },
            undo,
            left_scaled: Vec::new(),
            ready_endpoints: None,
            converged_millis: None,
            verification: None,
            targets: Vec::new(),
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
