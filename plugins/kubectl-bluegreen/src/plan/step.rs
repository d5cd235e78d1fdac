//! Whether a Service moves, and where to.

use release_core::command::Command;
use release_core::failure::Outcome;
use release_core::text::printable;
use release_core::traffic::selector::Tracks;
use schemars::JsonSchema;
use serde::Serialize;

use super::back::{self, WayBack};
use super::choice::{self, Chosen};
use super::movement::Move;
use crate::options::{MoveOptions, Target};
use crate::record::Record;
use crate::refusal;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// What is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct MoveRequest<'a> {
    pub options: &'a MoveOptions,
    /// Identifies this run in records and events.
    pub run_id: &'a str,
    /// The kubeconfig's name for the user, where the API server doesn't say who we are.
    pub user: &'a str,
}

/// What is to be done with one Service.
#[derive(Debug, Clone)]
pub enum Step {
    Move(Box<Move>),
    Stay(Stay),
}

/// It is so already: what is so, and the command that goes to the other color.
#[derive(Debug, Clone)]
pub struct Stay {
    pub service: String,
    pub key: String,
    pub color: String,
    pub state: StayState,
    pub message: String,
    pub forward: Option<Command>,
}

/// Why a Service stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StayState {
    /// The color asked for is active.
    AlreadyActive,
    /// It is, and the run that switched to it has no result: it is still going on, or was cut off.
    Unfinished,
    /// A rollback took the last switch back.
    AlreadyBack,
    /// Somebody else took it back.
    MovedByHand,
    /// The last move of its set never reached it.
    NotMoved,
}

impl Stay {
    /// The command that people may want instead, with what it does.
    #[must_use]
    pub fn next(&self) -> Option<String> {
        let leads = if self.state == StayState::AlreadyBack { "forward again" } else { "to go there" };
        self.forward.as_ref().map(|command| format!("{leads}: {command}"))
    }
}

/// Plans every Service, in the order asked.
///
/// # Errors
/// Exit 1 where a Service can't be switched or the target isn't clear: with what was found and
/// whole commands to paste.
pub fn steps(snapshot: &Snapshot, views: &[ServiceView<'_>], request: MoveRequest<'_>) -> Outcome<Vec<Step>> {
    views.iter().map(|view| step(snapshot, views, view, request)).collect()
}

fn step(
    snapshot: &Snapshot,
    all: &[ServiceView<'_>],
    view: &ServiceView<'_>,
    request: MoveRequest<'_>,
) -> Outcome<Step> {
    let verb = request.options.verb;
    let tracks = view.tracks.as_ref().map_err(|why| refusal::not_switchable(view, why, snapshot, verb))?;
    let chosen = match &request.options.target {
        Target::Color(color) => choice::by_name(view, tracks, color, snapshot)?,
        Target::Image(tag) => choice::by_image(view, tracks, tag, &snapshot.scope)?,
        Target::Other => choice::only_other(view, tracks, snapshot)?,
        Target::Back => match back::way_back(snapshot, all, view, tracks)? {
            WayBack::Color(chosen) => chosen,
            WayBack::AlreadyBack { state, message, forward } => return Ok(stay(view, tracks, state, message, forward)),
        },
    };
    if chosen.color == tracks.active {
        let (state, message) = already_active(view, &chosen.color);
        return Ok(stay(view, tracks, state, message, None));
    }
    Ok(Step::Move(Box::new(movement(snapshot, view, tracks, chosen, request))))
}

fn stay(
    view: &ServiceView<'_>,
    tracks: &Tracks,
    state: StayState,
    message: String,
    forward: Option<Command>,
) -> Step {
    let (service, key, color) = (view.name().to_owned(), tracks.key.clone(), tracks.active.clone());
    Step::Stay(Stay { service, key, color, state, message, forward })
}

fn already_active(view: &ServiceView<'_>, color: &str) -> (StayState, String) {
    let unfinished = view.recorded.current.as_ref().is_some_and(|r| r.to == color && r.result.is_none());
    let (state, remark) = if unfinished {
        (StayState::Unfinished, " (the run that switched it is still going on, or was cut off)")
    } else {
        (StayState::AlreadyActive, "")
    };
    (state, format!("{color} is active already{remark}"))
}

fn movement(
    snapshot: &Snapshot,
    view: &ServiceView<'_>,
    tracks: &Tracks,
    chosen: Chosen,
    request: MoveRequest<'_>,
) -> Move {
    let options = request.options;
    let previous = tracks.selector_for(&tracks.active);
    let record = Record {
        id: request.run_id.to_owned(),
        verb: options.verb.recorded(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to: chosen.color.clone(),
        by: snapshot.who.clone().unwrap_or_else(|_| format!("{} (kubeconfig)", request.user)),
        at: snapshot.at,
        reason: printable(&options.reason),
        retain_seconds: options.retain.as_secs(),
        selector: previous.clone(),
        services: if options.services.len() > 1 { options.services.clone() } else { Vec::new() },
        result: None,
        millis: None,
    };
    Move {
        service: view.name().to_owned(),
        namespace: snapshot.namespace.clone(),
        scope: snapshot.scope.clone(),
        key: tracks.key.clone(),
        from: tracks.active.clone(),
        to: chosen.color,
        previous,
        selector: chosen.selector,
        note: chosen.note,
        record,
    }
}
