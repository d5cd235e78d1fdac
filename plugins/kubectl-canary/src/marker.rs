//! What a canary says of itself: whose it is, and what brings stable back where the record is gone.

use release_core::release::annotations::parse;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The annotation of a canary.
pub const KEY: &str = "kubectl-release.dev/canary-of";

/// Written with every size that we give it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The release.
    pub id: String,
    /// UID of the stable Deployment.
    pub uid: String,
    /// Pods of the stable version when it is alone.
    pub replicas: u32,
    /// What we asked for last.
    pub size: u32,
}

impl Marker {
    /// The marker of an object, where it has one that makes sense.
    #[must_use]
    pub fn of(object: &Value) -> Option<Self> {
        parse(raw(object)?).ok()
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The annotation as it is.
#[must_use]
pub fn raw(object: &Value) -> Option<&str> {
    object["metadata"]["annotations"][KEY].as_str()
}
