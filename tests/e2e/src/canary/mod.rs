//! `kubectl canary` on Deployments behind a Service.

pub mod stage;
pub mod watched;

/// The annotation with the release.
pub const RECORD: &str = "kubectl-release.dev/canary";
/// The annotation of a canary.
pub const MARKER: &str = "kubectl-release.dev/canary-of";
