//! How far a Service is on the way to its first color.

use std::sync::Arc;

use release_core::kube::{Labels, Workload};
use release_core::traffic::selector::Tracks;

/// A Service's way to its first color, as far as it has come.
#[derive(Debug, Clone)]
pub struct Initial {
    /// The color of the pods that serve once it is done.
    pub color: String,
    /// What runs the Service without the label; nothing where the label is on all of its pods.
    pub unlabelled: Option<Arc<Workload>>,
    /// What runs the color; nothing before it is made.
    pub labelled: Option<Arc<Workload>>,
    /// What the Service selects by now.
    pub selector: Labels,
    /// The selector asks for the label already.
    pub is_narrowed: bool,
    /// The color beside the pods without the label.
    pub tracks: Tracks,
}

impl Initial {
    /// The workload whose labelled twin is to be made; nothing where that is there.
    #[must_use]
    pub fn copied(&self) -> Option<&Workload> {
        self.unlabelled.as_deref().filter(|_| self.labelled.is_none())
    }
}
