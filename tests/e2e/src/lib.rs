//! What the end-to-end tests are made of, a folder a plugin and one for what both use: applications
//! in namespaces of their own, on the lab that `make test` started, and what goes wrong with them.

pub mod bluegreen;
pub mod canary;
pub mod common;
pub mod ecr;

use std::time::Duration;

use anyhow::Result;
use lab::{Lab, Namespace};

/// Longer than anything here takes on a busy two-core machine; only a hang reaches it.
pub const LIMIT: Duration = Duration::from_secs(90);

/// The lab, and a namespace named after the test, in which every command that is printed is tried.
///
/// # Errors
/// Outside a lab: run the tests with `make test`.
pub async fn namespace(test: &str) -> Result<Namespace> {
    common::printed::are_tried();
    Lab::from_env().await?.namespace(test).await
}
