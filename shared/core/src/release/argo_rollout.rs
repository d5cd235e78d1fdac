//! A release as Argo Rollouts has it: a `Rollout` whose strategy is blueGreen or canary
//! (<https://argo-rollouts.readthedocs.io/en/stable/features/specification/>, v1.10). It is read from a file as another way
//! to write a release down; no controller is asked for anything, and nothing of it is applied.

pub mod canary;
mod canary_release;
mod problem;
mod rollout;
mod seconds;
mod spec;
mod understood;

use serde_json::Value;

pub use canary_release::{CanaryRelease, Workload};
pub use problem::{Problem, Unread};
pub use rollout::{BlueGreen, Rollout, Template};
pub use understood::{NotHonoured, Understood};

/// The kind that is read.
pub const KIND: &str = "Rollout";

/// True for a `Rollout` of Argo's; Kruise has a kind of that name, too.
#[must_use]
pub fn is_rollout(object: &Value) -> bool {
    object["kind"] == KIND && object["apiVersion"].as_str().is_some_and(|version| version.starts_with("argoproj.io/"))
}

#[cfg(test)]
mod tests;
