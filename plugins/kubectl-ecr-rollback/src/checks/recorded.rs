//! What the record of earlier rollbacks says against this one.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::release::record::RunResult;

use super::case::Case;
use crate::record::Moved;
use crate::words::{pinned_short, when};

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let recorded = &case.snapshot.recorded;
    let unreadable = recorded.unreadable.as_ref().map(|why| {
        let finding = case.warns(ids::RECORD, format!("{why}; it will be overwritten"));
        finding.mend("look who edits it")
    });
    unreadable.into_iter().chain(failed_before(case)).collect()
}

/// The same image was tried and taken back: it would most likely fail again.
fn failed_before(case: &Case<'_>) -> Option<Finding> {
    let record = case.snapshot.recorded.all().find(|record| {
        let same = |m: &Moved| m.name == case.selected.container() && m.to == case.change.to;
        record.result == Some(RunResult::RolledBack) && record.containers.iter().any(same)
    })?;
    let message = format!("{} failed at {} and was taken back", pinned_short(&case.change.to), when(record.at));
    Some(case.warns(ids::FAILED_BEFORE, message).mend("--steps 2 goes to the one before it"))
}
