//! The writes that prepare a color.

use release_core::command::Command;
use release_core::kube::path::path_of;
use release_core::release::change::{Action, Change, Op};
use release_core::workload::twin::{Exchange, ImageEdit};
use serde_json::Value;

use super::autoscalers;
use super::preparing::Objects;
use crate::prepared::Prepared;
use crate::snapshot::Snapshot;

/// The writes, in their order: floors of autoscalers first, which would take away what is asked for, and
/// autoscalers of new workloads last.
#[must_use]
pub fn writes(prepared: &[Prepared], objects: &Objects, snapshot: &Snapshot, exchange: &Exchange<'_>) -> Vec<Change> {
    let floors = prepared.iter().flat_map(|one| autoscalers::floors(one, snapshot));
    let workloads = prepared.iter().filter_map(|one| write(one, snapshot));
    let alike = prepared.iter().flat_map(|one| autoscalers::alike(one, objects, snapshot, exchange));
    floors.chain(workloads).chain(alike).collect()
}

/// True for a write that makes an object.
#[must_use]
pub fn creates(change: &Change) -> bool {
    matches!(change.action, Action::Create(_))
}

fn write(one: &Prepared, snapshot: &Snapshot) -> Option<Change> {
    let collection = path_of("apps", "v1", one.kind.plural(), Some(&snapshot.namespace));
    let Some(idle) = &one.idle else {
        return Some(Change {
            object: one.reference(),
            path: collection,
            action: Action::Create(one.wanted.clone()),
            summary: created(one),
            undo: Some(Command::new("kubectl delete").arg(one.reference()).scope(&snapshot.scope)),
        });
    };
    let ops = ops(one, idle);
    (!one.is_so()).then(|| Change {
        object: one.reference(),
        path: format!("{collection}/{}", one.name),
        action: Action::JsonPatch(ops),
        summary: changed(one),
        undo: undo(one, snapshot),
    })
}

/// `like deploy/api-blue, app api:1.5.0 -> 1.6.0, 6 replicas`
fn created(one: &Prepared) -> String {
    let like = one.like_reference().map(|like| format!("like {like}"));
    let size = format!("{} replicas", one.size());
    let parts = like.into_iter().chain(one.image_changes()).chain([size]);
    parts.collect::<Vec<_>>().join(", ")
}

/// `app api:1.4.0 -> 1.6.0, replicas: 0 -> 6`
fn changed(one: &Prepared) -> String {
    let synced = one.is_synced && one.changes_pods();
    let like = one.like_reference().filter(|_| synced).map(|like| format!("synced with {like}"));
    let (now, size) = (one.replicas(), one.size());
    let sized = (now != size).then(|| format!("replicas: {now} -> {size}"));
    like.into_iter().chain(one.image_changes()).chain(sized).collect::<Vec<_>>().join(", ")
}

fn ops(one: &Prepared, idle: &Value) -> Vec<Op> {
    // One that was deleted and made anew is another, whatever its name and images.
    let mut ops = vec![Op::test("/metadata/uid", idle["metadata"]["uid"].clone())];
    if one.is_synced && one.changes_pods() {
        ops.push(Op::test("/spec/template", idle["spec"]["template"].clone()));
        ops.push(Op::replace("/spec/template", one.wanted["spec"]["template"].clone()));
    } else {
        ops.extend(one.edits.iter().filter(|edit| !edit.is_so()).flat_map(ImageEdit::ops));
    }
    if one.replicas() != one.size() {
        ops.push(Op::test("/spec/replicas", idle["spec"]["replicas"].clone()));
        ops.push(Op::add("/spec/replicas", one.size()));
    }
    ops
}

/// What puts the images back; of a template that was synced, the revision before.
fn undo(one: &Prepared, snapshot: &Snapshot) -> Option<Command> {
    if one.is_synced && one.changes_pods() {
        return Some(Command::new("kubectl rollout undo").arg(one.reference()).scope(&snapshot.scope));
    }
    let images = one.edits.iter().filter(|edit| !edit.is_so());
    let images: Vec<String> = images.map(|edit| format!("{}={}", edit.container.name, edit.container.image)).collect();
    let scaled = Command::new("kubectl scale").arg(one.reference()).scope(&snapshot.scope);
    Some(if images.is_empty() {
        let scaled = scaled.option("--current-replicas", &one.size().to_string());
        scaled.option("--replicas", &one.replicas().to_string())
    } else {
        Command::new("kubectl set image").arg(one.reference()).args(images).scope(&snapshot.scope)
    })
}
