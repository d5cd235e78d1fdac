//! Taking a failed change back by itself: the template gets the images that it had.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use release_cluster::apply::DryRun;
use release_cluster::exchange::ApiError;
use release_cluster::wait::{later, until};
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::kube::Pod;
use release_core::registry::image::{ImageRef, is_named};
use release_core::registry::push_history::is_index;
use release_core::release::record::RunResult;
use release_core::text::printable;
use release_core::workload::rollout_pods::{Hold, RolloutPods};
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use tokio::time::sleep;

use super::conclude;
use super::held::Held;
use super::in_progress::ChangeInProgress;
use super::write::stored_without_record;
use crate::plan::image_change::ImageChange;
use crate::plan::way_back::{WayBack, digests_of};
use crate::record::{ImageRecord, recorded_on};
use crate::snapshot::read::{again, template_of, workload_and_pods};
use crate::tag_now::{PATIENCE, TagNow, tag_now};
use crate::words::pinned_short;
use release_core::workload::container_image::containers_of;

/// Unclear answers and races with notes of our own are looked at and tried again this often.
const ATTEMPTS: u32 = 4;
/// After the first failure; doubled each time, so that an outage of a few seconds is sat out.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long the old pods are waited for.
const GRACE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(250);

/// Takes the change back and says so: to what ran, also where the tag that was left was pushed again meanwhile.
pub async fn all(change: &ChangeInProgress<'_>, failure: Failure, seen: Option<String>) -> Failure {
    let Some(image_change) = pushed_again(change).await else { return to_what_ran(change, failure, seen).await };
    let anew = ChangeInProgress { image_change: &image_change, is_recorded: change.is_recorded.clone(), ..*change };
    let failure = to_what_ran(&anew, failure, seen).await;
    change.is_recorded.set(anew.is_recorded.get());
    failure
}

/// The change with another way back, where the tag that was left is on another image than when it was planned.
async fn pushed_again(change: &ChangeInProgress<'_>) -> Option<ImageChange> {
    let made = change.image_change;
    let (record, way_back) = (&made.record, &made.way_back);
    let goes_by_tag = way_back.digest.is_none() && ImageRef::parse(made.from()).digest.is_none();
    // What another run has noted counts as far as pods bear it out.
    let known = |digest: &&String| !change.is_taken_up || way_back.ran.contains(*digest);
    let left = record.from_digest.as_ref().filter(|_| goes_by_tag).filter(known)?;
    let TagNow::On(now) = tag_now(change.run, made.from(), later(PATIENCE)).await else { return None };
    // Without the registry it is pods that told the digest, and theirs may be that of a part.
    let is_another = now.digest != *left && !(record.by_history && is_index(&now));
    let way_back = WayBack { digest: Some(left.clone()), ..way_back.clone() };
    is_another.then(|| ImageChange { way_back, ..made.clone() })
}

async fn to_what_ran(change: &ChangeInProgress<'_>, failure: Failure, seen: Option<String>) -> Failure {
    let run = change.run;
    run.progress.step("failed", &failure.message);
    run.stands(format!("interrupted while {} was taken back: see {}", change.workload, change.look()));
    if let Err(why) = images(change, &failure.message, seen).await {
        let text = format!(
            "{}\n{} still asks for {}: {}",
            failure.message,
            change.workload,
            pinned_short(&change.image_change.to),
            why.message
        );
        let exit = if why.exit == Exit::Changed { Exit::Changed } else { Exit::Failed };
        return Failure::new(exit, "RollbackFailed", text).try_next(change.undo());
    }
    let back = pinned_short(&change.image_change.back_to());
    run.progress.step("taken back", &format!("to {back}{}", by_digest(change)));
    let stuck = follow(change).await;
    conclude::taken_back(change, &failure).await;
    let again = if change.image_change.way_back.digest.is_some() { "now" } else { "again" };
    let text = format!("failed and was taken back; {} asks for {back} {again}\n{}", change.workload, failure.message);
    let failure = Failure::new(Exit::RolledBack, "RolledBack", text);
    match stuck {
        Some(held) => {
            let message = format!("{}\n{}", failure.message, held.text);
            Failure { message, ..failure }.try_next(held.command)
        }
        None => failure.look(events_of_pods(change)),
    }
}

/// Why it is not the tag that is gone back to.
fn by_digest(change: &ChangeInProgress<'_>) -> String {
    let tag = ImageRef::parse(change.image_change.from()).asked_tag().unwrap_or_default();
    let moves = change.image_change.way_back.digest.is_some();
    if moves { format!(", which ran: {} may be another image by now, or none", printable(tag)) } else { String::new() }
}

/// The pods that failed went with their template; what was said of them is still there.
fn events_of_pods(change: &ChangeInProgress<'_>) -> Command {
    let of_pods = "involvedObject.kind=Pod,type=Warning";
    Command::new("kubectl get events").flag("--field-selector", of_pods).scope(change.run.scope())
}

/// Writes the images back, unless someone else has changed them since.
async fn images(change: &ChangeInProgress<'_>, why: &str, seen: Option<String>) -> Outcome<()> {
    let (mut last, ended) = (None, ended(change, why, seen));
    for attempt in 0..=ATTEMPTS {
        // The last look only finds out what became of the write before it.
        match once(change, &ended, attempt < ATTEMPTS).await {
            Ok(Seen::Back) => return Ok(()),
            Ok(Seen::Foreign) => {
                let text = format!("{} was changed by someone else meanwhile; left as it is", change.workload);
                return Err(Failure::changed(text));
            }
            Ok(Seen::Unchanged) => {}
            Err(error) => {
                last = Some(error);
                sleep(FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(attempt))).await;
            }
        }
    }
    Err(last.map_or_else(|| Failure::failed("RollbackFailed", "not taken back"), Failure::from))
}

enum Seen {
    Back,
    /// As it was written by this run; nothing was tried.
    Unchanged,
    Foreign,
}

async fn once(change: &ChangeInProgress<'_>, ended: &ImageRecord, may_write: bool) -> Result<Seen, ApiError> {
    let cluster = &change.run.cluster;
    let now = again(cluster, change.workload).await?;
    let mut recorded = recorded_on(&now);
    let (record, template) = (&change.image_change.record, containers_of(&now));
    if record.is_taken_back_in(&template) {
        change.is_recorded.set(recorded.is_of(record));
        return Ok(Seen::Back);
    }
    if !change.is_last_in(&recorded) || !record.is_in(&template) {
        return Ok(Seen::Foreign);
    }
    if !may_write {
        return Ok(Seen::Unchanged);
    }
    // The record is replaced by its own ending; it does not become history beside it.
    recorded.current = None;
    let patch = change.image_change.backward(&now, &recorded, ended, change.at());
    let stored = cluster.apply(&patch, DryRun::None).await?;
    change.is_recorded.set(recorded.has_room_for(ended));
    stored_without_record(change, &stored);
    Ok(Seen::Back)
}

fn ended(change: &ChangeInProgress<'_>, why: &str, seen: Option<String>) -> ImageRecord {
    let record = change.image_change.record.concluded(RunResult::RolledBack, change.run.millis(), seen);
    let because = format!("taken back at {:.0}: {why}", Timestamp::now());
    let reason = if record.reason.is_empty() { because } else { format!("{}; {because}", record.reason) };
    ImageRecord { reason: printable(&reason), ..record }
}

/// Waits a while for the pods of before; that they come is the controller's work, not ours. Gives what they wait for that
/// a person has to do.
async fn follow(change: &ChangeInProgress<'_>) -> Option<Held> {
    let there = until(later(GRACE), POLL, async || {
        let Ok(now) = again(&change.run.cluster, change.workload).await else { return ControlFlow::Continue(()) };
        match rollout_status(&now) {
            RolloutStatus::Done => ControlFlow::Break(Some(now)),
            // It was stuck before, and is again.
            RolloutStatus::Failed(_) => ControlFlow::Break(None),
            RolloutStatus::Waiting(_) => ControlFlow::Continue(()),
        }
    });
    let Some(Some(now)) = there.await else { return stuck(change).await };
    let word = match is_as_before(change).await {
        Some(true) => "as before",
        Some(false) => "not as before",
        None => "available",
    };
    change.run.progress.step(word, &format!("{} of {} pods available", now.available, now.replicas));
    None
}

/// A pod of what failed that its StatefulSet waits for, and never replaces.
async fn stuck(change: &ChangeInProgress<'_>) -> Option<Held> {
    let cluster = &change.run.cluster;
    let (mut now, pods) = workload_and_pods(cluster, change.workload).await.ok()?;
    now.revision = template_of(cluster, &now).await.ok().flatten().or(now.revision);
    let (name, back) = (&change.image_change.containers[0].name, change.image_change.back_to());
    let asks = |pod: &Pod| pod.image_of(name).is_some_and(|asked| is_named(asked, &back));
    let sorted = RolloutPods::of(&now, &pods, asks);
    let hold = sorted.hold(&now, Timestamp::now()).filter(|hold| matches!(hold, Hold::Stuck(_)))?;
    let held = Held::of(change, &hold, &sorted);
    change.run.progress.step("held", &format!("{}: {}", held.text, held.command));
    Some(held)
}

/// Whether pods run what ran before, and not only what is called so.
async fn is_as_before(change: &ChangeInProgress<'_>) -> Option<bool> {
    let (_, pods) = workload_and_pods(&change.run.cluster, change.workload).await.ok()?;
    let made = change.image_change;
    made.way_back.is_as_before(&digests_of(&pods, &made.containers[0].name, &made.back_to()))
}
