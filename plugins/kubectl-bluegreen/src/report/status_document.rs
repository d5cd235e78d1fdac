//! The document of `status`.

use release_cli::report::{Members, Subject};
use schemars::JsonSchema;
use serde::Serialize;

use crate::record::{Cleanup, Record};

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
    /// The endpoints are the active color's ready pods and nobody else's.
    pub converged: bool,
    /// Our last change of it.
    pub record: Option<Record>,
    /// The last cleanup.
    pub cleanup: Option<Cleanup>,
    /// What is unusual, as people read it.
    pub notes: Vec<String>,
    /// The active color first, then by name.
    pub colors: Vec<ColorStatus>,
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
    /// As people read it: `ACTIVE 21m by ci-bot`.
    pub state: String,
    pub workloads: Vec<WorkloadStatus>,
}

/// A workload of a color.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkloadStatus {
    /// `Deployment`, `StatefulSet`
    pub kind: &'static str,
    pub name: String,
    /// Of its first container.
    pub image: String,
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
    /// Our last change of it.
    pub record: Option<Record>,
    pub others: Vec<ListedColor>,
}

/// A color that is not active.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListedColor {
    pub name: String,
    /// `5/6`
    pub ready: String,
}

impl ServiceStatus {
    /// The same without what moves with the clock.
    #[must_use]
    pub fn without_ages(&self) -> Self {
        let mut timeless = self.clone();
        for color in &mut timeless.colors {
            color.state.clear();
        }
        timeless
    }
}
