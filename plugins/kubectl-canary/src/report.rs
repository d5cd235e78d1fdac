//! What verbs print, as documents.

use jiff::Timestamp;
use release_cli::report::{Members, Subject};
use release_core::duration::typed_duration;
use release_core::release::canary::pods::by_ratio::by_ratio;
use release_core::release::canary::run::{Facts, Phase, Side};
use release_core::release::canary::step::{Pause, Step};
use release_core::release::record::RunResult;
use schemars::JsonSchema;
use serde::Serialize;

use crate::lease::Held;
use crate::record::CanaryRecord;
use crate::words;

/// A release as it stands.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Tells it from any other.
    pub id: String,
    /// The stable Deployment.
    pub workload: String,
    /// The Deployment of the new version.
    pub canary: String,
    /// What shares the requests: `replicas`
    pub router: String,
    /// The Services in front of both.
    pub services: Vec<String>,
    /// `running`, `paused`, `promoting`, `aborting`, `over`
    pub phase: &'static str,
    /// How it ended: `done`, `rolled back`; absent before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    pub images: Vec<ImageChange>,
    /// All steps, in order.
    pub steps: Vec<StepDocument>,
    /// The step in hand, from 0; behind the last one it is promoted.
    pub step: usize,
    /// Since when that step is in effect; absent while it isn't.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// The canary's share of the requests in percent, as it is asked for.
    pub weight: u32,
    /// Shares that were in effect, with their times.
    pub weights: Vec<WeightDocument>,
    /// Pods of the stable version when it is alone.
    pub replicas: u32,
    /// The user who began it.
    pub by: String,
    pub at: Timestamp,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Who paused it or takes it back, and why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub word: Option<WordDocument>,
}

/// One container's image.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ImageChange {
    pub container: String,
    pub from: String,
    pub to: String,
}

/// One step.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepDocument {
    /// The canary's share from here on; absent for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight: Option<u32>,
    /// How long it is held, such as `5m`; `untilPromoted` where somebody has to say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pause: Option<String>,
    /// The canary's pods of all of them; absent for a pause.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pods: Option<u32>,
}

/// A share that was in effect.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WeightDocument {
    pub weight: u32,
    pub at: Timestamp,
}

/// A word of somebody's.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct WordDocument {
    /// Empty where the release did it by itself.
    pub by: String,
    pub at: Timestamp,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// How many pods one of the versions has.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
pub struct SideDocument {
    /// Asked for.
    pub wanted: u32,
    /// Of the template that is asked for, and available.
    pub available: u32,
    /// Ready behind every Service in front.
    pub serving: u32,
}

/// Who runs it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct RunnerDocument {
    pub holder: String,
    /// False once nobody is there any more.
    pub fresh: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renewed: Option<Timestamp>,
}

/// A release, its pods and who runs it.
#[derive(Debug, Clone, Default, Serialize, JsonSchema)]
pub struct Stand {
    /// Absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stable: Option<SideDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub canary: Option<SideDocument>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runner: Option<RunnerDocument>,
}

/// Releases of a Deployment.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub struct HistoryMembers {
    /// Newest first.
    pub releases: Vec<Release>,
}

impl Members for HistoryMembers {
    const KIND: &'static str = "History";
    const SUBJECT: Subject = Subject::Workload;
    const ONLY_READS: bool = true;
}

macro_rules! members {
    ($($name:ident = $kind:literal, $reads:literal;)+) => { $(
        #[doc = concat!("What `", $kind, "` found and left.")]
        #[derive(Debug, Default, Serialize, JsonSchema)]
        pub struct $name {
            #[serde(flatten)]
            pub stand: Stand,
        }

        impl Members for $name {
            const KIND: &'static str = $kind;
            const SUBJECT: Subject = Subject::Workload;
            const ONLY_READS: bool = $reads;
        }

        impl AsMut<Stand> for $name {
            fn as_mut(&mut self) -> &mut Stand {
                &mut self.stand
            }
        }
    )+ };
}

members! {
    PlanMembers = "Plan", true;
    RunMembers = "Run", false;
    StartMembers = "Start", false;
    SetWeightMembers = "SetWeight", false;
    StatusMembers = "Status", true;
    PauseMembers = "Pause", false;
    ResumeMembers = "Resume", false;
    PromoteMembers = "Promote", false;
    AbortMembers = "Abort", false;
}

impl Stand {
    /// A release without a look at its pods.
    #[must_use]
    pub fn of(stable: &str, record: &CanaryRecord) -> Self {
        Self { release: Some(Release::of(stable, record)), ..Self::default() }
    }

    /// The same with its pods.
    #[must_use]
    pub fn seen(self, facts: &Facts) -> Self {
        let side = |side: &Side| SideDocument { wanted: side.wanted, available: side.available, serving: side.serving };
        Self { stable: Some(side(&facts.stable)), canary: facts.canary.as_ref().map(side), ..self }
    }

    /// The same with who runs it.
    #[must_use]
    pub fn run_by(self, held: Option<&Held>, now: Timestamp) -> Self {
        let held = held.filter(|held| !held.holder.is_empty());
        let runner = held.map(|held| RunnerDocument {
            holder: held.holder.clone(),
            fresh: held.is_fresh(now),
            renewed: held.renewed(),
        });
        Self { runner, ..self }
    }
}

impl Release {
    /// A release by its record.
    #[must_use]
    pub fn of(stable: &str, record: &CanaryRecord) -> Self {
        let state = &record.state;
        let word = match &state.phase {
            Phase::Paused(word) | Phase::Aborting(word) => Some(word),
            _ => record.taken_back_by.as_ref(),
        };
        let image = |moved: &crate::record::Moved| ImageChange {
            container: moved.name.clone(),
            from: moved.from.clone(),
            to: moved.to.clone(),
        };
        Self {
            id: record.id.clone(),
            workload: format!("deploy/{stable}"),
            canary: format!("deploy/{}", record.canary),
            router: record.router.to_string(),
            services: record.services.clone(),
            phase: words::phase(&state.phase),
            result: record.result.clone(),
            images: record.containers.iter().map(image).collect(),
            steps: state.plan.steps.iter().map(|step| StepDocument::of(step, state.replicas)).collect(),
            step: state.at,
            since: state.since,
            weight: state.weight(),
            weights: state.weights.iter().map(|w| WeightDocument { weight: w.weight, at: w.at }).collect(),
            replicas: state.replicas,
            by: record.by.clone(),
            at: record.at,
            reason: record.reason.clone(),
            word: word.map(|word| WordDocument { by: word.by.clone(), at: word.at, why: word.why.clone() }),
        }
    }
}

impl StepDocument {
    fn of(step: &Step, replicas: u32) -> Self {
        match step {
            Step::SetWeight(weight) => {
                let pods = by_ratio(replicas, *weight, false).canary;
                Self { weight: Some(*weight), pause: None, pods: Some(pods) }
            }
            Step::Pause(Pause { duration }) => {
                let pause = duration.map_or_else(|| "untilPromoted".to_owned(), |time| typed_duration(time.0));
                Self { weight: None, pause: Some(pause), pods: None }
            }
            _ => Self { weight: None, pause: None, pods: None },
        }
    }
}
