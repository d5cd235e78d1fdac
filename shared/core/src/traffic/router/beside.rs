//! What an object's meaning depends on that is not in it.

use std::sync::Arc;

use super::alb::{Bound, bound};
use super::kind::RouterKind;
use super::nginx::{Canaries, Canary};
use crate::traffic::alb::TargetGroupBinding;

/// What is known beside one object.
#[derive(Debug, Clone, Default)]
pub struct Beside {
    /// The Services of target groups that are named by themselves.
    pub bound: Bound,
    /// What ingress-nginx makes of it, where it is a canary Ingress.
    pub canary: Option<Arc<Canary>>,
}

impl Beside {
    /// Of an object of this kind and name.
    #[must_use]
    pub fn of(kind: RouterKind, name: &str, bindings: &[TargetGroupBinding], canaries: &Canaries) -> Self {
        match kind {
            RouterKind::Alb => Self { bound: bound(bindings), canary: None },
            RouterKind::Nginx => Self { bound: Bound::new(), canary: canaries.get(name).cloned() },
            _ => Self::default(),
        }
    }
}
