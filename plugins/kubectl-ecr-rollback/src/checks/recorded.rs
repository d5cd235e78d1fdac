//! What the record of earlier rollbacks says against this one.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::release::annotations::filled_by;
use release_core::release::record::RunResult;

use super::case::Case;
use crate::record::{ImageRecord, Moved};
use crate::words::{pinned_short, when};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let recorded = &case.snapshot.believed;
    let unreadable = recorded.unreadable.as_ref().map(|why| {
        let finding = case.warns(ids::RECORD, format!("{why}; it will be overwritten"));
        finding.mend("look who edits it")
    });
    unreadable.into_iter().chain(full(case)).chain(failed_before(case)).collect()
}

/// The change is made all the same: whoever fills annotations keeps no bad release running.
fn full(case: &Case<'_>) -> Option<Finding> {
    let recorded = &case.snapshot.recorded;
    if recorded.has_room_for(&case.change.record) {
        return None;
    }
    let filled = filled_by(case.workload().metadata.annotations.as_ref(), recorded.room.bytes);
    let finding = case.warns(ids::ANNOTATIONS_FULL, format!("{filled}: the image is written, and not recorded"));
    Some(finding.mend("take away what isn't needed: its controller copies them, and may find no room, either"))
}

/// The same image was tried and taken back: it would most likely fail again, and a job that is retried
/// would expose users to it again. A tag that is on another image since is another target. One whose pods
/// were never seen failing did not fail: it was held up, refused or given too little time.
pub fn failed_before(case: &Case<'_>) -> Option<Finding> {
    let record = case.snapshot.believed.all().find(|record| went_there(record, case))?;
    let seen = record.failure.as_ref().filter(|_| record.result == Some(RunResult::RolledBack))?;
    let to = pinned_short(&case.change.to);
    let message = format!("its record says that {to} failed at {} and was taken back: {seen}", when(record.at));
    let finding = case.blocks(ids::FAILED_BEFORE, message);
    Some(match &case.chosen.further {
        Some(further) => finding.mend(further.clone()),
        None => finding.mend("--force=failed-before once its cause is mended"),
    })
}

/// By digest where both are known, else by reference.
fn went_there(record: &ImageRecord, case: &Case<'_>) -> bool {
    let same = |moved: &Moved| match (&record.to_digest, &case.change.record.to_digest) {
        (Some(then), Some(now)) => then == now,
        _ => moved.to == case.change.to,
    };
    record.containers.iter().any(|moved| moved.name == case.selected.container() && same(moved))
}
