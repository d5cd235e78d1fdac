//! Whether the move could be written at all, where that was asked for: whoever runs the checks may be
//! somebody else than who switches, so it is told and stops nothing.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::command::Command;

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let name = case.view.name();
    let (written, scope) = match &case.view.route {
        Some(route) => (route.name.as_str(), route.scope(case.scope())),
        None => (name, case.scope().clone()),
    };
    let what = format!("{}/{written}", case.view.router_kind().plural());
    let can_i = || Command::new("kubectl auth can-i patch").arg(what.clone()).scope(&scope);
    let decider = case.view.decider(&case.snapshot.namespace);
    let found = match case.snapshot.may_patch.get(name) {
        Some(Ok(false)) => {
            Some(case.warns(ids::SWITCH_FORBIDDEN, format!("you may not patch {decider}")).mend(can_i()))
        }
        Some(Err(why)) => Some(case.not_checked(ids::SWITCH_FORBIDDEN, "selfsubjectaccessreviews", why)),
        Some(Ok(true)) | None => None,
    };
    found.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::checks::testing::{World, told};

    #[test]
    fn a_right_that_is_missing_is_told_where_it_was_asked_for() {
        let with = |may_patch| told(&World { may_patch, ..World::healthy() }.findings(check));
        assert!(with(None).is_empty());
        assert!(with(Some(Ok(true))).is_empty());
        assert_eq!(with(Some(Ok(false))), ["! switch-forbidden"]);
        assert_eq!(with(Some(Err("timed out".into()))), ["? switch-forbidden"]);
    }
}
