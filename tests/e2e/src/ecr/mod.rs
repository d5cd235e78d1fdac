//! `kubectl ecr-rollback` on workloads whose images are in a repository of the lab's ECR.

pub mod calls;
pub mod case;
pub mod cast;
pub mod claims;
pub mod kill_points;
pub mod policy_file;
pub mod releases;

use anyhow::Result;
use lab::Namespace;
use lab::registry::{Image, Repository};

use crate::common::run::admin;

/// The annotation with the last change of a workload's images.
pub const RECORD: &str = "kubectl-release.dev/ecr-rollback";
/// The annotation with the changes before it.
pub const HISTORY: &str = "kubectl-release.dev/ecr-rollback-history";
/// Why a workload was changed last, for `kubectl rollout history`.
pub const CHANGE_CAUSE: &str = "kubernetes.io/change-cause";

/// Pushes an image on this day of January 2026; gives its digest.
///
/// # Errors
/// Where the registry refuses.
pub async fn push_on(repository: &Repository, day: u32, image: Image) -> Result<String> {
    repository.push(image.pushed_at(format!("2026-01-{day:02}T10:00:00Z").parse()?)).await
}

/// Annotates a workload, or with a hyphen behind the key takes an annotation away.
///
/// # Errors
/// Where kubectl refuses.
pub async fn annotate(ns: &Namespace, resource: &str, annotation: &str) -> Result<()> {
    admin(ns).must(&["annotate", "--overwrite", resource, annotation]).await.map(drop)
}

/// Sets the image of a workload's container, as a pipeline does, without waiting.
///
/// # Errors
/// Where kubectl refuses.
pub async fn set_image(ns: &Namespace, resource: &str, container: &str, image: &str) -> Result<()> {
    admin(ns).must(&["set", "image", resource, &format!("{container}={image}")]).await.map(drop)
}
