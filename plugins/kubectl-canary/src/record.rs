//! A release as it is kept on the stable Deployment.

use std::fmt;

use jiff::Timestamp;
use release_core::registry::image::is_reference;
use release_core::release::canary::run::{State, Word};
use release_core::release::record::{Record, Recorded, RunResult};
use release_core::text::{is_service_name, printable};
use serde::{Deserialize, Serialize};

/// What a Deployment's annotations say of its releases.
pub type RecordedReleases = Recorded<CanaryRecord>;

/// Steps, pods and containers beyond these were not written by us.
const MOST_STEPS: usize = 400;
const MOST_PODS: u32 = 100_000;
const MOST_CONTAINERS: usize = 100;

/// One release: what it began from, what is to be, and how far it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanaryRecord {
    /// Tells this release from any other.
    pub id: String,
    /// UID of the Deployment: manifests are copied with their annotations.
    pub uid: String,
    /// The number of the template that it began with, as its controller counts: `kubectl rollout undo` puts
    /// annotations back, and this record with them.
    pub revision: i64,
    pub containers: Vec<Moved>,
    /// The Deployment of the new version.
    pub canary: String,
    pub router: Router,
    /// The Services in front of both.
    pub services: Vec<String>,
    /// Pauses and heartbeat are so many times as short; tests alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_scale: Option<u32>,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    pub state: State,
    /// Who had it taken back, and why; nobody where it failed by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_back_by: Option<Word>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<RunResult>,
    /// Milliseconds from the start of the release to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What shares the requests between the versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Router {
    /// The pods, by their number.
    Replicas,
}

impl fmt::Display for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replicas => "replicas",
        })
    }
}

/// One container's image before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init: bool,
    pub from: String,
    pub to: String,
}

impl Record for CanaryRecord {
    const CURRENT: &'static str = "kubectl-release.dev/canary";
    const HISTORY: &'static str = "kubectl-release.dev/canary-history";

    fn checked(self) -> Result<Self, String> {
        let texts = [&self.id, &self.by, &self.reason];
        let state = &self.state;
        let wrong = if texts.iter().any(|text| text.len() > 1000) {
            "longer texts than we ever write"
        } else if self.containers.is_empty() || self.containers.len() > MOST_CONTAINERS {
            "no containers, or too many"
        } else if !self.containers.iter().all(|moved| is_reference(&moved.from) && is_reference(&moved.to)) {
            "what is no image"
        } else if self.services.is_empty() || !self.services.iter().all(|name| is_service_name(name)) {
            "what is no Service"
        } else if state.plan.steps.len() > MOST_STEPS || state.plan.most != 100 {
            "steps that we never write"
        } else if state.replicas == 0 || state.replicas > MOST_PODS || state.surge == 0 || state.surge > MOST_PODS {
            "sizes that we never write"
        } else if state.at > state.plan.steps.len() || state.by_hand.is_some_and(|weight| weight > 100) {
            "a step that there isn't"
        } else {
            let (by, reason) = (printable(&self.by), printable(&self.reason));
            return Ok(Self { by, reason, result: self.result.map(RunResult::printable), ..self });
        };
        Err(wrong.to_owned())
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn ended(&self, result: RunResult, millis: u64) -> Self {
        Self { result: Some(result), millis: Some(millis), ..self.clone() }
    }
}

/// Which of both images.
#[derive(Debug, Clone, Copy)]
pub enum Image {
    Before,
    After,
}

impl CanaryRecord {
    /// True where all its containers of a workload have these images.
    #[must_use]
    pub fn are_images_of(&self, workload: &serde_json::Value, which: Image) -> bool {
        let spec = &workload["spec"]["template"]["spec"];
        self.containers.iter().all(|moved| {
            let list = if moved.init { "initContainers" } else { "containers" };
            let wanted = match which {
                Image::Before => &moved.from,
                Image::After => &moved.to,
            };
            let found = spec[list].as_array().into_iter().flatten().find(|one| one["name"] == moved.name);
            found.is_some_and(|one| one["image"] == **wanted)
        })
    }
}
