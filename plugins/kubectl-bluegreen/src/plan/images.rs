//! Which images a color runs: its pods tell. A template may be ahead of them, by a partition, by
//! `OnDelete` or by a rollout that goes on.

use release_core::kube::{Pod, Workload};
use release_core::registry::image::ImageRef;
use release_core::traffic::selector::Tracks;

/// What the first container of a workload's ready pods runs, each image once; the template's image where no
/// pod is ready, or none says what it runs.
#[must_use]
pub fn running(workload: &Workload, pods: &[&Pod]) -> Vec<String> {
    let first = workload.template.spec.as_ref().and_then(|spec| spec.containers.first());
    let Some(first) = first else { return Vec::new() };
    let own = pods.iter().filter(|pod| pod.is_ready() && workload.owns(pod));
    let containers = own.flat_map(|pod| pod.spec.containers.iter().find(|c| c.name == first.name));
    let mut images: Vec<String> = containers.map(|c| c.image.clone()).filter(|image| !image.is_empty()).collect();
    images.sort();
    images.dedup();
    if images.is_empty() { first.image.iter().cloned().collect() } else { images }
}

/// Images of a color without their registry: `api:1.5.0`, or `api:1.5.0, api:1.6.0`.
#[must_use]
pub fn short_images(tracks: &Tracks, color: &str, pods: &[Pod]) -> String {
    let own = tracks.pods_of(color, pods);
    let workloads = tracks.color(color).into_iter().flat_map(|color| &color.workloads);
    let images = workloads.flat_map(|workload| running(workload, &own));
    let mut short: Vec<String> = images.map(|image| ImageRef::parse(&image).short()).collect();
    short.dedup();
    short.join(", ")
}
