//! The containers of a template and their images.

use k8s_openapi::api::core::v1::Container;
use release_core::kube::Workload;
use release_core::text::one_line;
pub use release_core::workload::container_image::ContainerImage;

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
