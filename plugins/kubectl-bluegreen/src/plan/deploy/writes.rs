//! The writes that prepare a color.

use release_core::command::Command;
use release_core::kube::path::path_of;
use release_core::release::change::{Action, Change, Op};
use release_core::workload::twin::{Exchange, ImageEdit};
use serde_json::Value;

use super::autoscalers;
use super::preparing::Objects;
use super::undo::{undo, undo_sync};
use crate::prepared::Prepared;
use crate::snapshot::Snapshot;

/// The writes, in their order: floors of autoscalers first, which would take away what is asked for, and
/// autoscalers of new workloads last.
#[must_use]
pub fn writes(prepared: &[Prepared], objects: &Objects, snapshot: &Snapshot, exchange: &Exchange<'_>) -> Vec<Change> {
    let floors = prepared.iter().flat_map(|one| autoscalers::floors(one, snapshot));
    let workloads = prepared.iter().flat_map(|one| workload_writes(one, snapshot));
    let alike = prepared.iter().flat_map(|one| autoscalers::alike(one, objects, snapshot, exchange));
    floors.chain(workloads).chain(alike).collect()
}

fn workload_writes(one: &Prepared, snapshot: &Snapshot) -> Vec<Change> {
    let collection = path_of("apps", "v1", one.kind.plural(), Some(&snapshot.namespace));
    let scope = &snapshot.scope;
    let Some(idle) = &one.idle else {
        return vec![Change {
            object: one.reference(),
            path: collection,
            action: Action::Create(one.wanted.clone()),
            summary: created(one),
            undo: Some(Command::new("kubectl delete").arg(one.reference()).scope(scope)),
        }];
    };
    let change = |ops: Vec<Op>, summary: String, undo: Command| Change {
        object: one.reference(),
        path: format!("{collection}/{}", one.name),
        // One that was deleted and made anew is another, whatever its name and images.
        action: Action::JsonPatch([vec![Op::test("/metadata/uid", idle["metadata"]["uid"].clone())], ops].concat()),
        summary,
        undo: Some(undo),
    };
    if one.is_so() {
        return Vec::new();
    }
    if one.is_synced && one.changes_pods() {
        let template = vec![
            Op::test("/spec/template", idle["spec"]["template"].clone()),
            Op::replace("/spec/template", one.wanted["spec"]["template"].clone()),
        ];
        let synced = change(template, synced(one), undo_sync(one, idle, scope));
        // Each with what takes it back: a revision of a template knows no size.
        let ops = size_ops(one, idle);
        let back = undo(one, &ops, scope);
        let size = size(one).map(|text| change(ops, text, back));
        return std::iter::once(synced).chain(size).collect();
    }
    let images = one.edits.iter().filter(|edit| !edit.is_so()).flat_map(ImageEdit::ops);
    let ops: Vec<Op> = images.chain(size_ops(one, idle)).collect();
    let summary = one.image_changes().into_iter().chain(size(one)).collect::<Vec<_>>().join(", ");
    let back = undo(one, &ops, scope);
    vec![change(ops, summary, back)]
}

/// `like deploy/api-blue, app api:1.5.0 -> 1.6.0, 6 replicas`
fn created(one: &Prepared) -> String {
    let like = one.like_reference().map(|like| format!("like {like}"));
    let size = format!("{} replicas", one.size());
    let parts = like.into_iter().chain(one.image_changes()).chain([size]);
    parts.collect::<Vec<_>>().join(", ")
}

/// `synced with deploy/api-blue, app api:1.4.0 -> 1.6.0`
fn synced(one: &Prepared) -> String {
    let like = one.like_reference().map(|like| format!("synced with {like}"));
    like.into_iter().chain(one.image_changes()).collect::<Vec<_>>().join(", ")
}

/// `replicas: 0 -> 6`
fn size(one: &Prepared) -> Option<String> {
    let (now, size) = (one.replicas(), one.size());
    (now != size).then(|| format!("replicas: {now} -> {size}"))
}

fn size_ops(one: &Prepared, idle: &Value) -> Vec<Op> {
    if one.replicas() == one.size() {
        return Vec::new();
    }
    vec![Op::test("/spec/replicas", idle["spec"]["replicas"].clone()), Op::add("/spec/replicas", one.size())]
}
