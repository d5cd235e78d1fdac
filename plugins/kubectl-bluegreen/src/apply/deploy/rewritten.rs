//! Whether the pods of a prepared color run what its workloads ask for.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use release_cli::run::Run;
use release_cluster::wait::{later, until};
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::registry::image::ImageRef;
use release_core::release::rewritten::rewritten;
use release_core::traffic::selector::Tracks;
use release_core::workload::container_image::{ContainerImage, containers_of};

use super::rollout::Rollout;
use crate::prepared::Prepared;
use crate::snapshot::workloads_and_images;

/// Pods are counted and listed at two moments: for so long they may contradict each other.
const SETTLED: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(250);

/// Looks what each ready pod asks for: admission policies and webhooks rewrite pods, and no template shows it.
///
/// # Errors
/// Exit 1 where pods ask for another image.
pub async fn runs_as_asked(run: &Run, rollout: Rollout<'_>, prepared: &[Prepared]) -> Outcome<()> {
    let Rollout { tracks, color, .. } = rollout;
    let mut odd = None;
    let look = async || {
        // What can't be read shows nothing; the move reads it again.
        let now = workloads_and_images(&run.cluster, &tracks.selector_for(&color.name)).await;
        odd = now.ok().and_then(|now| prepared.iter().find_map(|one| Odd::of(one, tracks, &color.name, &now)));
        if odd.is_none() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    until(later(SETTLED), POLL, look).await;
    odd.map_or(Ok(()), |odd| Err(odd.failure(run)))
}

/// Pods that ask for something else.
#[derive(Debug)]
struct Odd {
    workload: String,
    wanted: String,
    images: BTreeSet<String>,
    pods: usize,
    all: usize,
}

impl Odd {
    fn of(
        one: &Prepared,
        tracks: &Tracks,
        color: &str,
        (workloads, pods): &(Vec<Arc<Workload>>, Vec<Pod>),
    ) -> Option<Self> {
        let workload = workloads.iter().find(|workload| one.is(workload))?;
        let own = tracks.pods_of(color, pods).into_iter().filter(|pod| pod.is_ready() && pod.is_alive());
        let own: Vec<&Pod> = own.filter(|pod| workload.owns(pod) && !is_held(workload, pod)).collect();
        // One that somebody deployed anew meanwhile is no longer what was asked for: the move tells of that.
        let template = containers_of(workload);
        let is_asked = |c: &ContainerImage| template.iter().any(|own| own.name == c.name && own.image == c.image);
        one.containers().into_iter().filter(is_asked).find_map(|container| {
            let odd: Vec<&str> = own.iter().filter_map(|pod| other_image(pod, &container)).collect();
            (!odd.is_empty()).then(|| Self {
                workload: one.reference(),
                wanted: ImageRef::parse(&container.image).short(),
                images: odd.iter().map(|image| ImageRef::parse(image).short()).collect(),
                pods: odd.len(),
                all: own.len(),
            })
        })
    }

    fn failure(&self, run: &Run) -> Failure {
        let Self { workload, wanted, images, pods, all } = self;
        let images = images.iter().cloned().collect::<Vec<_>>().join(", ");
        let text = format!(
            "{workload} asks for {wanted}, and {pods} of its {all} ready pods for {images}: an admission policy or webhook rewrites pods as they are made\nno Service was switched"
        );
        rewritten(text, run.scope())
    }
}

/// One that a partition, or `OnDelete`, keeps on what it runs: whoever overrode that knows it.
fn is_held(workload: &Workload, pod: &Pod) -> bool {
    let revision = pod.metadata.labels.get("controller-revision-hash");
    workload.kind == WorkloadKind::StatefulSet && revision.is_some() && revision != workload.update_revision.as_ref()
}

/// What a pod asks for in the place of a container's image; nothing where it has no such container.
fn other_image<'p>(pod: &'p Pod, container: &ContainerImage) -> Option<&'p str> {
    let asked = pod.image_of(&container.name)?;
    let stands = ImageRef::parse(asked).stands_for(&ImageRef::parse(&container.image), None);
    (asked != container.image && !stands).then_some(asked)
}
