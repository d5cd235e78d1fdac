//! The containers of a pod template, and their images.

use serde_json::Value;

use crate::registry::image::ImageRef;

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

    /// Everything of its image before tag and digest.
    #[must_use]
    pub fn repository(&self) -> &str {
        ImageRef::parse(&self.image).repository
    }
}

/// The name of a list of containers in a pod's spec.
fn list(init: bool) -> &'static str {
    if init { "initContainers" } else { "containers" }
}

/// All containers of a workload's template, init containers last.
#[must_use]
pub fn containers_of(workload: &Value) -> Vec<ContainerImage> {
    let spec = &workload["spec"]["template"]["spec"];
    let listed = |init: bool| {
        let containers = spec[list(init)].as_array().into_iter().flatten();
        containers.enumerate().map(move |(index, container)| ContainerImage {
            name: container["name"].as_str().unwrap_or_default().to_owned(),
            init,
            sidecar: init && container["restartPolicy"] == "Always",
            index,
            image: container["image"].as_str().unwrap_or_default().to_owned(),
        })
    };
    listed(false).chain(listed(true)).collect()
}
