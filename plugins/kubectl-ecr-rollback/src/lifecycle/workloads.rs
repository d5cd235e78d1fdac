//! What objects with a template of pods ask for, and which containers can be rolled back.

use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::registry::ecr_reference::{EcrRepository, same_repository};
use release_core::workload::revisions::Revision;
use serde::Deserialize;

use super::needs::{need, who};
use super::pod_spec::{NamedImage, PodSpecImages};
use super::pods::PodImages;
use super::usage::{Need, RollbackContainer, Use};
use crate::record::{ImageRecord, RecordedImages};

/// An object with a template of pods, cut down to its images while it is parsed.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(from = "Stored")]
pub struct Templated {
    namespace: String,
    name: String,
    pub uid: String,
    spec: PodSpecImages,
    /// It will make no pods any more: a Job that is done or has failed for good.
    finished: bool,
    /// Our record of its last rollback.
    record: Option<ImageRecord>,
}

/// Any built-in kind: CronJobs have their template further down, PodTemplates have no spec.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stored {
    metadata: ObjectMeta,
    spec: StoredSpec,
    template: Option<Template>,
    status: StoredStatus,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StoredSpec {
    template: Option<Template>,
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
    template: Template,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Template {
    spec: PodSpecImages,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StoredStatus {
    conditions: Vec<Condition>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    r#type: String,
    status: String,
}

impl From<Stored> for Templated {
    fn from(stored: Stored) -> Self {
        let StoredSpec { template, job_template } = stored.spec;
        let of_job = job_template.map(|job| job.spec.template);
        // https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions
        let ends = |c: &Condition| matches!(c.r#type.as_str(), "Complete" | "Failed") && c.status == "True";
        let recorded = RecordedImages::read(stored.metadata.annotations.as_ref());
        let is_own = |record: &ImageRecord| record.uid.is_some() && record.uid == stored.metadata.uid;
        Self {
            record: recorded.current.filter(is_own),
            namespace: stored.metadata.namespace.unwrap_or_default(),
            name: stored.metadata.name.unwrap_or_default(),
            uid: stored.metadata.uid.unwrap_or_default(),
            spec: template.or(of_job).or(stored.template).unwrap_or_default().spec,
            finished: stored.status.conditions.iter().any(ends),
        }
    }
}

impl Templated {
    /// `shop/deploy/api`
    #[must_use]
    pub fn reference(&self, kind: &str) -> String {
        who(&self.namespace, kind, &self.name)
    }

    /// Its template asks for this image.
    #[must_use]
    pub fn asks_for(&self, image: &str) -> bool {
        self.spec.references().any(|reference| reference == image)
    }

    /// As revisions are compared with it: containers and init containers with their images.
    #[must_use]
    pub fn template(&self) -> PodTemplateSpec {
        let slim = |named: &NamedImage| Container {
            name: named.name.clone(),
            image: Some(named.image.clone()),
            ..Container::default()
        };
        let spec = PodSpec {
            containers: self.spec.containers.iter().map(slim).collect(),
            init_containers: Some(self.spec.init_containers.iter().map(slim).collect()),
            ..PodSpec::default()
        };
        PodTemplateSpec { metadata: None, spec: Some(spec) }
    }
}

/// What the template of an object asks for; nothing where no pod will ever be made of it.
#[must_use]
pub fn of_template(cluster: &str, kind: &str, workload: &Templated) -> Vec<Need> {
    let used = || Use::Template { cluster: cluster.to_owned(), by: workload.reference(kind) };
    let asked = workload.spec.references().filter(|_| !workload.finished);
    let mut needs: Vec<Need> = asked.map(|image| need(image, used())).collect();
    needs.sort();
    needs.dedup();
    needs
}

/// What the record of the workload's last rollback offers, while its images are still what it left them:
/// the reference that was left, which image that was, and the tag that `unpin` goes back to. Anybody may
/// have written it: it only ever speaks for an image of the very repository.
#[must_use]
pub fn of_record(cluster: &str, kind: &str, workload: &Templated) -> Vec<Need> {
    let Some(record) = &workload.record else { return Vec::new() };
    let used = || Use::Record { cluster: cluster.to_owned(), by: workload.reference(kind) };
    let stands = record.containers.iter().filter(|moved| workload.asks_for(&moved.to));
    let offered = stands.filter_map(|moved| Some((moved, EcrRepository::of(&moved.from).ok()?)));
    let needs = offered.flat_map(|(moved, repository)| {
        let left = need(&moved.from, used());
        let none = Need { tag: None, digest: None, ..left.clone() };
        let was = record.from_digest.clone().map(|digest| Need { digest: Some(digest), ..none.clone() });
        let to = record.unpin_to.clone().filter(|_| same_repository(&moved.to, &repository.uri()));
        let to = to.map(|tag| Need { tag: Some(tag), ..none });
        [Some(left), was, to].into_iter().flatten()
    });
    needs.collect()
}

/// The containers of a workload that can be rolled back, from its own pods and revisions.
#[must_use]
pub fn rollback_containers(
    cluster: &str,
    kind: &str,
    workload: &Templated,
    revisions: &[Revision],
    pods: &[&PodImages],
) -> Vec<RollbackContainer> {
    let current = revisions.iter().find(|revision| revision.current);
    let found = |container: &NamedImage| {
        Some(RollbackContainer {
            repository: EcrRepository::of(&container.image).ok()?,
            cluster: cluster.to_owned(),
            by: workload.reference(kind),
            container: container.name.clone(),
            asked: container.image.clone(),
            pods: pods.iter().filter_map(|pod| pod.in_container(&container.name, current)).collect(),
            revisions: revisions.to_vec(),
        })
    };
    workload.spec.containers.iter().chain(&workload.spec.init_containers).filter_map(found).collect()
}

#[cfg(test)]
mod tests;
