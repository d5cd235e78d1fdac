//! What earlier templates had: ReplicaSets, ReplicationControllers and ControllerRevisions, whoever
//! they belong to.

use release_core::workload::revisions::Revision;
use serde::Deserialize;
use serde_json::Value;

use super::needs::{need, who};
use super::pod_spec::references_anywhere;
use super::usage::{Need, Use};

/// Argo Rollouts numbers its ReplicaSets here.
const ROLLOUT_REVISION: &str = "rollout.argoproj.io/revision";

/// An object that keeps a template, cut down to its images while it is parsed.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
pub struct Version {
    namespace: String,
    owner: Option<Owner>,
    /// Every image of it, those of volumes and ephemeral containers too.
    images: Vec<String>,
    pub revision: Revision,
}

/// The controller that it belongs to.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Owner {
    kind: String,
    name: String,
    uid: String,
    controller: bool,
}

impl TryFrom<Value> for Version {
    type Error = serde_json::Error;

    fn try_from(object: Value) -> Result<Self, serde_json::Error> {
        let metadata = &object["metadata"];
        let owners = metadata["ownerReferences"].as_array().into_iter().flatten();
        let owner = owners.filter_map(|owner| Owner::deserialize(owner).ok()).find(|owner| owner.controller);
        let namespace = metadata["namespace"].as_str().unwrap_or_default().to_owned();
        let of_rollout = metadata["annotations"][ROLLOUT_REVISION].as_str().and_then(|number| number.parse().ok());
        let images = references_anywhere(&object);
        let mut revision: Revision = serde_json::from_value(object)?;
        if revision.number == 0 {
            revision.number = of_rollout.unwrap_or(0);
        }
        Ok(Self { namespace, owner, images, revision })
    }
}

impl Version {
    /// Uid of the controller; nothing for an object of its own.
    #[must_use]
    pub fn owner_uid(&self) -> Option<&str> {
        self.owner.as_ref().map(|owner| owner.uid.as_str())
    }

    /// What `kubectl rollout undo` of the workload `by` would bring back with it.
    pub fn needs_of(&self, cluster: &str, by: &str) -> impl Iterator<Item = (&str, Need)> {
        let used = Use::Revision { cluster: cluster.to_owned(), by: by.to_owned(), number: self.revision.number };
        self.images.iter().map(move |image| (image.as_str(), need(image, used.clone())))
    }

    /// What it needs where its controller is none that we read, or where it has none: then it makes
    /// pods of its template itself.
    pub fn needs_by_itself(&self, cluster: &str, kind: &str) -> Vec<Need> {
        let used = match &self.owner {
            Some(owner) => Use::Revision {
                cluster: cluster.to_owned(),
                by: who(&self.namespace, &owner.kind, &owner.name),
                number: self.revision.number,
            },
            None => Use::Template { cluster: cluster.to_owned(), by: who(&self.namespace, kind, &self.revision.name) },
        };
        self.images.iter().map(|image| need(image, used.clone())).collect()
    }
}
