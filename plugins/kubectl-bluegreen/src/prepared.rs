//! A workload of the color that a deploy prepares: as it is, and as it is to be.

use release_core::kube::{Workload, WorkloadKind};
use release_core::registry::image::ImageRef;
use release_core::workload::twin::{ContainerImage, Difference, ImageEdit, containers_of};
use serde_json::Value;

/// One workload of the idle color.
#[derive(Debug, Clone)]
pub struct Prepared {
    pub kind: WorkloadKind,
    pub name: String,
    /// The active color's workload that does the same; nothing for one that only the idle color has.
    pub like: Option<Value>,
    /// As it is; nothing where it is created.
    pub idle: Option<Value>,
    /// What becomes of its containers that get an image, those that have it already among them.
    pub edits: Vec<ImageEdit>,
    /// The rest of its pod template is copied from the active color's.
    pub is_synced: bool,
    /// As it is to be.
    pub wanted: Value,
    /// How its pod template differs from the active color's, once it is as it is to be.
    pub differences: Vec<Difference>,
}

impl Prepared {
    /// True for the workload that it is about, by kind and name.
    #[must_use]
    pub fn is(&self, workload: &Workload) -> bool {
        workload.kind == self.kind && workload.name() == self.name
    }

    /// `deploy/api-green`
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind.short(), self.name)
    }

    /// `deploy/api-blue`
    #[must_use]
    pub fn like_reference(&self) -> Option<String> {
        let name = self.like.as_ref()?["metadata"]["name"].as_str()?;
        Some(format!("{}/{name}", self.kind.short()))
    }

    /// Pods that it asks for now; none before it is there.
    #[must_use]
    pub fn replicas(&self) -> i32 {
        self.idle.as_ref().map_or(0, replicas_of)
    }

    /// Pods that it is to ask for.
    #[must_use]
    pub fn size(&self) -> i32 {
        replicas_of(&self.wanted)
    }

    /// The same with so many pods.
    #[must_use]
    pub fn sized(mut self, replicas: i32) -> Self {
        self.wanted["spec"]["replicas"] = replicas.into();
        self
    }

    /// True where its pods are made anew.
    #[must_use]
    pub fn changes_pods(&self) -> bool {
        self.idle.as_ref().is_none_or(|idle| idle["spec"]["template"] != self.wanted["spec"]["template"])
    }

    /// True where nothing has to be written.
    #[must_use]
    pub fn is_so(&self) -> bool {
        !self.changes_pods() && self.replicas() == self.size()
    }

    /// Its containers as they are to be.
    #[must_use]
    pub fn containers(&self) -> Vec<ContainerImage> {
        containers_of(&self.wanted)
    }

    /// `app api:1.5.0 -> api:1.6.0`, one for each container that gets another image.
    #[must_use]
    pub fn image_changes(&self) -> Vec<String> {
        let changed = self.edits.iter().filter(|edit| !edit.is_so());
        changed.map(|edit| format!("{} {}", edit.container.name, arrow(&edit.container.image, &edit.to))).collect()
    }
}

/// Defaulted to 1 as the API server does.
fn replicas_of(workload: &Value) -> i32 {
    workload["spec"]["replicas"].as_i64().and_then(|replicas| i32::try_from(replicas).ok()).unwrap_or(1)
}

/// `api:1.5.0 -> 1.6.0`; whole references where the repositories differ.
#[must_use]
pub fn arrow(from: &str, to: &str) -> String {
    let (old, new) = (ImageRef::parse(from), ImageRef::parse(to));
    match new.tag {
        Some(tag) if old.repository == new.repository => format!("{} -> {tag}", old.short()),
        _ if old.repository == new.repository => format!("{} -> {}", old.short(), new.short()),
        _ => release_core::text::one_line(&format!("{from} -> {to}")),
    }
}
