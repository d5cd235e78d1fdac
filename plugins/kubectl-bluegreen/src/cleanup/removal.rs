//! One color to take down.

use std::collections::BTreeSet;
use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_aws::route53::Zone;
use release_core::kube::path::{collection, path_of};
use release_core::kube::{Labels, OwnedSet, Pod, Workload, attribute};
use release_core::release::change::{Action, Change};
use release_core::traffic::router::Route;
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
    /// The route that decides about the Service, where one does.
    pub route: Option<Arc<Route>>,
    /// The zone of the records that decide, where they do.
    pub zone: Option<Zone>,
    /// What is taken down; its pods are waited for, and no others.
    pub workloads: Vec<Arc<Workload>>,
    /// ReplicaSets between the workloads and their pods, which go with a Deployment that is deleted.
    pub owned_sets: Vec<OwnedSet>,
    /// Says beside our record that it is taken down: the first write.
    pub note: Change,
    /// Takes the note back, where nothing followed it.
    pub withdrawal: Change,
    /// The writes that take it down.
    pub changes: Vec<Change>,
    /// What brings the workloads back to size, should someone switch to them meanwhile.
    pub give_back: Vec<Change>,
    /// What is done, for people.
    pub summary: String,
}

impl Removal {
    /// All writes, in their order.
    pub fn writes(&self) -> impl Iterator<Item = &Change> {
        std::iter::once(&self.note).chain(&self.changes)
    }

    /// The UIDs of what is taken down.
    #[must_use]
    pub fn uids(&self) -> BTreeSet<&str> {
        self.workloads.iter().map(|w| w.uid()).collect()
    }

    /// `deploy/NAME, deploy/NAME`
    #[must_use]
    pub fn subjects(&self) -> String {
        self.workloads.iter().map(|w| w.reference()).collect::<Vec<_>>().join(", ")
    }

    /// The pods that are to go, of those that have the color's labels.
    #[must_use]
    pub fn own<'p>(&self, pods: &'p mut [Pod]) -> Vec<&'p Pod> {
        // Others may have come since, of a release that goes on.
        attribute(pods, &self.owned_sets, false, &self.workloads);
        pods.iter().filter(|pod| self.workloads.iter().any(|w| w.owns(pod)) && stays(pod)).collect()
    }
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
    deletion(workload.reference(), &format!("{collection}/{}", workload.name()), &workload.metadata)
}

/// The write that deletes an autoscaler as it was read.
#[must_use]
pub fn delete_autoscaler(hpa: &HorizontalPodAutoscaler, namespace: &str) -> Change {
    let name = hpa.metadata.name.as_deref().unwrap_or_default();
    let collection = collection::<HorizontalPodAutoscaler>(Some(namespace));
    deletion(format!("hpa/{name}"), &format!("{collection}/{name}"), &hpa.metadata)
}

fn deletion(object: String, path: &str, metadata: &ObjectMeta) -> Change {
    Change {
        object,
        path: path.to_owned(),
        action: Action::Delete {
            uid: metadata.uid.clone().unwrap_or_default(),
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            generation: metadata.generation.unwrap_or_default(),
        },
        summary: "deleted".into(),
        undo: None,
    }
}

/// A pod that still is there. One whose containers have ended counts while something holds its
/// deletion up; one that was evicted long ago does not.
#[must_use]
pub fn stays(pod: &Pod) -> bool {
    pod.is_terminating() || !pod.is_finished()
}
