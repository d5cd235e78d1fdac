//! Whether we may write what we plan to write, asked before a person is.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    match &case.snapshot.may_patch {
        Ok(true) => Vec::new(),
        Ok(false) => {
            let who = case.snapshot.who.as_deref().map(|who| format!("{who} ")).unwrap_or_default();
            vec![
                case.blocks(ids::FORBIDDEN, format!("{who}may not patch {workload}"))
                    .mend("docs/permissions.md has the Role"),
            ]
        }
        Err(why) => vec![case.not_checked(ids::FORBIDDEN, "permission to patch", why)],
    }
}
