//! Which image really runs once a rollout is done, where only the cluster was asked for what ran before.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::flags::DryRunFlag;
use release_cli::run::Run;
use release_cluster::wait::{later, until};
use release_core::command::Command;
use release_core::failure::{Failure, Next};
use release_core::kube::{Pod, Workload, WorkloadKind};
use release_core::registry::ecr_reference::same_repository;
use release_core::registry::image::{ImageRef, short_digest};
use release_core::registry::push_history::is_index;
use release_core::release::rewritten::rewritten as failure;
use release_core::text::printable;
use release_core::workload::rollout_pods::RolloutPods;

use super::in_progress::ChangeInProgress;
use crate::plan::way_back::digests_of;
use crate::record::RecordVerb;
use crate::snapshot::read::workload_and_pods;
use crate::tag_now::{PATIENCE, TagNow, tag_now};
use crate::words::{beside, listed, pinned_short, whole};
use release_core::workload::container_image::ContainerImage;

/// Pods are listed and counted at two moments: for so long they may contradict each other.
const SETTLED: Duration = Duration::from_secs(3);
const POLL: Duration = Duration::from_millis(250);

/// Whether a pod of the template runs the target, or there is none that could.
#[must_use]
pub fn change_runs(change: &ChangeInProgress<'_>, workload: &Workload, pods: &RolloutPods<'_>) -> bool {
    // Only of a StatefulSet's pods labels always tell which template they are made from.
    let others: &[&Pod] = if workload.kind == WorkloadKind::StatefulSet { &[] } else { &pods.old };
    let mut of_template = pods.new.iter().chain(others).peekable();
    of_template.peek().is_none() || of_template.any(|pod| change.runs_target(pod))
}

/// What speaks against a rollout that is done; `is_run` where a pod was seen to run the target.
pub async fn surprise(change: &ChangeInProgress<'_>, is_run: bool) -> Option<Failure> {
    if !is_run && let Some(failure) = rewritten(change).await {
        return Some(failure);
    }
    other_image(change).await
}

/// That none of the pods of a rollout that is done runs what was written: something rewrites what pods ask for.
async fn rewritten(change: &ChangeInProgress<'_>) -> Option<Failure> {
    let look = async || {
        let Ok((workload, pods)) = workload_and_pods(&change.run.cluster, change.workload).await else {
            return ControlFlow::Break(());
        };
        let sorted = RolloutPods::of(&workload, &pods, |pod| change.asks_for_new(pod));
        if change_runs(change, &workload, &sorted) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    if until(later(SETTLED), POLL, look).await.is_some() {
        return None;
    }
    let (_, pods) = workload_and_pods(&change.run.cluster, change.workload).await.ok()?;
    let name = &change.image_change.containers[0].name;
    let alive = pods.iter().filter(|pod| pod.is_alive());
    let images: BTreeSet<String> = alive.filter_map(|pod| pod.image_of(name)).map(pinned_short).collect();
    let images = images.into_iter().collect::<Vec<_>>();
    let (workload, to) = (change.workload, pinned_short(&change.image_change.to));
    let text = format!("{workload} asks for {to}, and none of its pods runs it: they ask for {}", listed(&images));
    let text = printable(&format!("{text}; an admission policy or webhook rewrites pods as they are made"));
    let failure = failure(text, change.run.scope());
    // Pods stay as they were made, also once nothing rewrites them any more.
    let restart = Command::new("kubectl rollout restart").arg(workload.reference()).scope(change.run.scope());
    let note = "once what rewrites them is mended: pods stay as they were made";
    let next = failure.next.as_ref().and_then(|next| next.commands().first()).cloned();
    Some(match next {
        Some(look) => failure.next(Next::Try(vec![restart], Some(format!("{note}; what that is: {look}")))),
        None => failure.try_next(restart),
    })
}

/// That the template itself asks for something else as soon as it is written.
pub fn rewritten_at_once(change: &ChangeInProgress<'_>, template: &[ContainerImage]) -> Failure {
    let (workload, now) = (change.workload, asked_now(change, template));
    let to = &change.image_change.to;
    let is_elsewhere = changed_in(change, template).any(|now| !same_repository(&now.image, to));
    let to = if is_elsewhere { whole(to) } else { pinned_short(to) };
    let was = if is_rehearsed(change) { "is to be" } else { "was" };
    let text =
        format!("{workload} asks for {now}, though {to} {was} written: an admission policy or webhook rewrites it");
    failure(text, change.run.scope())
}

fn is_rehearsed(change: &ChangeInProgress<'_>) -> bool {
    change.run.dry_run != DryRunFlag::None
}

/// The containers that are changed, as a template has them.
fn changed_in<'t>(
    change: &'t ChangeInProgress<'_>,
    template: &'t [ContainerImage],
) -> impl Iterator<Item = &'t ContainerImage> {
    let ours = change.image_change.containers.iter();
    ours.filter_map(|one| template.iter().find(|now| now.name == one.name && now.init == one.init))
}

/// What the containers that are changed ask for in a template.
pub fn asked_now(change: &ChangeInProgress<'_>, template: &[ContainerImage]) -> String {
    changed_in(change, template).map(|one| beside(&change.image_change.to, &one.image)).collect::<Vec<_>>().join(", ")
}

/// That the new pods run what was left, or something else than the revision ran. Nothing where that was
/// known before, or can't be found out.
async fn other_image(change: &ChangeInProgress<'_>) -> Option<Failure> {
    let (record, expected) = (&change.image_change.record, change.image_change.expects.as_ref());
    if record.verb == RecordVerb::Unpin {
        return None;
    }
    let running = running(change).await?;
    if expected.is_none()
        && let Some(planned) = &record.to_digest
    {
        let odd = running.iter().find(|digest| *digest != planned)?;
        return moved_since(change, planned, odd).await;
    }
    let [digest] = running.iter().collect::<Vec<_>>()[..] else { return None };
    let (to, digest_shown) = (pinned_short(&change.image_change.to), short_digest(digest));
    change.run.progress.step("runs", &digest_shown);
    if record.from_digest.as_ref() == Some(digest) {
        let from = pinned_short(change.image_change.from());
        let text = format!("{to} is the image that ran as {from} ({digest_shown}): nothing has changed");
        return Some(Failure::failed("NothingChanged", text).try_next(change.further()));
    }
    let other = expected.filter(|expected| *expected != digest)?;
    let text =
        format!("{to} was {} when it ran before, and is {digest_shown} now: its tag was moved", short_digest(other));
    Some(Failure::failed("OtherImage", text).try_next(change.undo()))
}

/// That pods run something else under the tag than the registry said when it was planned: it was pushed again since,
/// or a node has another image by that name from before.
async fn moved_since(change: &ChangeInProgress<'_>, planned: &str, odd: &str) -> Option<Failure> {
    let to = &change.image_change.to;
    let why = other_digest(change.run, to, odd).await?;
    let (shown, was, runs) = (pinned_short(to), short_digest(planned), short_digest(odd));
    let text = format!("{shown} was {was} when this was planned, and pods run {runs}: {why}");
    let pinned = ImageRef::parse(to).at(planned);
    let images = change.image_change.containers.iter().map(|one| format!("{}={pinned}", one.name));
    let by_digest = Command::new("kubectl set image").arg(change.workload.reference()).args(images);
    Some(Failure::failed("OtherImage", text).try_next(by_digest.scope(change.run.scope())))
}

/// Why pods run another digest under a reference than it was on; nothing where it may be a part of the same image, or
/// where the registry doesn't say.
pub async fn other_digest(run: &Run, reference: &str, odd: &str) -> Option<&'static str> {
    match tag_now(run, reference, later(PATIENCE)).await {
        TagNow::On(now) if now.digest == odd => Some("its tag was moved meanwhile"),
        // Runtimes tell the part that is for their node.
        TagNow::On(now) if is_index(&now) => None,
        TagNow::On(_) | TagNow::Gone => Some("a node has another image by that name"),
        TagNow::Unknown(_) => None,
    }
}

/// The digests of the first container that is changed, in pods that ask for the new image.
async fn running(change: &ChangeInProgress<'_>) -> Option<BTreeSet<String>> {
    let (_, pods) = workload_and_pods(&change.run.cluster, change.workload).await.ok()?;
    let name = &change.image_change.containers[0].name;
    Some(digests_of(&pods, name, &change.image_change.to))
}
