//! A Service that stays where it is, and why.

use release_core::command::Command;
use release_core::failure::{Failure, Next};
use schemars::JsonSchema;
use serde::Serialize;

/// It is so already: what is so, and the command that goes to the other color.
#[derive(Debug, Clone)]
pub struct Stay {
    pub service: String,
    pub key: String,
    pub color: String,
    pub state: StayState,
    pub message: String,
    pub forward: Option<Command>,
    /// What would work now, where no pod of its color is ready.
    pub way_out: Option<Next>,
}

/// Why a Service stays where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum StayState {
    /// The color asked for is active.
    AlreadyActive,
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

    /// That nobody is there to answer, where that is so: the color asked for being active is no end then.
    #[must_use]
    pub fn unserved(&self, reason: &'static str) -> Option<Failure> {
        let Self { service, color, .. } = self;
        let text = format!("service/{service} selects {color} already, and has no ready endpoint");
        self.way_out.clone().map(|way_out| Failure::failed(reason, text).next(way_out))
    }
}
