//! One template that a workload has had.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use serde::{Deserialize, Serialize};

use super::stored::StoredRevision;

/// One template that a workload has had. Reads itself from a ReplicaSet or a ControllerRevision
/// and keeps a few hundred bytes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", from = "StoredRevision")]
pub struct Revision {
    /// Name of the ReplicaSet or ControllerRevision.
    pub name: String,
    /// The number that `kubectl rollout history` shows; 0 where the object has none that can be
    /// read.
    pub number: i64,
    /// The numbers it had before, in no order; always empty for a ControllerRevision.
    pub earlier_numbers: Vec<i64>,
    /// When the template was new: a template that is used again keeps the time of its first use.
    pub created: Option<Timestamp>,
    /// Images by container; init containers are apart.
    pub images: BTreeMap<String, String>,
    pub init_images: BTreeMap<String, String>,
    /// `kubernetes.io/change-cause`, without control characters.
    pub change_cause: Option<String>,
    /// The template that the workload asks for now.
    pub current: bool,
    /// Uid of the controller that the object belongs to.
    #[serde(skip)]
    pub owner_uid: String,
    /// Our annotations of the workload, as its controller copied them when it had this template.
    #[serde(skip)]
    pub notes: BTreeMap<String, String>,
}

impl Revision {
    /// The image of a container or init container.
    #[must_use]
    pub fn image_of(&self, container: &str) -> Option<&str> {
        self.images.get(container).or_else(|| self.init_images.get(container)).map(String::as_str)
    }

    /// The number under which the template was new, as far as it is known.
    #[must_use]
    pub fn first_number(&self) -> i64 {
        self.earlier_numbers.iter().copied().fold(self.number, i64::min)
    }

    /// The last number it had that is lower than that one.
    pub(super) fn number_below(&self, limit: i64) -> Option<i64> {
        self.earlier_numbers.iter().copied().chain([self.number]).filter(|n| *n < limit).max()
    }

    pub(super) fn has_images_of(&self, template: &PodTemplateSpec) -> bool {
        let Some(spec) = &template.spec else { return false };
        let asked = |containers: &[k8s_openapi::api::core::v1::Container]| -> BTreeMap<String, String> {
            containers.iter().map(|c| (c.name.clone(), c.image.clone().unwrap_or_default())).collect()
        };
        self.images == asked(&spec.containers)
            && self.init_images == asked(spec.init_containers.as_deref().unwrap_or_default())
    }
}

impl From<StoredRevision> for Revision {
    fn from(stored: StoredRevision) -> Self {
        Self {
            name: stored.name(),
            number: stored.number(),
            earlier_numbers: stored.earlier_numbers(),
            created: stored.created(),
            images: stored.images(),
            init_images: stored.init_images(),
            change_cause: stored.change_cause(),
            current: false,
            owner_uid: stored.owner_uid(),
            notes: stored.notes(),
        }
    }
}
