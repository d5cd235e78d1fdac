//! Which images a color runs: its pods tell. A template may be ahead of them, by a partition, by
//! `OnDelete` or by a rollout that goes on.

use k8s_openapi::api::core::v1::Container;
use release_core::kube::{Pod, Workload};
use release_core::registry::image::ImageRef;
use release_core::traffic::selector::Tracks;

/// Which container kubectl takes where none is named, by an annotation of the pod template
/// (<https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container>).
const DEFAULT_CONTAINER: &str = "kubectl.kubernetes.io/default-container";

/// The container whose image stands for a workload: the one that its template says, else the one that is called
/// as the active color's, wherever an injector put it, else the first.
#[must_use]
pub fn shown<'w>(workload: &'w Workload, tracks: &Tracks) -> Option<&'w Container> {
    let active = tracks.color(&tracks.active).into_iter().flat_map(|color| &color.workloads);
    let own = || containers(workload);
    let by_name = || active.filter_map(|w| default_of(w)).find_map(|main| own().find(|c| c.name == main.name));
    said_of(workload).or_else(by_name).or_else(|| own().next())
}

fn containers(workload: &Workload) -> impl Iterator<Item = &Container> {
    workload.template.spec.iter().flat_map(|spec| &spec.containers)
}

fn said_of(workload: &Workload) -> Option<&Container> {
    let annotations = workload.template.metadata.as_ref().and_then(|metadata| metadata.annotations.as_ref());
    let said = annotations.and_then(|annotations| annotations.get(DEFAULT_CONTAINER))?;
    containers(workload).find(|container| container.name == *said)
}

fn default_of(workload: &Workload) -> Option<&Container> {
    said_of(workload).or_else(|| containers(workload).next())
}

/// What that container of a workload's ready pods runs, each image once; the template's image where no pod is
/// ready, or none says what it runs.
#[must_use]
pub fn running(workload: &Workload, tracks: &Tracks, pods: &[&Pod]) -> Vec<String> {
    let Some(shown) = shown(workload, tracks) else { return Vec::new() };
    let own = pods.iter().filter(|pod| pod.is_ready() && workload.owns(pod));
    let same = own.flat_map(|pod| pod.spec.containers.iter().find(|c| c.name == shown.name));
    let mut images: Vec<String> = same.map(|c| c.image.clone()).filter(|image| !image.is_empty()).collect();
    images.sort();
    images.dedup();
    if images.is_empty() { shown.image.iter().cloned().collect() } else { images }
}

/// Images of a color without their registry: `api:1.5.0`, or `api:1.5.0, api:1.6.0`.
#[must_use]
pub fn short_images(tracks: &Tracks, color: &str, pods: &[Pod]) -> String {
    let own = tracks.pods_of(color, pods);
    let workloads = tracks.color(color).into_iter().flat_map(|color| &color.workloads);
    let images = workloads.flat_map(|workload| running(workload, tracks, &own));
    let mut short: Vec<String> = images.map(|image| ImageRef::parse(&image).short()).collect();
    short.dedup();
    short.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::short_images;
    use crate::checks::testing::World;

    fn of_green(world: &World) -> String {
        world.with_case(|case| short_images(case.tracks, "green", &case.snapshot.pods))
    }

    /// The plan would say that a proxy replaces the application.
    #[test]
    fn an_injected_container_in_front_is_not_what_a_color_runs() {
        let mut world = World::healthy();
        let containers = &mut world.workload("green")["spec"]["template"]["spec"]["containers"];
        containers.as_array_mut().unwrap().insert(0, json!({"name": "istio-proxy", "image": "istio/proxyv2:1.31.0"}));
        assert_eq!(of_green(&world), "api:green");
    }

    #[test]
    fn a_template_says_which_container_stands_for_it() {
        let mut world = World::healthy();
        let template = &mut world.workload("green")["spec"]["template"];
        template["metadata"]["annotations"] = json!({"kubectl.kubernetes.io/default-container": "web"});
        let web = json!({"name": "web", "image": "registry.example.com/web:2"});
        template["spec"]["containers"].as_array_mut().unwrap().push(web);
        assert_eq!(of_green(&world), "web:2");
    }
}
