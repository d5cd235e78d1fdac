//! The last notes of a move: its result in the record, and an Event. Nothing depends on them.

use futures::future::join_all;
use jiff::Timestamp;
use kubectl_release::change::{Action, Change, Op, annotation_pointer};
use kubectl_release::error::Failure;
use kubectl_release::event::{Notice, Regarding, event};
use kubectl_release::record::{CURRENT, Record};
use serde_json::json;

use super::Journey;
use crate::plan::service_path;
use kubectl_release::run::Run;

/// The move is proven.
pub async fn done(run: &Run, journeys: &[Journey<'_>]) {
    join_all(journeys.iter().map(|j| async move {
        let past = if j.movement.record.verb == "rollback" { "RolledBack" } else { "Switched" };
        let note = format!("{}, in {} ms", describe(j), run.millis());
        futures::join!(outcome(run, j, "done"), notice(run, j, past, &note, false));
    }))
    .await;
}

/// The move failed, and stays.
pub async fn left_as_is(run: &Run, journeys: &[Journey<'_>], failure: &Failure) {
    join_all(journeys.iter().map(|j| async move {
        let note = format!("{}: {}", describe(j), failure.message);
        futures::join!(outcome(run, j, "failed"), notice(run, j, "SwitchFailed", &note, true));
    }))
    .await;
}

/// The move failed and was taken back; the record of the way back is complete already.
pub async fn rolled_back(run: &Run, journeys: &[Journey<'_>], failure: &Failure) {
    join_all(journeys.iter().map(|j| async move {
        let note = format!("{} failed and was rolled back: {}", describe(j), failure.message);
        notice(run, j, "SwitchRolledBack", &note, true).await;
    }))
    .await;
}

/// The write itself was refused.
pub async fn attempt_failed(run: &Run, journey: &Journey<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(journey), failure.message);
    notice(run, journey, "SwitchFailed", &note, true).await;
}

fn describe(journey: &Journey<'_>) -> String {
    let r = &journey.movement.record;
    let reason = if r.reason.is_empty() { String::new() } else { format!(" ({})", r.reason) };
    format!("{} {}: {} -> {} by {}{reason}", r.verb, r.key, r.from, r.to, r.by)
}

/// Only where the record is still the one that we wrote.
async fn outcome(run: &Run, journey: &Journey<'_>, result: &str) {
    let written = &journey.movement.record;
    let finished = Record { result: Some(result.into()), millis: Some(run.millis()), ..written.clone() };
    let pointer = annotation_pointer(CURRENT);
    let ops = vec![Op::test(&pointer, json!(written).to_string()), Op::replace(&pointer, json!(finished).to_string())];
    let change = Change {
        object: format!("service/{}", journey.movement.service),
        path: service_path(&journey.movement.namespace, &journey.movement.service),
        action: Action::JsonPatch(ops),
        summary: format!("record: {result}"),
        undo: None,
    };
    // A record without a result is what a run that was cut off leaves; status explains it.
    if let Err(error) = run.cluster.apply(&change, run.write_mode()).await {
        eprintln!("note: the result was not recorded on service/{}: {}", journey.movement.service, error.short());
    }
}

async fn notice(run: &Run, journey: &Journey<'_>, reason: &str, note: &str, warning: bool) {
    let movement = journey.movement;
    let id = format!("{}.{}", movement.record.id, reason.to_lowercase());
    let notice = Notice {
        namespace: &movement.namespace,
        regarding: Regarding {
            api_version: "v1",
            kind: "Service",
            name: &movement.service,
            uid: journey.subject.service.metadata.uid.as_deref().unwrap_or_default(),
        },
        id: &id,
        controller: "kubectl-bluegreen",
        warning,
        reason,
        action: if movement.record.verb == "rollback" { "Rollback" } else { "Switch" },
        note,
    };
    if let Err(error) = run.cluster.apply(&event(&notice, Timestamp::now()), run.write_mode()).await {
        eprintln!("note: no Event was recorded on service/{}: {}", movement.service, error.short());
    }
}
