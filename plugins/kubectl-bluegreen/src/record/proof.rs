//! By what a move is judged once it is made, as far as a run of other words couldn't know it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a verification may ask besides readiness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Proof {
    /// The smoke tests of a release, once more.
    SmokeTests,
    /// Conditions on metrics.
    Analysis,
    /// What the color that was left did before.
    Comparison,
    /// A hook after the switch.
    AfterSwitch,
    /// Written by another version of ours, or by somebody's hand: it asks for nothing.
    #[serde(untagged)]
    Other(String),
}

impl Proof {
    /// As it is told; nothing of what isn't known.
    #[must_use]
    pub fn told(&self) -> Option<&'static str> {
        match self {
            Self::SmokeTests => Some("smoke tests"),
            Self::Analysis => Some("an analysis"),
            Self::Comparison => Some("a comparison"),
            Self::AfterSwitch => Some("an after-switch hook"),
            Self::Other(_) => None,
        }
    }
}

/// `smoke tests and an analysis`; nothing where none is known.
#[must_use]
pub fn told(all: &[Proof]) -> Option<String> {
    let known: Vec<&str> = all.iter().filter_map(Proof::told).collect();
    match known.as_slice() {
        [] => None,
        [only] => Some((*only).to_owned()),
        [first @ .., last] => Some(format!("{} and {last}", first.join(", "))),
    }
}
