//! Which images a workload's pods run, as against what its template asks for.

use std::collections::BTreeMap;

use release_cluster::Cluster;
use release_core::failure::Outcome;
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::text::printable;
use release_core::workload::rollout_pods::RolloutPods;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use schemars::JsonSchema;
use serde::Serialize;

use crate::selection::Selected;
use crate::snapshot::read::{template_of, workload_and_pods};
use crate::words::{listed, pinned_short};

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

/// True where a pod asks for the image of a template, or for that with the digest that a policy put behind it.
#[must_use]
pub fn is_named(asked: &str, image: &str) -> bool {
    asked.strip_prefix(image).is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
}

/// Which images pods run.
#[derive(Debug, Clone, Default)]
pub struct PodsNow {
    pub images: Vec<PodsOfImage>,
    /// `1 of 3 pods; x-0, x-1 stay on api:1.0.3 (partition 2)`; nothing where all pods run the template.
    pub behind: Option<String>,
}

impl PodsNow {
    /// The images of pods that are ready.
    pub fn ready_images(&self) -> impl Iterator<Item = &str> {
        self.images.iter().filter(|one| one.ready > 0).map(|one| one.image.as_str())
    }

    /// Counts pods by the image of a container.
    #[must_use]
    pub fn of(workload: &Workload, pods: &RolloutPods<'_>, container: &str) -> Self {
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
                format!("{} {verb} on {}", listed(names), pinned_short(image))
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
        Self { images, behind }
    }
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
    let asks = |pod: &Pod| pod.image_of(selected.container()).is_some_and(|asked| is_named(asked, selected.image()));
    let now = PodsNow::of(&workload, &RolloutPods::of(&workload, &pods, asks), selected.container());
    Ok((workload, now))
}
