//! Jobs of hooks: found again or made, looked at, removed.

use k8s_openapi::api::batch::v1::Job;
use release_core::kube::Pod;
use release_core::kube::path::{collection, path_of};
use release_core::release::change::{Action, Change};
use release_core::release::hooks::{Identity, MOMENT, Moment, RELEASE, SERVICE, chosen, name_of};
use serde_json::{Value, json};

use super::Cluster;
use super::apply::DryRun;
use super::exchange::ApiError;
use super::read::ListQuery;

/// Somebody else makes the same one at the same time so often, at most.
const RACES: u32 = 3;

/// A Job that a release needs to have run.
#[derive(Debug)]
pub struct WantedJob<'a> {
    /// Without a name.
    pub object: &'a Value,
    pub service: &'a str,
    pub moment: Moment,
    pub release: &'a Identity,
}

impl WantedJob<'_> {
    /// The write that makes one attempt of it.
    #[must_use]
    pub fn creation(&self, namespace: &str, attempt: usize) -> Change {
        let name = name_of(self.service, self.moment, self.release, attempt);
        let mut object = self.object.clone();
        object["metadata"]["name"] = json!(name);
        object["metadata"]["labels"][RELEASE] = json!(self.release.as_str());
        Change {
            object: format!("job/{name}"),
            path: collection::<Job>(Some(namespace)),
            action: Action::Create(object),
            summary: format!("created ({})", self.moment),
            undo: None,
        }
    }
}

impl Cluster {
    /// The Job of that release: one that has succeeded or runs, whoever started it; else a new one. True where it was
    /// made.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn job_for(&self, wanted: &WantedJob<'_>) -> Result<(Job, bool), ApiError> {
        let labels = format!("{RELEASE}={},{MOMENT}={}", wanted.release.as_str(), wanted.moment);
        let mut races = 0;
        loop {
            let (found, attempt) = chosen(self.jobs(&labels).await?, wanted.release);
            if let Some(found) = found {
                return Ok((found, false));
            }
            let made = self.apply(&wanted.creation(&self.namespace, attempt), DryRun::None).await;
            match made {
                Ok(stored) => {
                    let job = serde_json::from_value(stored).map_err(|error| ApiError::Garbled(error.to_string()))?;
                    return Ok((job, true));
                }
                // It may be there all the same: by somebody else's hand, or by ours.
                Err(error) if error.code() == Some(409) || error.leaves_write_unclear() => {
                    races = u32::saturating_add(races, 1);
                    if races > RACES {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// All Jobs of hooks with these labels.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn jobs(&self, labels: &str) -> Result<Vec<Job>, ApiError> {
        let query = ListQuery { label_selector: Some(labels.to_owned()), ..ListQuery::default() };
        Ok(self.list::<Job>(&collection::<Job>(Some(&self.namespace)), &query).await?.items)
    }

    /// The Jobs of a Service's hooks.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn jobs_of_service(&self, service: &str) -> Result<Vec<Job>, ApiError> {
        self.jobs(&format!("{SERVICE}={service},{RELEASE},{MOMENT}")).await
    }

    /// A Job as it is now; nothing where it is gone, or another of its name is there.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn job_now(&self, name: &str, uid: &str) -> Result<Option<Job>, ApiError> {
        let path = format!("{}/{name}", collection::<Job>(Some(&self.namespace)));
        match self.get::<Job>(&path).await {
            Ok(job) => Ok((job.metadata.uid.as_deref() == Some(uid)).then_some(job)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Its pods.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn pods_of_job(&self, uid: &str) -> Result<Vec<Pod>, ApiError> {
        let labels = format!("batch.kubernetes.io/controller-uid={uid}");
        let query = ListQuery { label_selector: Some(labels), ..ListQuery::default() };
        Ok(self.list::<Pod>(&path_of("", "v1", "pods", Some(&self.namespace)), &query).await?.items)
    }

    /// The write that removes a Job as it was read, with its pods.
    #[must_use]
    pub fn removal_of(&self, job: &Job) -> Change {
        let name = job.metadata.name.clone().unwrap_or_default();
        Change {
            path: format!("{}/{name}", collection::<Job>(Some(&self.namespace))),
            object: format!("job/{name}"),
            action: Action::Delete {
                uid: job.metadata.uid.clone().unwrap_or_default(),
                resource_version: job.metadata.resource_version.clone().unwrap_or_default(),
                generation: job.metadata.generation.unwrap_or_default(),
            },
            summary: "removed".into(),
            undo: None,
        }
    }
}
