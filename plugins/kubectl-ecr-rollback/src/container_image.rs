//! The containers of a template and their images.

use std::fmt;

use k8s_openapi::api::core::v1::Container;
use release_core::kube::Workload;
use release_core::registry::ecr_reference::EcrRepository;
use release_core::text::one_line;

/// A container or init container of the template, with its image.
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
    /// The JSON pointer of its container.
    #[must_use]
    pub fn pointer(&self) -> String {
        let list = if self.init { "initContainers" } else { "containers" };
        format!("/spec/template/spec/{list}/{}", self.index)
    }

    /// The JSON pointer of its image in a field manager's `fieldsV1`.
    #[must_use]
    pub fn managed_pointer(&self) -> String {
        let list = if self.init { "initContainers" } else { "containers" };
        format!("/f:spec/f:template/f:spec/f:{list}/k:{{\"name\":\"{}\"}}/f:image", self.name)
    }

    /// It has ended before the others begin: a migration, above all.
    #[must_use]
    pub fn runs_before(&self) -> bool {
        self.init && !self.sidecar
    }

    /// The repository of its image, where that is in ECR.
    #[must_use]
    pub fn repository(&self) -> Option<EcrRepository> {
        EcrRepository::of(&self.image).ok()
    }
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
