//! The containers of a pod template, and their images.

use serde_json::Value;

use crate::workload::container_image::{ContainerImage, list};

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
