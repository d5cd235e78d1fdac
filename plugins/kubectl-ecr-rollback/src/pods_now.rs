//! Which images a workload's pods run, as against what its template asks for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use release_cluster::Cluster;
use release_core::command::{Command, Scope};
use release_core::failure::Outcome;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::{ImageRef, is_named};
use release_core::text::printable;
use release_core::workload::failing::{failing, unpassed};
use release_core::workload::rollout_pods::RolloutPods;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use release_core::workload::trouble::summarize;
use schemars::JsonSchema;
use serde::Serialize;

use crate::selection::Selected;
use crate::snapshot::read::{template_of, workload_and_pods};
use crate::words::{beside, listed, whole};

/// Pods that ask for one image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PodsOfImage {
    /// The whole image reference.
    image: String,
    /// How many of the workload's pods ask for it, and how many of these are ready.
    pods: usize,
    ready: usize,
}

/// True where a pod asks for it by the name of another registry or repository, as a mirror has it. `digest` is the
/// image's, where it is known.
#[must_use]
pub fn is_mirrored(asked: &str, image: &str, digest: Option<&str>) -> bool {
    !same_repository(asked, image) && ImageRef::parse(asked).stands_for(&ImageRef::parse(image), digest)
}

/// Which images pods run.
#[derive(Debug, Clone, Default)]
pub struct PodsNow {
    pub images: Vec<PodsOfImage>,
    /// `2 pods run it as mirror.example.com/api:1.0.3`; nothing where they have the template's own name for it.
    pub mirrored: Option<String>,
    /// That the workload asks for no pods, where it does.
    pub no_pods: Option<String>,
    /// Why pods of the template don't serve, and what shows more; only where that was looked for.
    pub unready: Option<(String, Option<Command>)>,
    /// A rollout replaces pods of another template, or waits to.
    pub are_replaced: bool,
    /// `1 of 3 pods; x-0, x-1 stay on api:1.0.3 (partition 2)`; nothing where all pods run the template.
    pub behind: Option<String>,
}

impl PodsNow {
    /// The images of pods that are ready.
    pub fn ready_images(&self) -> impl Iterator<Item = &str> {
        self.images.iter().filter(|one| one.ready > 0).map(|one| one.image.as_str())
    }

    /// What there is to know of pods once nothing is left to do: `: TEXT; TEXT`.
    #[must_use]
    pub fn said(&self) -> Option<String> {
        let said: Vec<&str> =
            [&self.behind, &self.mirrored, &self.no_pods].into_iter().flatten().map(String::as_str).collect();
        (!said.is_empty()).then(|| said.join("; "))
    }

    /// Counts pods by the image of a container; `wanted` is what its template asks for.
    #[must_use]
    pub fn of(workload: &Workload, pods: &RolloutPods<'_>, container: &str, wanted: &str) -> Self {
        let image = |pod: &Pod| pod.image_of(container).unwrap_or_default().to_owned();
        let mut counts: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        for pod in pods.new.iter().chain(&pods.old).chain(&pods.kept) {
            let count = counts.entry(image(pod)).or_default();
            *count = (count.0.saturating_add(1), count.1.saturating_add(usize::from(pod.is_ready())));
        }
        let images = counts.into_iter().map(|(image, (pods, ready))| PodsOfImage { image, pods, ready }).collect();
        let all = [&pods.new, &pods.old, &pods.kept].map(Vec::len).into_iter().fold(0, usize::saturating_add);
        let old = |pods: &[&Pod], why: &str| {
            let mut by_image: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for pod in pods {
                by_image.entry(image(pod)).or_default().push(&pod.metadata.name);
            }
            let said = by_image.iter().map(|(image, names)| {
                let verb = if names.len() == 1 { "stays" } else { "stay" };
                format!("{} {verb} on {}", listed(names), beside(wanted, image))
            });
            let said: Vec<String> = said.collect();
            (!said.is_empty()).then(|| format!("{} ({why})", said.join(", ")))
        };
        let kept = old(&pods.kept, &format!("partition {}", workload.partition));
        let is_over = workload.kind == WorkloadKind::Deployment && rollout_status(workload) == RolloutStatus::Done;
        let why = match workload.updates_on_delete {
            true => "until deleted",
            // Its controller is done with them.
            false if is_over => "something rewrites what they ask for",
            false => "so far",
        };
        let stays: Vec<String> = kept.into_iter().chain(old(&pods.old, why)).collect();
        let behind =
            (!stays.is_empty()).then(|| printable(&format!("{} of {all} pods; {}", pods.new.len(), stays.join(", "))));
        let mirrored = mirrored(&pods.new, container, wanted);
        let no_pods = (workload.replicas == 0).then(|| asks_for_none(workload));
        Self { images, mirrored, no_pods, unready: None, behind, are_replaced: pods.are_replaced(workload) }
    }
}

/// A size of none proves no image.
#[must_use]
pub fn asks_for_none(workload: &Workload) -> String {
    format!("{workload} asks for no pods: nothing will prove the image")
}

fn mirrored(new: &[&Pod], container: &str, wanted: &str) -> Option<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let asked = new.iter().filter_map(|pod| pod.image_of(container));
    for image in asked.filter(|asked| !same_repository(asked, wanted)) {
        let count = counts.entry(image).or_default();
        *count = count.saturating_add(1);
    }
    let said: Vec<String> = counts.into_iter().map(|(image, count)| as_mirror(count, image)).collect();
    (!said.is_empty()).then(|| said.join(", "))
}

fn as_mirror(count: usize, image: &str) -> String {
    if count == 1 {
        format!("1 pod runs it as {}", whole(image))
    } else {
        format!("{count} pods run it as {}", whole(image))
    }
}

/// Why pods of the template don't serve: none is ready, or fewer than asked for and some fail. Nothing while pods of
/// another template are still being replaced and nothing fails.
fn unready(workload: &Workload, pods: &RolloutPods<'_>, scope: &Scope) -> Option<(String, Option<Command>)> {
    let (wanted, ready) = (workload.replicas, pods.new.iter().filter(|pod| pod.is_ready()).count());
    if wanted <= 0 || i32::try_from(ready).is_ok_and(|ready| ready >= wanted) {
        return None;
    }
    let late = unpassed(workload, &pods.new, Timestamp::now());
    let bad: Vec<&Pod> = failing(&pods.new).into_iter().chain(late).collect();
    let goes_on = !pods.old.is_empty() || !pods.kept.is_empty();
    if bad.is_empty() && (ready > 0 || goes_on) {
        return None;
    }
    let groups = summarize(if bad.is_empty() { &pods.new } else { &bad }, scope);
    let why: Vec<String> = groups.iter().map(|group| group.message.clone()).collect();
    let why = if why.is_empty() { "there is none yet".to_owned() } else { why.join("; ") };
    let look = groups.into_iter().next().map(|group| group.look);
    Some((printable(&format!("{ready} of {wanted} pods are ready: {why}")), look))
}

/// What the pods of a workload run, and the workload as it is by then.
///
/// # Errors
/// Where they can't be read.
pub async fn pods_now(cluster: &Cluster, workload: Workload, selected: &Selected) -> Outcome<(Workload, PodsNow)> {
    let read = workload_and_pods(cluster, &workload).await?;
    sorted(cluster, read, selected).await
}

/// The same of what was read.
///
/// # Errors
/// Where the template can't be read that pods are held against.
pub async fn sorted(
    cluster: &Cluster,
    (mut workload, pods): (Workload, Vec<Pod>),
    selected: &Selected,
) -> Outcome<(Workload, PodsNow)> {
    let template = template_of(cluster, &workload).await?;
    workload.revision = workload.revision.or(template);
    let is_it = |asked: &str| is_named(asked, selected.image()) || is_mirrored(asked, selected.image(), None);
    let asks = |pod: &Pod| pod.image_of(selected.container()).is_some_and(is_it);
    let pods = RolloutPods::of(&workload, &pods, asks);
    let now = PodsNow::of(&workload, &pods, selected.container(), selected.image());
    let unready = unready(&workload, &pods, cluster.scope());
    Ok((workload, PodsNow { unready, ..now }))
}
