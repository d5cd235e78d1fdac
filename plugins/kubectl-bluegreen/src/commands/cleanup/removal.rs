//! One color to take down.

use release_core::kube::path::path_of;
use release_core::kube::{Labels, Pod, Workload};
use release_core::release::change::{Action, Change};
use release_core::traffic::selector::Color;

use crate::plan::scale;
use crate::snapshot::Snapshot;

/// One color to take down.
#[derive(Debug)]
pub struct Removal {
    pub service: String,
    pub color: String,
    /// The labels of its pods.
    pub selector: Labels,
    /// `deploy/NAME`, as they are waited for.
    pub workloads: Vec<String>,
    pub changes: Vec<Change>,
    /// What brings the workloads back to size, should someone switch to them meanwhile.
    pub give_back: Vec<Change>,
    /// What is done, for people.
    pub summary: String,
}

/// The writes that bring a color back to the size it has now.
#[must_use]
pub fn give_back(color: &Color, snapshot: &Snapshot) -> Vec<Change> {
    let up = color.workloads.iter().filter(|w| w.replicas > 0);
    up.map(|w| scale::resize(&Workload { replicas: 0, ..Workload::clone(w) }, w.replicas, snapshot)).collect()
}

/// The write that deletes a workload as it was read.
#[must_use]
pub fn delete(workload: &Workload, namespace: &str) -> Change {
    let collection = path_of("apps", "v1", workload.kind.plural(), Some(namespace));
    Change {
        object: workload.reference(),
        path: format!("{collection}/{}", workload.name()),
        action: Action::Delete {
            uid: workload.metadata.uid.clone().unwrap_or_default(),
            resource_version: workload.metadata.resource_version.clone().unwrap_or_default(),
            generation: workload.metadata.generation.unwrap_or_default(),
        },
        summary: "deleted".into(),
        undo: None,
    }
}

/// A pod of a workload that still is there. One whose containers have ended counts while something
/// holds its deletion up; one that was evicted long ago does not.
#[must_use]
pub fn stays(pod: &Pod) -> bool {
    !pod.metadata.owner_references.is_empty() && (pod.is_terminating() || !pod.is_finished())
}
