//! What the record of earlier rollbacks says against this one.

use super::{Case, Finding};
use crate::plan::{pinned_short, when};
use crate::record::ROLLED_BACK;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let recorded = &case.snapshot.recorded;
    let unreadable = recorded.unreadable.as_ref().map(|why| {
        let finding = case.warns("record", format!("{why}; it will be overwritten"));
        finding.fix("look who edits it")
    });
    unreadable.into_iter().chain(failed_before(case)).collect()
}

/// The same image was tried and taken back: it would most likely fail again.
fn failed_before(case: &Case<'_>) -> Option<Finding> {
    let recorded = &case.snapshot.recorded;
    let record = recorded.current.iter().chain(&recorded.history).find(|record| {
        let same = |m: &crate::record::Moved| m.name == case.selected.container() && m.to == case.roll.to;
        record.result.as_deref() == Some(ROLLED_BACK) && record.containers.iter().any(same)
    })?;
    let message = format!("{} failed at {} and was taken back", pinned_short(&case.roll.to), when(record.at));
    Some(case.warns("failed-before", message).fix("--steps 2 goes to the one before it"))
}
