//! The same `init` again.

use release_core::checks::finding::Finding;
use release_core::command::{Command, Scope};
use release_core::failure::Next;

use crate::options::init::InitOptions;

/// With what blocks it overridden by name.
#[must_use]
pub fn all_the_same(blocking: &[&Finding], options: &InitOptions, scope: &Scope) -> Next {
    let more = blocking.iter().map(|finding| finding.id.as_str());
    let mut ids: Vec<&str> = options.weighing.force.iter().map(String::as_str).chain(more).collect();
    ids.dedup();
    let command = typed(options).option("--force", &ids.join(","));
    Next::Try(vec![command.scope(scope)], Some("after fixing, or knowing better".into()))
}

fn typed(options: &InitOptions) -> Command {
    Command::new("kubectl bluegreen init").arg(&options.service).args(&options.again)
}

/// What goes on from wherever a run ended.
#[must_use]
pub fn again(options: &InitOptions, scope: &Scope) -> Command {
    let command = typed(options);
    let force = options.weighing.force.join(",");
    let command = if force.is_empty() { command } else { command.option("--force", &force) };
    command.scope(scope)
}
