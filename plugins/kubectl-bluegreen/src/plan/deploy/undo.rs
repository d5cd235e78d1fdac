//! What takes the writes that prepare a color back.

use release_core::command::{Command, Scope, patch_command};
use release_core::release::change::{Op, json_patch};
use release_core::workload::twin::ImageEdit;
use serde_json::Value;

use crate::prepared::Prepared;

/// The bare kubectl command that puts images and size back, where the workload still has those that were written:
/// pasted after somebody else's change it fails, and overwrites nothing.
#[must_use]
pub fn undo(one: &Prepared, idle: &Value, scope: &Scope) -> Command {
    let back = one.edits.iter().filter(|edit| !edit.is_so()).map(back);
    let ops: Vec<Op> = back.flat_map(|edit| edit.ops()).chain(size_back(one, idle)).collect();
    patch_command(&one.reference(), scope, &json_patch(&ops))
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

fn back(edit: &ImageEdit) -> ImageEdit {
    let mut back = edit.clone();
    std::mem::swap(&mut back.container.image, &mut back.to);
    back
}

fn size_back(one: &Prepared, idle: &Value) -> Vec<Op> {
    if one.replicas() == one.size() {
        return Vec::new();
    }
    let before = idle["spec"]["replicas"].clone();
    vec![Op::test("/spec/replicas", one.size()), Op::add("/spec/replicas", before)]
}
