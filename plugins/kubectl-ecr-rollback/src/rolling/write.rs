//! Writing the images: one conditional patch.

use kubectl_release::cluster::conditional::{Found, Written};
use kubectl_release::cluster::exchange::ApiError;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Workload;

use super::{Journey, conclude};
use crate::placement::places;
use crate::plan::pinned_short;
use crate::record::{Record, Recorded};
use crate::snapshot::again;

/// Makes the write and finds out what became of it.
///
/// # Errors
/// Exit 1 where it was refused or isn't known to have been made, 3 where something that it relies
/// on was changed by someone else.
pub async fn write(journey: &Journey<'_>) -> Outcome<()> {
    let run = journey.run;
    let cluster = &run.cluster;
    let change = journey.roll.change(journey.workload, journey.recorded, &cluster.namespace, &cluster.flags);
    run.stands(format!("interrupted while {} was being written: see {}", change.object, journey.look()));
    let written = cluster.write_if_unchanged(&change, run.write_mode(), async || look(journey).await).await;
    match written {
        Ok(Written::ReadBack(error)) if error.leaves_write_unclear() => {
            run.progress.step("read back", &format!("{error}; the change is there"));
        }
        Ok(_) => {}
        Err(unwritten) => {
            let failure = unwritten.failure(&format!("{} was changed", change.object), &journey.look());
            conclude::attempt_failed(journey, &failure).await;
            return Err(failure);
        }
    }
    run.stands(format!(
        "interrupted: {} asks for {} now, its rollout goes on\nWatch: {}\nBack: {}",
        change.object,
        pinned_short(&journey.roll.to),
        journey.again(),
        change.undo.as_deref().unwrap_or_default()
    ));
    run.progress.step("written", &format!("{} {}", names(journey), change.summary));
    if let Some(undo) = &change.undo {
        run.progress.step("undo", undo);
    }
    Ok(())
}

fn names(journey: &Journey<'_>) -> String {
    let names: Vec<&str> = journey.roll.places.iter().map(|p| p.name.as_str()).collect();
    names.join(", ")
}

/// Reads the workload back.
async fn look(journey: &Journey<'_>) -> Result<Found, ApiError> {
    let cluster = &journey.run.cluster;
    let now = again(cluster, journey.workload).await?;
    let recorded = Recorded::read(now.metadata.annotations.as_ref());
    let template = places(&now);
    let record = &journey.roll.record;
    if is_ours(&recorded, record) && record.is_in(&template) {
        return Ok(Found::Ours);
    }
    let as_planned = record.was_left_for(&template) && recorded.raw_current == journey.recorded.raw_current;
    if as_planned && is_same(&now, journey.workload) {
        let change = journey.roll.change(&now, &recorded, &cluster.namespace, &cluster.flags);
        return Ok(Found::Untouched(Box::new(change)));
    }
    let by = recorded.current.filter(|_| recorded.raw_current != journey.recorded.raw_current);
    let by = by.map(|r| format!(" ({} by {})", r.verb, r.by)).unwrap_or_default();
    let text = format!("{now} was changed by someone else meanwhile{by}; nothing was overwritten");
    Ok(Found::Changed(Failure::changed(text).next(journey.look())))
}

/// True where the workload carries this run's record.
pub fn is_ours(recorded: &Recorded, record: &Record) -> bool {
    recorded.current.as_ref().is_some_and(|r| r.id == record.id)
}

/// One that was deleted and made again is another.
fn is_same(now: &Workload, planned: &Workload) -> bool {
    now.metadata.uid == planned.metadata.uid
}
