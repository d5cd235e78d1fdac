//! The same deploy again.

use std::collections::BTreeSet;

use release_core::checks::finding::Finding;
use release_core::command::{Command, Scope};
use release_core::failure::Next;

use crate::checks::EMPTY_TARGET;
use crate::options::deploy::DeployOptions;

/// What goes on from wherever a run ended.
#[must_use]
pub fn again(options: &DeployOptions, scope: &Scope) -> Command {
    forced(options, &[], scope)
}

/// With what blocks it overridden by name; what nothing overrides has to be mended first.
#[must_use]
pub fn all_the_same(blocking: &[&Finding], options: &DeployOptions, scope: &Scope) -> Next {
    let absolute = blocking.iter().find(|finding| finding.id == EMPTY_TARGET);
    if absolute.is_some() {
        let status = Command::new("kubectl bluegreen status").arg(&options.service).scope(scope);
        return Next::Look(status, None);
    }
    let ids: Vec<&str> = blocking.iter().map(|finding| finding.id.as_str()).collect();
    Next::Try(vec![forced(options, &ids, scope)], Some("after fixing, or knowing better".into()))
}

fn forced(options: &DeployOptions, more: &[&str], scope: &Scope) -> Command {
    let command = Command::new("kubectl bluegreen deploy").arg(&options.service);
    let command = options.to.iter().fold(command, |command, color| command.flag("--to", color));
    let command = command.args(&options.again);
    let mut known = BTreeSet::new();
    let all = options.movement.weighing.force.iter().map(String::as_str).chain(more.iter().copied());
    let ids: Vec<&str> = all.filter(|id| known.insert(*id)).collect();
    let command = if ids.is_empty() { command } else { command.option("--force", &ids.join(",")) };
    command.scope(scope)
}
