//! Which image really runs once a rollout is done, where only the cluster was asked for what ran before.

use std::collections::BTreeSet;

use release_core::command::Command;
use release_core::failure::Failure;
use release_core::registry::image::short_digest;
use release_core::registry::push_history::digest_of_image_id;

use super::in_progress::ChangeInProgress;
use crate::record::RecordVerb;
use crate::snapshot::read::workload_and_pods;
use crate::typed::TARGET;
use crate::words::pinned_short;

/// That the new pods run what was left, or something else than the revision ran. Nothing where that was
/// known before, or can't be found out.
pub async fn surprise(change: &ChangeInProgress<'_>) -> Option<Failure> {
    let (record, expected) = (&change.image_change.record, change.image_change.expects.as_ref());
    let is_known = record.to_digest.is_some() && expected.is_none();
    if record.verb == RecordVerb::Unpin || is_known {
        return None;
    }
    let running = running(change).await?;
    let [digest] = running.iter().collect::<Vec<_>>()[..] else { return None };
    let (to, digest_shown) = (pinned_short(&change.image_change.to), short_digest(digest));
    change.run.progress.step("runs", &digest_shown);
    if record.from_digest.as_ref() == Some(digest) {
        let from = pinned_short(change.image_change.from());
        let text = format!("{to} is the image that ran as {from} ({digest_shown}): nothing has changed");
        return Some(Failure::failed("NothingChanged", text).try_next(further(change)));
    }
    let other = expected.filter(|expected| *expected != digest)?;
    let text =
        format!("{to} was {} when it ran before, and is {digest_shown} now: its tag was moved", short_digest(other));
    Some(Failure::failed("OtherImage", text).try_next(change.undo()))
}

/// The digests of the first container that is changed, in pods that ask for the new image.
async fn running(change: &ChangeInProgress<'_>) -> Option<BTreeSet<String>> {
    let (_, pods) = workload_and_pods(&change.run.cluster, change.workload).await.ok()?;
    let name = &change.image_change.containers[0].name;
    let new = pods.iter().filter(|pod| !pod.is_terminating() && !pod.is_finished());
    let new = new.filter(|pod| pod.image_of(name) == Some(&change.image_change.to));
    let digest = |id: &str| digest_of_image_id(id).map(str::to_owned);
    Some(new.filter_map(|pod| digest(&pod.container_status(name)?.image_id)).collect())
}

/// One further back, counted as it was this time.
fn further(change: &ChangeInProgress<'_>) -> Command {
    let typed = &change.options.typed;
    let counted = typed.only(&["--from", "--tag-filter"]);
    let command = Command::new(typed.verb()).arg(change.workload.reference()).args(typed.without(&TARGET));
    command.args(counted).arg("--again").scope(change.run.scope())
}
