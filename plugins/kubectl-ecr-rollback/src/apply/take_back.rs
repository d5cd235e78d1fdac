//! Taking a failed change back by itself: the template gets the images that it had.

use std::ops::ControlFlow;
use std::time::Duration;

use jiff::Timestamp;
use release_cluster::apply::DryRun;
use release_cluster::exchange::ApiError;
use release_cluster::wait::{later, until};
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::record::RunResult;
use release_core::text::printable;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use tokio::time::sleep;

use super::conclude;
use super::in_progress::ChangeInProgress;
use crate::container_image::containers_of;
use crate::record::{ImageRecord, recorded_on};
use crate::snapshot::read::again;
use crate::words::pinned_short;

/// Unclear answers and races with notes of our own are looked at and tried again this often.
const ATTEMPTS: u32 = 4;
/// After the first failure; doubled each time, so that an outage of a few seconds is sat out.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long the old pods are waited for.
const GRACE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(250);

/// Takes the change back and says so.
pub async fn all(change: &ChangeInProgress<'_>, failure: Failure, seen: Option<String>) -> Failure {
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
    let from = pinned_short(change.image_change.from());
    run.progress.step("taken back", &format!("to {from}"));
    follow(change).await;
    conclude::taken_back(change, &failure).await;
    let text = format!("failed and was taken back; {} asks for {from} again\n{}", change.workload, failure.message);
    Failure::new(Exit::RolledBack, "RolledBack", text).look(events_of_pods(change))
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
    if record.was_left_for(&template) {
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
    cluster.apply(&patch, DryRun::None).await?;
    change.is_recorded.set(recorded.has_room_for(ended));
    Ok(Seen::Back)
}

fn ended(change: &ChangeInProgress<'_>, why: &str, seen: Option<String>) -> ImageRecord {
    let record = change.image_change.record.concluded(RunResult::RolledBack, change.run.millis(), seen);
    let because = format!("taken back at {:.0}: {why}", Timestamp::now());
    let reason = if record.reason.is_empty() { because } else { format!("{}; {because}", record.reason) };
    ImageRecord { reason: printable(&reason), ..record }
}

/// Waits a while for the pods of before; that they come is the controller's work, not ours.
async fn follow(change: &ChangeInProgress<'_>) {
    let there = until(later(GRACE), POLL, async || {
        let Ok(now) = again(&change.run.cluster, change.workload).await else { return ControlFlow::Continue(()) };
        match rollout_status(&now) {
            RolloutStatus::Done => ControlFlow::Break(Some(now)),
            // It was stuck before, and is again.
            RolloutStatus::Failed(_) => ControlFlow::Break(None),
            RolloutStatus::Waiting(_) => ControlFlow::Continue(()),
        }
    });
    if let Some(Some(now)) = there.await {
        change.run.progress.step("as before", &format!("{} of {} pods available", now.available, now.replicas));
    }
}
