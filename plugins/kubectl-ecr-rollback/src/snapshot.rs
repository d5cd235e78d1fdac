//! Every read of one moment: the workload, its pods and revisions, and what decides about rolling
//! it back.

use jiff::Timestamp;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use release_cluster::read::Reading;
use release_core::command::Scope;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::registry::push_history::{PodImage, digest_of_image_id, repository_of_image_id};
use release_core::workload::revisions::Revision;
use release_core::workload::rollout_pods::{REVISION_LABEL, label_of_daemon};

use crate::record::RecordedImages;

pub mod owner;
pub mod read;

/// One workload at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub namespace: String,
    /// For printed commands.
    pub scope: Scope,
    pub at: Timestamp,
    /// The user as the API server knows them.
    pub who: Reading<String>,
    pub workload: Workload,
    /// What its annotations say: for what is written there, and to be shown.
    pub recorded: RecordedImages,
    /// What of it may be acted on.
    pub believed: RecordedImages,
    /// Its own, those that are about to go among them.
    pub pods: Vec<Pod>,
    /// Newest first.
    pub revisions: Vec<Revision>,
    pub budgets: Reading<Vec<PodDisruptionBudget>>,
    pub autoscalers: Reading<Vec<HorizontalPodAutoscaler>>,
    /// What it is made from, as far as that can be seen from its namespace.
    pub owners: Vec<owner::Owner>,
    /// Whether the API server would let us patch it.
    pub may_patch: Reading<bool>,
}

impl Snapshot {
    /// What its pods run in a container.
    #[must_use]
    pub fn pod_images(&self, container: &str) -> Vec<PodImage> {
        let alive = self.pods.iter().filter(|pod| pod.is_alive());
        alive
            .filter_map(|pod| {
                let image_id =
                    pod.container_status(container).map(|status| status.image_id.as_str()).unwrap_or_default();
                Some(PodImage {
                    image: pod.image_of(container)?.to_owned(),
                    digest: digest_of_image_id(image_id).map(str::to_owned),
                    pulled_from: repository_of_image_id(image_id).map(str::to_owned),
                    updated: is_updated(pod, &self.workload, &self.revisions),
                    ready: pod.is_ready(),
                    kept: self.workload.partition > 0 || self.workload.updates_on_delete,
                })
            })
            .collect()
    }
}

/// True for a pod made from the template that the workload has now.
#[must_use]
fn is_updated(pod: &Pod, workload: &Workload, revisions: &[Revision]) -> bool {
    let Some(current) = revisions.iter().find(|r| r.current) else { return false };
    let labelled = |key: &str| pod.metadata.labels.get(key).map(String::as_str);
    match workload.kind {
        WorkloadKind::Deployment => pod.metadata.owner_references.iter().any(|o| o.name == current.name),
        // Its pods are labelled with the whole name of the ControllerRevision, those of a DaemonSet the hash
        // at its end (apps/v1 `controller-revision-hash`).
        WorkloadKind::StatefulSet => labelled(REVISION_LABEL) == Some(&current.name),
        WorkloadKind::DaemonSet => {
            labelled(REVISION_LABEL).is_some_and(|hash| label_of_daemon(workload, &current.name) == Some(hash))
        }
        // It has no revisions.
        WorkloadKind::ReplicaSet => false,
    }
}
