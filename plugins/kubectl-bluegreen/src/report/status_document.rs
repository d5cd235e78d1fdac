//! The document of `status`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use release_cli::report::{Members, Subject};
use release_core::traffic::router::Route;
use schemars::JsonSchema;
use serde::Serialize;

use crate::cleanup_note::Cleanup;
use crate::record::Record;

/// What `status` has of its own.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusMembers {
    /// The Services asked for; without any, every blue-green one.
    pub services: Vec<StatusEntry>,
}

impl Members for StatusMembers {
    const KIND: &'static str = "Status";
    const SUBJECT: Subject = Subject::Service;
    const ONLY_READS: bool = true;
}

/// One Service.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum StatusEntry {
    Asked(ServiceStatus),
    Listed(ListedService),
}

/// A Service that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceStatus {
    pub name: String,
    /// The label that tells the colors apart.
    pub track_key: String,
    pub active: String,
    /// The route that decides between the colors; absent where the Service's own selector does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<RouterStatus>,
    /// The endpoints are the active color's ready pods and nobody else's, addresses of no pod included.
    pub converged: bool,
    /// Our last change of it.
    pub record: Option<Record>,
    /// The last cleanup.
    pub cleanup: Option<Cleanup>,
    /// What is unusual.
    pub notes: Vec<Note>,
    /// The active color first, then by name.
    pub colors: Vec<ColorStatus>,
}

/// The route that decides between a Service's colors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterStatus {
    /// As `--router` names it: `virtualservice/shop/api`.
    pub name: String,
    /// What each color has, over all rules that are moved.
    pub weights: BTreeMap<String, i64>,
}

impl RouterStatus {
    /// That of a route as it was read.
    #[must_use]
    pub fn of(route: &Route) -> Self {
        Self { name: route.named().to_string(), weights: route.weights(&route.object) }
    }
}

/// One color of a Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ColorStatus {
    pub name: String,
    pub active: bool,
    /// Ready endpoints that are of this color.
    pub endpoints: usize,
    /// Ready pods.
    pub ready: usize,
    #[serde(flatten)]
    pub state: ColorState,
    pub workloads: Vec<WorkloadStatus>,
    /// Pods of this color that none of these workloads runs: they get its traffic, too.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<OtherPods>,
}

/// Pods of a color that something else runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherPods {
    /// `rollout/api`; a pod that no workload keeps by its own name, `pod/api-debug`.
    pub run_by: String,
    /// No workload keeps it.
    pub stray: bool,
    pub pods: usize,
    pub ready: usize,
}

/// Something unusual about a Service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Note {
    /// `converging`, `no-endpoints`, `being-deleted`, `by-hand`, `unfinished`, `record`, `twin-service`,
    /// `floor-raised`, `foreign-label`, `split-weights`, `unmanaged-endpoints`, `retention`, `unfinished-init`, `preview`,
    /// `contracted`, `route-refused`
    pub id: &'static str,
    /// `block` where requests fail now, else `warn`
    pub severity: &'static str,
    pub message: String,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl Note {
    /// Something to know about.
    #[must_use]
    pub fn warns(id: &'static str, message: String) -> Self {
        Self { id, severity: "warn", message, fix: None }
    }

    /// Something that fails requests now.
    #[must_use]
    pub fn blocks(id: &'static str, message: String) -> Self {
        Self { severity: "block", ..Self::warns(id, message) }
    }
}

/// What a color is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", tag = "state")]
pub enum ColorState {
    /// The Service selects it.
    Active {
        /// Since our record, or since a change by hand at the latest.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
        /// Who moved the Service there: a user, or the field manager of a change by hand.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Others send traffic to it.
    InUse {
        users: Vec<String>,
    },
    /// A cleanup took it down.
    TakenDown {
        since: Timestamp,
        by: String,
        reason: String,
    },
    /// No pods are asked for.
    Down,
    /// It was left by a move of ours.
    Previous {
        /// When a cleanup may take it down; absent where nobody knows when it was left.
        #[serde(skip_serializing_if = "Option::is_none")]
        kept_until: Option<Timestamp>,
    },
    Idle,
}

/// A workload of a color.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// `Deployment`, `StatefulSet`, `DaemonSet`, `ReplicaSet`
    pub kind: &'static str,
    pub name: String,
    /// Of its first container, as its template has it.
    pub image: String,
    /// What its ready pods run in that container, where that isn't what the template has: a rollout goes on,
    /// or is held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub running: Vec<String>,
    pub replicas: i32,
    pub ready: usize,
    /// As people read it: `deploy/api-green`.
    #[serde(skip)]
    pub reference: String,
}

/// A Service of a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedService {
    pub namespace: String,
    pub name: String,
    /// The label that tells the colors apart.
    pub track_key: String,
    pub active: String,
    /// The active color's ready pods of those asked for: `5/6`.
    pub ready: String,
    /// Ready endpoints behind every port of the Service, whoever's; absent where EndpointSlices can't be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoints: Option<usize>,
    /// Our last change of it.
    pub record: Option<Record>,
    pub others: Vec<ListedColor>,
    /// Why it can't be switched, for a Service that was and that has no active color now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defect: Option<String>,
    /// The command that mends it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// A color that is not active.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedColor {
    pub name: String,
    /// `5/6`
    pub ready: String,
    /// A move of ours left it, and its retention has passed: a cleanup may take it down.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub due: bool,
}
