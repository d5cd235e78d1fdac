//! The containers of a pod template, their images, and the labels of its pods.

use serde_json::Value;

use crate::kube::Labels;
use crate::workload::container_image::{ContainerImage, list};

/// The labels that a workload's template gives its pods; none where they are no labels.
#[must_use]
pub fn pod_labels_of(workload: &Value) -> Labels {
    serde_json::from_value(workload["spec"]["template"]["metadata"]["labels"].clone()).unwrap_or_default()
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
