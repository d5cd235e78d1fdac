//! Which images of ECR the workloads of a cluster need: what their pods run, what their templates
//! ask for, what their revisions could bring back.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::kube::{Owner, PodCondition};
use release_core::registry::ecr_reference::EcrRepository;
use release_core::registry::image::ImageRef;
use release_core::registry::push_history::{PodImage, digest_of_image_id};
use release_core::text::printable;
use release_core::workload::revisions;
use release_core::workload::revisions::Revision;
use serde::Deserialize;

use super::usage::{Need, RollbackContainer, Use};

/// A pod, cut down to its images while it is parsed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PodImages {
    metadata: PodMeta,
    spec: PodContainers,
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
struct PodContainers {
    containers: Vec<ContainerImage>,
    init_containers: Vec<ContainerImage>,
    ephemeral_containers: Vec<ContainerImage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerImage {
    name: String,
    image: String,
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
#[serde(default)]
struct ContainerState {
    name: String,
    #[serde(rename = "imageID")]
    image_id: String,
}

/// A workload with a template of pods, cut down to its images while it is parsed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "StoredWorkload")]
pub struct Templated {
    namespace: String,
    name: String,
    uid: String,
    template: PodTemplateSpec,
}

/// A Deployment, StatefulSet or DaemonSet, or a CronJob, whose template is further down.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredWorkload {
    metadata: ObjectMeta,
    spec: StoredSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredSpec {
    template: PodTemplateSpec,
    job_template: Option<StoredJob>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredJob {
    spec: StoredJobSpec,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredJobSpec {
    template: PodTemplateSpec,
}

impl From<StoredWorkload> for Templated {
    fn from(stored: StoredWorkload) -> Self {
        let slim = |containers: Vec<Container>| {
            containers.into_iter().map(|c| Container { name: c.name, image: c.image, ..Container::default() }).collect()
        };
        let StoredSpec { template, job_template } = stored.spec;
        let spec = job_template.map_or(template, |job| job.spec.template).spec.map(|spec| PodSpec {
            containers: slim(spec.containers),
            init_containers: spec.init_containers.map(slim),
            ..PodSpec::default()
        });
        Self {
            namespace: stored.metadata.namespace.unwrap_or_default(),
            name: stored.metadata.name.unwrap_or_default(),
            uid: stored.metadata.uid.unwrap_or_default(),
            template: PodTemplateSpec { metadata: None, spec },
        }
    }
}

impl Templated {
    /// `shop/deploy/api`
    fn reference(&self, kind: &str) -> String {
        printable(&format!("{}/{kind}/{}", self.namespace, self.name))
    }

    /// All containers, init containers too, with their images.
    fn images(&self) -> impl Iterator<Item = (&str, &str)> {
        let spec = self.template.spec.as_ref();
        let main = spec.into_iter().flat_map(|spec| &spec.containers);
        let init = spec.into_iter().flat_map(|spec| spec.init_containers.iter().flatten());
        main.chain(init).map(|c| (c.name.as_str(), c.image.as_deref().unwrap_or_default()))
    }
}

/// Who runs what: the repository of the reference, the digest, the tag.
type Running = (String, Option<EcrRepository>, Option<String>, Option<String>);

/// What the pods of a cluster run; pods that ended run nothing.
#[must_use]
pub fn of_pods(cluster: &str, pods: &[PodImages]) -> Vec<Need> {
    let mut counted: BTreeMap<Running, usize> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| !pod.has_ended()) {
        let PodContainers { containers, init_containers, ephemeral_containers } = &pod.spec;
        for container in containers.iter().chain(init_containers).chain(ephemeral_containers) {
            let repository = EcrRepository::of(&container.image).ok();
            let (tag, digest) = named(&container.image);
            // Whatever host and repository the runtime names: a digest counts where it is found.
            let running = pod.running(&container.name).or(digest);
            if repository.is_none() && running.is_none() {
                continue;
            }
            *counted.entry((pod.controller(), repository, running, tag)).or_default() += 1;
        }
    }
    let need = |((by, repository, digest, tag), pods)| {
        let used = Use::Running { cluster: cluster.to_owned(), by, pods };
        Need { repository, digest, tag, used }
    };
    counted.into_iter().map(need).collect()
}

impl PodImages {
    fn running(&self, container: &str) -> Option<String> {
        let PodStatuses { container_statuses, init_container_statuses, ephemeral_container_statuses, .. } =
            &self.status;
        let states = container_statuses.iter().chain(init_container_statuses).chain(ephemeral_container_statuses);
        let state = states.filter(|state| state.name == container).find(|state| !state.image_id.is_empty())?;
        digest_of_image_id(&state.image_id).map(str::to_owned)
    }

    fn has_ended(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// What it runs in a container; `current` is the revision that the workload asks for.
    fn in_container(&self, container: &str, current: Option<&Revision>) -> Option<PodImage> {
        let PodContainers { containers, init_containers, .. } = &self.spec;
        let asked = containers.iter().chain(init_containers).find(|c| c.name == container)?;
        Some(PodImage {
            image: asked.image.clone(),
            digest: self.running(container),
            updated: current.is_some_and(|revision| self.is_of(revision)),
            ready: self.status.conditions.iter().any(|c| c.kind == "Ready" && c.status == "True"),
        })
    }

    /// Whether it was made from that ReplicaSet, or from that ControllerRevision, by the label that
    /// holds its name (StatefulSet) or the end of it (DaemonSet).
    fn is_of(&self, revision: &Revision) -> bool {
        let owner = self.metadata.owner_references.iter().find(|owner| owner.controller == Some(true));
        let label = self.metadata.labels.get("controller-revision-hash");
        owner.is_some_and(|owner| owner.name == revision.name)
            || label.is_some_and(|hash| revision.name == *hash || revision.name.ends_with(&format!("-{hash}")))
    }

    /// `shop/deploy/api`, from the name that a Deployment gives its ReplicaSets.
    fn controller(&self) -> String {
        let PodMeta { name, namespace, labels, owner_references } = &self.metadata;
        let owner = owner_references.iter().find(|owner| owner.controller == Some(true));
        let of_deployment = |owner: &Owner| {
            let hash = labels.get("pod-template-hash").filter(|_| owner.kind == "ReplicaSet")?;
            Some(format!("deploy/{}", owner.name.strip_suffix(hash.as_str())?.strip_suffix('-')?))
        };
        let plain = |owner: &Owner| match owner.kind.as_str() {
            "ReplicaSet" => format!("rs/{}", owner.name),
            "StatefulSet" => format!("sts/{}", owner.name),
            "DaemonSet" => format!("ds/{}", owner.name),
            kind => format!("{}/{}", kind.to_lowercase(), owner.name),
        };
        let by = owner.map_or_else(|| format!("pod/{name}"), |o| of_deployment(o).unwrap_or_else(|| plain(o)));
        printable(&format!("{namespace}/{by}"))
    }
}

/// What a workload asks for and what its revisions had. `kind` is the short word for its kind.
#[must_use]
pub fn of_workload(cluster: &str, kind: &str, workload: &Templated, all: &[Revision]) -> Vec<Need> {
    let (cluster, by) = (cluster.to_owned(), workload.reference(kind));
    let mut needs: Vec<Need> = Vec::new();
    for (_, image) in workload.images() {
        needs.extend(need(image, Use::Template { cluster: cluster.clone(), by: by.clone() }));
    }
    for revision in revisions_of(workload, all).iter().filter(|revision| !revision.current) {
        for image in revision.images.values().chain(revision.init_images.values()) {
            let used = Use::Revision { cluster: cluster.clone(), by: by.clone(), number: revision.number };
            needs.extend(need(image, used));
        }
    }
    needs.sort();
    needs.dedup();
    needs
}

/// The containers of a workload that can be rolled back.
#[must_use]
pub fn rollback_containers(
    cluster: &str,
    kind: &str,
    workload: &Templated,
    all: &[Revision],
    pods: &[PodImages],
) -> Vec<RollbackContainer> {
    let by = workload.reference(kind);
    let revisions = revisions_of(workload, all);
    let current = revisions.iter().find(|revision| revision.current);
    let own: Vec<&PodImages> = pods.iter().filter(|pod| !pod.has_ended() && pod.controller() == by).collect();
    let found = |(container, asked): (&str, &str)| {
        Some(RollbackContainer {
            repository: EcrRepository::of(asked).ok()?,
            cluster: cluster.to_owned(),
            by: by.clone(),
            container: container.to_owned(),
            asked: asked.to_owned(),
            pods: own.iter().filter_map(|pod| pod.in_container(container, current)).collect(),
            revisions: revisions.clone(),
        })
    };
    workload.images().filter_map(found).collect()
}

fn revisions_of(workload: &Templated, all: &[Revision]) -> Vec<Revision> {
    let own = all.iter().filter(|revision| revision.owner_uid == workload.uid).cloned().collect();
    revisions::of_workload(own, &workload.uid, &workload.template)
}

/// Nothing for an image of another registry that isn't named by its digest.
fn need(image: &str, used: Use) -> Option<Need> {
    let repository = EcrRepository::of(image).ok();
    let (tag, digest) = named(image);
    (repository.is_some() || digest.is_some()).then_some(Need { repository, digest, tag, used })
}

/// Tag and digest of a reference; `latest` where it has neither, as runtimes read it.
fn named(image: &str) -> (Option<String>, Option<String>) {
    let reference = ImageRef::parse(image);
    let tag = reference.tag.or_else(|| reference.digest.is_none().then_some("latest"));
    (tag.map(str::to_owned), reference.digest.map(str::to_owned))
}

#[cfg(test)]
mod tests;
