//! What a clean-up judges by.

use release_core::kube::Pod;
use release_core::traffic::selector::{Color, Tracks};

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// One Service of a moment, with its colors.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub snapshot: &'a Snapshot,
    pub view: &'a ServiceView<'a>,
    pub tracks: &'a Tracks,
}

impl<'a> Seen<'a> {
    /// The pods that its workloads run.
    #[must_use]
    pub fn own_pods(&self, color: &Color) -> Vec<&'a Pod> {
        let pods = self.tracks.pods_with_labels(&color.name, &self.snapshot.pods).into_iter();
        pods.filter(|pod| color.workloads.iter().any(|w| w.owns(pod))).collect()
    }
}
