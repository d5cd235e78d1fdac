//! Writing the images: one conditional patch.

use release_cluster::apply::DryRun;
use release_cluster::conditional::{Found, Unwritten, Written};
use release_cluster::exchange::ApiError;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::Workload;
use serde_json::Value;

use super::conclude;
use super::in_progress::ChangeInProgress;
use crate::record::{RecordedImages, recorded_on};
use crate::snapshot::read::again;
use crate::words::pinned_short;
use release_core::workload::container_image::containers_of;

/// Makes the write and finds out what became of it.
///
/// # Errors
/// Exit 1 where it was refused or isn't known to have been made, 3 where something that it relies
/// on was changed by someone else.
pub async fn write(change: &ChangeInProgress<'_>) -> Outcome<()> {
    let run = change.run;
    let cluster = &run.cluster;
    let patch = change.forward();
    run.stands(format!("interrupted while {} was being written: see {}", patch.object, change.look()));
    let written = cluster.write_if_unchanged(&patch, run.write_mode(), async || look(change).await).await;
    match written {
        Ok(Written::ReadBack(error)) if error.leaves_write_unclear() => {
            run.progress.step("read back", &format!("{error}; the change is there"));
        }
        Ok(Written::Answered(stored)) => stored_without_record(change, &stored),
        Ok(Written::ReadBack(_)) => {}
        Err(unwritten) => {
            let refused = if let Unwritten::Refused(error) = &unwritten { error.code() } else { None };
            let failure = unwritten.failure(&patch.object, "changed", change.look());
            let failure = taken_alone(change, refused, failure).await;
            conclude::attempt_failed(change, &failure).await;
            return Err(failure);
        }
    }
    let to = pinned_short(&change.image_change.to);
    let text = format!("interrupted: {} asks for {to} now, its rollout goes on", patch.object);
    run.stands_with(&text, [("Watch", change.again()), ("Back", change.undo())]);
    run.progress.step("written", &format!("{} {}", names(change), patch.summary));
    if !change.is_recorded.get() {
        let repeated = "nothing tells a repetition, use --if-running";
        run.progress.step("not recorded", &format!("{}; {repeated}", why_unrecorded(change)));
    }
    run.progress.step("undo", &change.undo().to_string());
    Ok(())
}

/// The answer shows what admission has made of the write: a record that isn't in it is none.
pub fn stored_without_record(change: &ChangeInProgress<'_>, stored: &Value) {
    let is_there = RecordedImages::in_object(stored).is_of(&change.image_change.record);
    change.is_recorded.set(change.is_recorded.get() && is_there);
}

/// An admission policy may refuse what stands beside the images: where the API server would take these alone, that is
/// the way out. `refused` is the code of the refusal.
pub async fn taken_alone(change: &ChangeInProgress<'_>, refused: Option<u16>, failure: Failure) -> Failure {
    if !matches!(refused, Some(400 | 403 | 422)) {
        return failure;
    }
    let (run, image_change) = (change.run, change.image_change);
    let alone = image_change.alone(change.workload, change.at());
    if run.cluster.apply(&alone, DryRun::Server).await.is_err() {
        return failure;
    }
    let command = image_change.by_hand(change.workload, run.scope());
    let note = "the image alone would be taken: our annotations are refused; nothing will tell of it".to_owned();
    failure.next(Next::Try(vec![command], Some(note)))
}

/// There is no room, or something takes it away.
fn why_unrecorded(change: &ChangeInProgress<'_>) -> &'static str {
    if change.recorded.has_room_for(&change.image_change.record) {
        "an admission policy or webhook takes its annotation away"
    } else {
        "no room beside other annotations"
    }
}

fn names(change: &ChangeInProgress<'_>) -> String {
    let names: Vec<&str> = change.image_change.containers.iter().map(|one| one.name.as_str()).collect();
    names.join(", ")
}

/// Reads the workload back.
async fn look(change: &ChangeInProgress<'_>) -> Result<Found, ApiError> {
    let cluster = &change.run.cluster;
    let now = again(cluster, change.workload).await?;
    let recorded = recorded_on(&now);
    let template = containers_of(&now);
    let record = &change.image_change.record;
    if change.is_last_in(&recorded) && record.is_in(&template) {
        return Ok(Found::Ours);
    }
    let as_planned = record.was_left_for(&template) && recorded.raw_current == change.recorded.raw_current;
    if as_planned && is_same(&now, change.workload) {
        let anew = change.forward_beside(&now, &recorded);
        return Ok(Found::Untouched(Box::new(anew)));
    }
    let by = recorded.current.filter(|_| recorded.raw_current != change.recorded.raw_current);
    let by = by.map(|r| format!(" ({} by {})", r.verb, r.by)).unwrap_or_default();
    let text = format!("{now} was changed by someone else meanwhile{by}; nothing was overwritten");
    Ok(Found::Changed(Failure::changed(text).look(change.look())))
}

/// One that was deleted and made again is another.
fn is_same(now: &Workload, planned: &Workload) -> bool {
    now.metadata.uid == planned.metadata.uid
}
