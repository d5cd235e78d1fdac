//! What Argo Rollouts writes on the Services that it manages
//! (<https://argo-rollouts.readthedocs.io/en/stable/features/bluegreen/>).

use k8s_openapi::api::core::v1::Service;

/// The annotation by which Argo Rollouts marks the Services that it writes, with its Rollout's name.
pub const ARGO_MANAGED: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";
/// The label that Argo Rollouts puts into selectors.
pub const ARGO_HASH: &str = "rollouts-pod-template-hash";

/// What Argo Rollouts writes on a Service. It may stay behind when the Rollout is long gone.
#[derive(Debug, Clone, Default)]
pub struct ArgoMarks {
    /// The Rollout that the annotation names.
    pub managed_by: Option<String>,
    /// The selector has [`ARGO_HASH`].
    pub hash: bool,
}

impl ArgoMarks {
    /// True where there is any.
    #[must_use]
    pub fn are_there(&self) -> bool {
        self.managed_by.is_some() || self.hash
    }
}

/// The marks of Argo Rollouts on a Service.
#[must_use]
pub fn argo_marks(service: &Service) -> ArgoMarks {
    let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref());
    ArgoMarks {
        managed_by: service.metadata.annotations.as_ref().and_then(|a| a.get(ARGO_MANAGED)).cloned(),
        hash: selector.is_some_and(|s| s.contains_key(ARGO_HASH)),
    }
}
