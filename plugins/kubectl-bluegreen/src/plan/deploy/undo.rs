//! What takes the writes that prepare a color back.

use release_core::command::{Command, Scope, patch_command};
use release_core::release::change::{Op, inverse, json_patch};
use serde_json::Value;

use crate::prepared::Prepared;

/// The bare kubectl command that puts back what a patch of the workload wrote, where that is still there: pasted
/// after somebody else's change it fails, and overwrites nothing.
#[must_use]
pub fn undo(one: &Prepared, ops: &[Op], scope: &Scope) -> Command {
    patch_command(&one.reference(), scope, &json_patch(&inverse(ops)))
}

/// Of a template that was synced, the revision before. It holds values that nobody has to see, and has no
/// condition: it is for whoever knows that nobody has changed it since.
#[must_use]
pub fn undo_sync(one: &Prepared, idle: &Value, scope: &Scope) -> Command {
    let command = Command::new("kubectl rollout undo").arg(one.reference());
    let number = idle["metadata"]["annotations"]["deployment.kubernetes.io/revision"].as_str();
    let number = number.filter(|number| number.parse::<u64>().is_ok());
    number.into_iter().fold(command, |command, number| command.option("--to-revision", number)).scope(scope)
}
