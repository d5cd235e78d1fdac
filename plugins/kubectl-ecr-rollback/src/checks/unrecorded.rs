//! Whether these words were typed before, where no record tells.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(cause) = &case.chosen.unrecorded else { return Vec::new() };
    let message = format!("a rollback led to what it asks for, and its record is gone (change-cause: {cause})");
    vec![case.asks(ids::UNRECORDED, message).mend("--again goes one further; --if-running TAG says from where")]
}
