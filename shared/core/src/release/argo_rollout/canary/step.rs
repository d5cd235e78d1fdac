//! A step as a Rollout writes it down: one that is done, or one that takes a controller.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::judging::WrittenJudging;
use super::pause::WrittenPause;
use crate::release::canary::routes::{HeaderRoute, MirrorRoute};
use crate::release::canary::step::{CanaryScale, Pause, Step};

/// One step.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(try_from = "Fields")]
pub enum WrittenStep {
    Done(Step),
    NotHonoured(TakesController),
    /// Of which Argo may do all at once, and which are refused together.
    Several(String),
}

/// What nobody does without a controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakesController {
    Experiment,
    Plugin,
}

impl fmt::Display for TakesController {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Experiment => "experiment",
            Self::Plugin => "plugin",
        })
    }
}

/// Of these one is there.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Fields {
    set_weight: Option<i32>,
    pause: Option<WrittenPause>,
    experiment: Option<Value>,
    analysis: Option<WrittenJudging>,
    set_canary_scale: Option<WrittenScale>,
    set_header_route: Option<HeaderRoute>,
    set_mirror_route: Option<MirrorRoute>,
    plugin: Option<Value>,
    /// Argo's documents have it here, its types beside the steps.
    replica_progress_threshold: Option<Value>,
}

/// Argo takes them in this order: as the traffic, a number, a weight.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct WrittenScale {
    weight: Option<u32>,
    replicas: Option<u32>,
    match_traffic_weight: bool,
}

impl WrittenScale {
    fn scale(&self) -> CanaryScale {
        match (self.match_traffic_weight, self.replicas, self.weight) {
            (false, Some(replicas), _) => CanaryScale::Replicas(replicas),
            (false, None, Some(weight)) => CanaryScale::Weight(weight),
            _ => CanaryScale::MatchTrafficWeight,
        }
    }
}

impl TryFrom<Fields> for WrittenStep {
    type Error = String;

    /// Argo looks for two kinds among four of them only (`hasMultipleStepsType`), and does the first it comes across.
    fn try_from(fields: Fields) -> Result<Self, Self::Error> {
        if fields.replica_progress_threshold.is_some() {
            return Err("replicaProgressThreshold stands beside steps, under canary".to_owned());
        }
        let weight = fields.set_weight.map(u32::try_from).transpose();
        let weight = weight.map_err(|_| "setWeight is not negative".to_owned())?;
        let pause = |pause: WrittenPause| Pause { duration: pause.duration.map(|time| time.0) };
        let done = |step: Option<Step>| step.map(Self::Done);
        let all = [
            ("setWeight", done(weight.map(Step::SetWeight))),
            ("pause", done(fields.pause.map(|written| Step::Pause(pause(written))))),
            ("analysis", done(fields.analysis.map(|written| Step::Analysis(written.judging())))),
            ("setCanaryScale", done(fields.set_canary_scale.map(|written| Step::SetCanaryScale(written.scale())))),
            ("setHeaderRoute", done(fields.set_header_route.map(Step::SetHeaderRoute))),
            ("setMirrorRoute", done(fields.set_mirror_route.map(Step::SetMirrorRoute))),
            ("experiment", fields.experiment.map(|_| Self::NotHonoured(TakesController::Experiment))),
            ("plugin", fields.plugin.map(|_| Self::NotHonoured(TakesController::Plugin))),
        ];
        let mut said: Vec<(&str, Self)> = all.into_iter().filter_map(|(name, step)| Some((name, step?))).collect();
        match (said.pop(), said.is_empty()) {
            (Some((_, step)), true) => Ok(step),
            (None, _) => Err("a step does something: setWeight, pause, analysis, setCanaryScale, setHeaderRoute or \
                              setMirrorRoute"
                .to_owned()),
            (Some((last, _)), false) => {
                let names: Vec<&str> = said.iter().map(|(name, _)| *name).collect();
                Ok(Self::Several(format!("{} and {last}", names.join(", "))))
            }
        }
    }
}
