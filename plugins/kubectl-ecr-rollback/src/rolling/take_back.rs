//! Taking a failed change back by itself: the template gets the images that it had.

use std::time::Duration;

use jiff::Timestamp;
use kubectl_release::cluster::apply::DryRun;
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Exit, Failure, Outcome};
use kubectl_release::record::printable;
use kubectl_release::rollout_status::{RolloutStatus, rollout_status};
use tokio::time::{Instant, sleep};

use super::write::is_ours;
use super::{Journey, conclude};
use crate::placement::places;
use crate::plan::{At, pinned_short};
use crate::record::{ROLLED_BACK, Record, Recorded};
use crate::snapshot::again;

/// Unclear answers and races with notes of our own are looked at and tried again this often.
const ATTEMPTS: u32 = 4;
/// After the first failure; doubled each time, so that an outage of a few seconds is sat out.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
/// How long the old pods are waited for.
const GRACE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(250);

/// Takes the change back and says so.
pub async fn all(journey: &Journey<'_>, failure: Failure) -> Failure {
    let run = journey.run;
    run.progress.step("failed", &failure.message);
    run.stands(format!("interrupted while {} was taken back: see {}", journey.workload, journey.look()));
    if let Err(why) = images(journey, &failure.message).await {
        let change =
            journey.roll.change(journey.workload, journey.recorded, &run.cluster.namespace, &run.cluster.flags);
        let text = format!(
            "{}\n{} still asks for {}: {}",
            failure.message,
            journey.workload,
            pinned_short(&journey.roll.to),
            why.message
        );
        let exit = if why.exit == Exit::Changed { Exit::Changed } else { Exit::Failed };
        return Failure::new(exit, "RollbackFailed", text).next(change.undo.unwrap_or_default());
    }
    let from = pinned_short(journey.roll.from());
    run.progress.step("taken back", &format!("to {from}"));
    follow(journey).await;
    conclude::taken_back(journey, &failure).await;
    Failure {
        exit: Exit::RolledBack,
        reason: "RolledBack",
        message: format!("failed and was taken back; {} asks for {from} again\n{}", journey.workload, failure.message),
        next: failure.next,
    }
}

/// Writes the images back, unless someone else has changed them since.
async fn images(journey: &Journey<'_>, why: &str) -> Outcome<()> {
    let mut last = None;
    for attempt in 0..=ATTEMPTS {
        // The last look only finds out what became of the write before it.
        match once(journey, why, attempt < ATTEMPTS).await {
            Ok(Seen::Back) => return Ok(()),
            Ok(Seen::Foreign) => {
                let text = format!("{} was changed by someone else meanwhile; left as it is", journey.workload);
                return Err(Failure::changed(text));
            }
            Ok(Seen::Standing) => {}
            Err(error) => {
                last = Some(error);
                sleep(FIRST_PAUSE * 2_u32.pow(attempt)).await;
            }
        }
    }
    Err(last.map_or_else(|| Failure::failed("RollbackFailed", "not taken back"), Failure::from))
}

enum Seen {
    Back,
    /// As it was written by this run; nothing was tried.
    Standing,
    Foreign,
}

async fn once(journey: &Journey<'_>, why: &str, may_write: bool) -> Result<Seen, ApiError> {
    let cluster = &journey.run.cluster;
    let now = again(cluster, journey.workload).await?;
    let mut recorded = Recorded::read(now.metadata.annotations.as_ref());
    let (record, template) = (&journey.roll.record, places(&now));
    if record.was_left_for(&template) {
        return Ok(Seen::Back);
    }
    if !is_ours(&recorded, record) || !record.is_in(&template) {
        return Ok(Seen::Foreign);
    }
    if !may_write {
        return Ok(Seen::Standing);
    }
    // The record is replaced by its own ending; it does not become history beside it.
    recorded.current = None;
    let ended = ended(journey, why);
    let at = At { namespace: &cluster.namespace, flags: &cluster.flags };
    let change = journey.roll.take_back(&now, &recorded, &ended, at);
    cluster.apply(&change, DryRun::None).await.map(|_| Seen::Back)
}

fn ended(journey: &Journey<'_>, why: &str) -> Record {
    let record = journey.roll.record.clone();
    let because = format!("taken back at {:.0}: {why}", Timestamp::now());
    let reason = if record.reason.is_empty() { because } else { format!("{}; {because}", record.reason) };
    Record {
        result: Some(ROLLED_BACK.to_owned()),
        millis: Some(journey.run.millis()),
        reason: printable(&reason),
        ..record
    }
}

/// Waits a while for the pods of before; that they come is the controller's work, not ours.
async fn follow(journey: &Journey<'_>) {
    let began = Instant::now();
    while began.elapsed() < GRACE {
        if let Ok(now) = again(&journey.run.cluster, journey.workload).await {
            match rollout_status(&now) {
                RolloutStatus::Done => {
                    let text = format!("{} of {} pods available", now.available, now.replicas);
                    journey.run.progress.step("as before", &text);
                    return;
                }
                // It was stuck before, and is again.
                RolloutStatus::Failed(_) => return,
                RolloutStatus::Waiting(_) => {}
            }
        }
        sleep(POLL).await;
    }
}
