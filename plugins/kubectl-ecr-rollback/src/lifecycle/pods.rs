//! What the pods of a cluster run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use release_core::kube::{Owner, PodCondition};
use release_core::registry::push_history::{PodImage, bare_digest, digest_of_image_id, repository_of_image_id};
use release_core::workload::revisions::Revision;
use release_core::workload::rollout_pods::REVISION_LABEL;
use serde::Deserialize;

use super::needs::{self, who};
use super::pod_spec::PodSpecImages;
use super::usage::{Need, Unnamed, Use};

/// A pod, cut down to its images while it is parsed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodImages {
    metadata: PodMeta,
    spec: PodSpecImages,
    status: PodStatuses,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodMeta {
    name: String,
    namespace: String,
    labels: BTreeMap<String, String>,
    owner_references: Vec<Owner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PodStatuses {
    phase: String,
    conditions: Vec<PodCondition>,
    container_statuses: Vec<ContainerState>,
    init_container_statuses: Vec<ContainerState>,
    ephemeral_container_statuses: Vec<ContainerState>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ContainerState {
    name: String,
    #[serde(rename = "imageID")]
    image_id: String,
    volume_mounts: Vec<MountedVolume>,
    state: RunningSince,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RunningSince {
    running: Option<Started>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Started {
    started_at: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MountedVolume {
    name: String,
    volume_status: VolumeStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VolumeStatus {
    image: Option<MountedImage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct MountedImage {
    image_ref: String,
}

/// Who runs what: what is asked for, and the digest that runs, in a repository or without one.
type Running<'p> = (String, &'p str, Option<String>, Option<Option<String>>);

/// What the pods of a cluster run; pods that ended run nothing.
#[must_use]
pub fn of_pods(cluster: &str, pods: &[PodImages]) -> Vec<Need> {
    let mut counted: BTreeMap<Running<'_>, (usize, Option<Timestamp>)> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| !pod.has_ended()) {
        let containers =
            pod.spec.of_containers().map(|c| (c.image.as_str(), pod.running(&c.name), pod.unnamed(&c.name)));
        let volumes = pod.spec.of_volumes().map(|(name, reference)| (reference, pod.mounted(name), None));
        for (image, running, unnamed) in containers.chain(volumes) {
            let (digest, since) = unnamed.map(|unnamed| (unnamed.digest, unnamed.since)).unzip();
            let (pods, earliest) = counted.entry((pod.controller(), image, running, digest)).or_default();
            *pods = pods.saturating_add(1);
            *earliest = [*earliest, since.flatten()].into_iter().flatten().min();
        }
    }
    let need = |((by, image, running, unnamed), (pods, since)): (Running<'_>, (usize, Option<Timestamp>))| {
        let asked = needs::need(image, Use::Running { cluster: cluster.to_owned(), by, pods });
        let unnamed = unnamed.filter(|_| asked.digest.is_none()).map(|digest| Unnamed { digest, since });
        // Whatever host and repository the runtime names: a digest counts where it is found.
        Need { digest: running.or(asked.digest), unnamed, ..asked }
    };
    counted.into_iter().map(need).chain(mentioned(cluster, pods)).collect()
}

/// What pods name in their environment, for those that nothing was made from.
fn mentioned(cluster: &str, pods: &[PodImages]) -> Vec<Need> {
    let alive = pods.iter().filter(|pod| !pod.has_ended());
    let named: BTreeSet<(String, &str)> =
        alive.flat_map(|pod| pod.spec.mentioned().map(|image| (pod.controller(), image))).collect();
    named.into_iter().map(|(by, image)| needs::need(image, Use::Template { cluster: cluster.to_owned(), by })).collect()
}

impl PodImages {
    fn states(&self) -> impl Iterator<Item = &ContainerState> {
        let PodStatuses { container_statuses, init_container_statuses, ephemeral_container_statuses, .. } =
            &self.status;
        container_statuses.iter().chain(init_container_statuses).chain(ephemeral_container_statuses)
    }

    fn running(&self, container: &str) -> Option<String> {
        digest_of_image_id(self.image_id(container)?).map(str::to_owned)
    }

    fn unnamed(&self, container: &str) -> Option<Unnamed> {
        let image_id = self.image_id(container).filter(|image_id| digest_of_image_id(image_id).is_none())?;
        let mut states = self.states().filter(|state| state.name == container);
        let since = states.find_map(|state| state.state.running.as_ref()?.started_at);
        Some(Unnamed { digest: bare_digest(image_id).map(str::to_owned), since })
    }

    fn image_id(&self, container: &str) -> Option<&str> {
        let mut states = self.states().filter(|state| state.name == container);
        states.find(|state| !state.image_id.is_empty()).map(|state| state.image_id.as_str())
    }

    fn mounted(&self, volume: &str) -> Option<String> {
        let mut mounts = self.states().flat_map(|state| &state.volume_mounts).filter(|mount| mount.name == volume);
        mounts.find_map(|mount| digest_of_image_id(&mount.volume_status.image.as_ref()?.image_ref).map(str::to_owned))
    }

    /// It ended: only its object is left.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// What it runs in a container; `current` is the revision that the workload asks for.
    #[must_use]
    pub fn in_container(&self, container: &str, current: Option<&Revision>) -> Option<PodImage> {
        let asked = self.spec.containers.iter().chain(&self.spec.init_containers).find(|c| c.name == container)?;
        Some(PodImage {
            image: asked.image.clone(),
            digest: self.running(container),
            pulled_from: self.image_id(container).and_then(repository_of_image_id).map(str::to_owned),
            updated: current.is_some_and(|revision| self.is_of(revision)),
            ready: self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True"),
            kept: false,
        })
    }

    /// Whether it was made from that ReplicaSet, or from that ControllerRevision, by the label that
    /// holds its name (StatefulSet) or the end of it (DaemonSet).
    fn is_of(&self, revision: &Revision) -> bool {
        let owner = self.metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
        let label = self.metadata.labels.get(REVISION_LABEL);
        owner.is_some_and(|owner| owner.name == revision.name)
            || label.is_some_and(|hash| revision.name == *hash || revision.name.ends_with(&format!("-{hash}")))
    }

    /// `shop/deploy/api`, from the name that a Deployment gives its ReplicaSets.
    #[must_use]
    pub fn controller(&self) -> String {
        let PodMeta { name, namespace, labels, owner_references } = &self.metadata;
        let owner = owner_references.iter().find(|owner| owner.controller == Some(true));
        let Some(owner) = owner else { return who(namespace, "pod", name) };
        let of_deployment = || {
            let hash = labels.get("pod-template-hash").filter(|_| owner.kind == "ReplicaSet")?;
            owner.name.strip_suffix(hash.as_str())?.strip_suffix('-')
        };
        match of_deployment() {
            Some(deployment) => who(namespace, "Deployment", deployment),
            None => who(namespace, &owner.kind, &owner.name),
        }
    }
}

#[cfg(test)]
mod tests;
