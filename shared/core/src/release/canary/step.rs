//! One step of a canary.

use serde::{Deserialize, Serialize};

use super::judging::Judging;
use super::routes::{HeaderRoute, MirrorRoute};
use crate::release::document::Time;

/// What is done before the next step; written down as Argo writes it.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// The canary's share of the requests, until the next such step.
    SetWeight(u32),
    Pause(Pause),
    /// It is over once all that is judged here is successful.
    Analysis(Judging),
    /// How many pods the canary has, whatever its weight is.
    SetCanaryScale(CanaryScale),
    SetHeaderRoute(HeaderRoute),
    SetMirrorRoute(MirrorRoute),
}

/// So long nothing is changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pause {
    /// Until somebody promotes it where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<Time>,
}

/// How large a canary is, until the next such step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CanaryScale {
    Replicas(u32),
    /// As large as for this weight.
    Weight(u32),
    /// As large as for the weight that it has.
    MatchTrafficWeight,
}
