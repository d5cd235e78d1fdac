//! The last notes of a change: its result in the record, and an Event. Nothing depends on them.

use jiff::Timestamp;
use kubectl_release::error::Failure;
use kubectl_release::event::{Notice, Regarding, event};

use super::Journey;
use super::write::is_ours;
use crate::plan::outcome;
use crate::record::{DONE, FAILED, Record, Recorded};
use crate::snapshot::workload_and_pods;

/// The rollout is done.
pub async fn done(journey: &Journey<'_>) {
    let past = if journey.roll.record.verb == "unpin" { "Unpinned" } else { "RolledBack" };
    let note = format!("{}, in {} ms", describe(journey), journey.run.millis());
    notice(journey, past, &note, false).await;
    // Last of all: with it this rollback is over, and `--again` goes one further. Whoever is killed
    // before it takes the same one up.
    result(journey, DONE).await;
}

/// It failed, and stays.
pub async fn left_as_is(journey: &Journey<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(journey), failure.message);
    futures::join!(result(journey, FAILED), notice(journey, "RollbackFailed", &note, true));
}

/// It failed and was taken back; the record says so already.
pub async fn taken_back(journey: &Journey<'_>, failure: &Failure) {
    let note = format!("{} failed and was taken back: {}", describe(journey), failure.message);
    notice(journey, "RollbackTakenBack", &note, true).await;
}

/// The write itself was refused.
pub async fn attempt_failed(journey: &Journey<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(journey), failure.message);
    notice(journey, "RollbackFailed", &note, true).await;
}

fn describe(journey: &Journey<'_>) -> String {
    let record = &journey.roll.record;
    let reason = if record.reason.is_empty() { String::new() } else { format!(" ({})", record.reason) };
    format!("{} {} by {}{reason}", record.verb, journey.roll.summary(), record.by)
}

/// Only where the record is still the one that was written.
async fn result(journey: &Journey<'_>, result: &str) {
    let record = &journey.roll.record;
    let finished = Record { result: Some(result.to_owned()), millis: Some(journey.run.millis()), ..record.clone() };
    let change = outcome(record, &finished, journey.workload, &journey.run.cluster.namespace);
    // A record without a result is what a run that was cut off leaves; the next run takes it up.
    // Another run that watched the same rollout may have been faster.
    if let Err(error) = journey.run.cluster.apply(&change, journey.run.write_mode()).await
        && !is_concluded(journey).await
    {
        eprintln!("note: the result was not recorded on {}: {}", journey.workload, error.short());
    }
}

async fn is_concluded(journey: &Journey<'_>) -> bool {
    let read = workload_and_pods(&journey.run.cluster, journey.workload).await;
    read.is_ok_and(|(now, _)| {
        let recorded = Recorded::read(now.metadata.annotations.as_ref());
        is_ours(&recorded, &journey.roll.record) && recorded.current.is_some_and(|record| !record.is_open())
    })
}

async fn notice(journey: &Journey<'_>, reason: &str, note: &str, warning: bool) {
    let (run, workload) = (journey.run, journey.workload);
    let id = format!("{}.{}", journey.roll.record.id, reason.to_lowercase());
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
        eprintln!("note: no Event was recorded on {workload}: {}", error.short());
    }
}
