//! A container of a pod template, and its image.

use std::fmt;

use k8s_openapi::api::core::v1::Container;

use crate::kube::Workload;
use crate::registry::ecr_reference::EcrRepository;
use crate::registry::image::ImageRef;
use crate::text::one_line;

/// A container or init container of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContainerImage {
    pub name: String,
    /// In the list of init containers.
    pub init: bool,
    /// An init container that goes on beside the others: a native sidecar
    /// (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
    pub sidecar: bool,
    /// Where it stands in its list.
    pub index: usize,
    pub image: String,
}

impl ContainerImage {
    /// The JSON pointer of its container, in its workload.
    #[must_use]
    pub fn pointer(&self) -> String {
        format!("/spec/template/spec/{}/{}", list(self.init), self.index)
    }

    /// The JSON pointer of its image in a field manager's `fieldsV1`.
    #[must_use]
    pub fn managed_pointer(&self) -> String {
        format!("/f:spec/f:template/f:spec/f:{}/k:{{\"name\":\"{}\"}}/f:image", list(self.init), self.name)
    }

    /// It has ended before the others begin: a migration, above all.
    #[must_use]
    pub fn runs_before(&self) -> bool {
        self.init && !self.sidecar
    }

    /// Everything of its image before tag and digest.
    #[must_use]
    pub fn repository(&self) -> &str {
        ImageRef::parse(&self.image).repository
    }

    /// The repository of its image, where that is in ECR.
    #[must_use]
    pub fn ecr_repository(&self) -> Option<EcrRepository> {
        EcrRepository::of(&self.image).ok()
    }
}

/// All containers of the template, init containers last.
#[must_use]
pub fn containers_of(workload: &Workload) -> Vec<ContainerImage> {
    let spec = workload.template.spec.as_ref();
    let mains = spec.map(|s| s.containers.as_slice()).unwrap_or_default();
    let inits = spec.and_then(|s| s.init_containers.as_deref()).unwrap_or_default();
    listed(mains, false).chain(listed(inits, true)).collect()
}

fn listed(containers: &[Container], init: bool) -> impl Iterator<Item = ContainerImage> {
    containers.iter().enumerate().map(move |(index, c)| ContainerImage {
        name: one_line(&c.name),
        init,
        sidecar: init && c.restart_policy.as_deref() == Some("Always"),
        index,
        image: c.image.clone().unwrap_or_default(),
    })
}

/// The name of a list of containers in a pod's spec.
#[must_use]
pub(crate) fn list(init: bool) -> &'static str {
    if init { "initContainers" } else { "containers" }
}

impl fmt::Display for ContainerImage {
    /// `app`, `sidecar proxy`, or `init container migrate`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self {
            Self { sidecar: true, .. } => "sidecar ",
            Self { init: true, .. } => "init container ",
            _ => "",
        };
        write!(f, "{kind}{}", self.name)
    }
}
