//! Whether we may write what we plan to write, asked before a person is.

use super::{Case, Finding};

const ID: &str = "forbidden";

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let workload = case.workload();
    match &case.snapshot.may_patch {
        Ok(true) => Vec::new(),
        Ok(false) => {
            let who = case.snapshot.who.as_deref().map(|who| format!("{who} ")).unwrap_or_default();
            vec![case.blocks(ID, format!("{who}may not patch {workload}")).fix("docs/permissions.md has the Role")]
        }
        Err(why) => vec![case.not_checked(ID, "permission to patch", why)],
    }
}
