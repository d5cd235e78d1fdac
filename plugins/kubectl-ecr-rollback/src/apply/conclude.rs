//! The last notes of a change: its result in the record, and an Event. Nothing depends on them.

use jiff::Timestamp;
use release_cli::verb::say_unwritten;
use release_core::failure::Failure;
use release_core::release::event::{Notice, Regarding, event};
use release_core::release::record::RunResult;

use super::in_progress::ChangeInProgress;
use crate::plan::image_change::note_of;
use crate::record::{ImageRecord, RecordVerb, recorded_on};
use crate::snapshot::read::again;

/// The rollout is done.
pub async fn done(change: &ChangeInProgress<'_>) {
    let past = match change.image_change.record.verb {
        RecordVerb::Rollback | RecordVerb::Other(_) => "RolledBack",
        RecordVerb::Forward => "MovedForward",
        RecordVerb::Unpin => "Unpinned",
    };
    let note = format!("{}, in {} ms", describe(change), change.run.millis());
    notice(change, past, &note, false).await;
    // Last of all: with it this rollback is over, and `--again` goes one further. Whoever is killed
    // before it takes the same one up.
    result(change, RunResult::Done, None).await;
}

/// It failed, and stays; `seen` is what was seen of its pods.
pub async fn left_as_is(change: &ChangeInProgress<'_>, failure: &Failure, seen: Option<String>) {
    let note = format!("{}: {}", describe(change), failure.message);
    let reason = reason(change, "Failed");
    futures::join!(result(change, RunResult::Failed, seen), notice(change, &reason, &note, true));
}

/// It goes on, or waits for a person.
pub async fn unfinished(change: &ChangeInProgress<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(change), failure.message);
    let reason = reason(change, "Unfinished");
    futures::join!(result(change, RunResult::Unfinished, None), notice(change, &reason, &note, true));
}

/// It failed and was taken back; the record says so already.
pub async fn taken_back(change: &ChangeInProgress<'_>, failure: &Failure) {
    let note = format!("{} failed and was taken back: {}", describe(change), failure.message);
    notice(change, &reason(change, "TakenBack"), &note, true).await;
}

/// The write itself was refused.
pub async fn attempt_failed(change: &ChangeInProgress<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(change), failure.message);
    notice(change, &reason(change, "Failed"), &note, true).await;
}

/// `RollbackFailed`, `ForwardFailed`
fn reason(change: &ChangeInProgress<'_>, end: &str) -> String {
    let what = if change.image_change.record.verb == RecordVerb::Forward { "Forward" } else { "Rollback" };
    format!("{what}{end}")
}

fn describe(change: &ChangeInProgress<'_>) -> String {
    let record = &change.image_change.record;
    let reason = if record.reason.is_empty() { String::new() } else { format!(" ({})", record.reason) };
    format!("{} {} by {}{reason}", record.verb, change.image_change.summary(), record.by)
}

/// Only where there is a record, and where it is still the one that was written, or another run has noted that it goes on.
async fn result(change: &ChangeInProgress<'_>, result: RunResult, seen: Option<String>) {
    if !change.is_recorded.get() || change.is_over {
        return;
    }
    let (run, workload) = (change.run, change.workload);
    let ended = change.image_change.record.concluded(result, run.millis(), seen);
    let note = |written: &ImageRecord| note_of(written, &ended, workload, &run.cluster.namespace);
    // A record without a result is what a run that was cut off leaves; the next run takes it up.
    // Another run that watched the same rollout may have been faster.
    let Err(error) = run.cluster.apply(&note(&change.image_change.record), run.write_mode()).await else { return };
    let noted = again(&run.cluster, workload).await.map(|now| recorded_on(&now));
    let of_this = noted.ok().filter(|now| now.is_of(&ended)).and_then(|now| now.current);
    let unwritten = match of_this {
        Some(now) if !now.is_open() => None,
        Some(now) if now != change.image_change.record => run.cluster.apply(&note(&now), run.write_mode()).await.err(),
        _ => Some(error),
    };
    if let Some(error) = unwritten {
        say_unwritten(&format!("the result was not recorded on {workload}"), &error);
    }
}

async fn notice(change: &ChangeInProgress<'_>, reason: &str, note: &str, warning: bool) {
    if change.is_over {
        return;
    }
    let (run, workload) = (change.run, change.workload);
    let id = format!("{}.{}", change.image_change.record.id, reason.to_lowercase());
    let notice = Notice {
        namespace: &run.cluster.namespace,
        regarding: Regarding {
            api_version: "apps/v1",
            kind: workload.kind.kind(),
            name: workload.name(),
            uid: workload.metadata.uid.as_deref().unwrap_or_default(),
        },
        id: &id,
        controller: "kubectl-ecr-rollback",
        warning,
        reason,
        action: "Rollback",
        note,
    };
    // Of several runs that watched one rollout, the first has recorded the Event of this id.
    if let Err(error) = run.cluster.apply(&event(&notice, Timestamp::now()), run.write_mode()).await
        && error.code() != Some(409)
    {
        say_unwritten(&format!("no Event was recorded on {workload}"), &error);
    }
}
