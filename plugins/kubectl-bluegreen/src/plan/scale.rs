//! The writes that change how many pods a workload has.

use std::sync::Arc;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::checks::ownership::applied;
use release_core::command::{Command, Scope, patch_command};
use release_core::kube::Workload;
use release_core::kube::path::{collection, path_of};
use release_core::release::change::{Action, Change, Op, annotation_pointer, json_patch};
use release_core::release::hand::{Part, Written};
use serde_json::{Value, json};

use crate::snapshot::Snapshot;

/// On an autoscaler: the floor it had before it was raised.
const FLOOR_BEFORE: &str = "kubectl-release.dev/min-replicas-before";

/// A floor that we raise.
const FLOOR: Written<'static> =
    Written { part: Part::Field(["f:spec", "f:minReplicas"]), annotations: &[FLOOR_BEFORE] };

/// The writes that bring workloads to size: the autoscaler's floor first, or it would undo them.
#[must_use]
pub fn changes(sizes: &[(Arc<Workload>, i32)], snapshot: &Snapshot) -> Vec<Change> {
    let autoscalers = snapshot.autoscalers.as_deref().unwrap_or_default();
    let mut changes = Vec::new();
    for (workload, wanted) in sizes {
        let own = autoscalers.iter().filter(|hpa| workload.is_scaled_by(hpa));
        changes.extend(own.filter_map(|hpa| raise_floor(hpa, *wanted, snapshot)));
        changes.push(resize(workload, *wanted, snapshot));
    }
    changes
}

/// Sets a workload's replicas through its scale subresource, if they are still what was read.
#[must_use]
pub fn resize(workload: &Workload, wanted: i32, snapshot: &Snapshot) -> Change {
    let collection = path_of("apps", "v1", workload.kind.plural(), Some(&snapshot.namespace));
    Change {
        object: workload.reference(),
        path: format!("{collection}/{}/scale", workload.name()),
        action: Action::JsonPatch(
            same(&workload.metadata)
                .into_iter()
                .chain([still(workload.replicas), Op::add("/spec/replicas", wanted)])
                .collect(),
        ),
        summary: format!("replicas: {} -> {wanted}", workload.replicas),
        undo: Some(size_command(&workload.reference(), (wanted, workload.replicas), &snapshot.scope)),
    }
}

/// The bare kubectl command that sets a workload's size, while it is what it was.
fn size_command(reference: &str, (from, to): (i32, i32), scope: &Scope) -> Command {
    let command = Command::new("kubectl scale").arg(reference).scope(scope);
    command.option("--current-replicas", &from.to_string()).option("--replicas", &to.to_string())
}

/// A write of this file's with the size that the API server has stored, and the undo of that, where it is another
/// one than was written: admission has made it.
#[must_use]
pub fn as_stored(change: &Change, stored: &Value, scope: &Scope) -> Option<Change> {
    let Action::JsonPatch(ops) = &change.action else { return None };
    let (path, size): (_, SizeCommand) = match change.path.strip_suffix("/scale") {
        Some(_) => ("/spec/replicas", size_command),
        None => ("/spec/minReplicas", floor_command),
    };
    let odd = ops.iter().find(|op| op.0["path"] == *path && !op.holds_in(stored))?;
    let before = ops.iter().find(|op| op.0["op"] == "test" && op.0["path"] == *path)?;
    // A zero is left out.
    let number = |value: &Value| i32::try_from(value.as_i64().unwrap_or_default()).ok();
    let (from, to) = (number(stored.pointer(path).unwrap_or(&Value::Null))?, number(&before.0["value"])?);
    let as_stored = |op: &Op| if op == odd { Op::add(path, from) } else { op.clone() };
    Some(Change {
        action: Action::JsonPatch(ops.iter().map(as_stored).collect()),
        summary: format!("{}, and {from} was stored", change.summary),
        undo: (from != to).then(|| size(&change.object, (from, to), scope)),
        ..change.clone()
    })
}

/// The command that sets a size: of what, from which to which.
type SizeCommand = fn(&str, (i32, i32), &Scope) -> Command;

/// Refuses a patch of a namesake that was made since.
fn same(metadata: &ObjectMeta) -> Option<Op> {
    metadata.uid.as_deref().map(|uid| Op::test("/metadata/uid", uid))
}

/// A Scale omits `replicas` where it is 0 (autoscaling/v1 ScaleSpec).
fn still(replicas: i32) -> Op {
    Op::test("/spec/replicas", if replicas == 0 { Value::Null } else { replicas.into() })
}

/// Raises an autoscaler's floor, and keeps on it what that was; nothing where it is as high.
#[must_use]
pub fn raise_floor(hpa: &HorizontalPodAutoscaler, wanted: i32, snapshot: &Snapshot) -> Option<Change> {
    let spec = hpa.spec.as_ref()?;
    // Kubernetes defaults minReplicas to 1 (autoscaling/v2).
    let (floor, raised) = (spec.min_replicas.unwrap_or(1), wanted.min(spec.max_replicas));
    if floor >= raised {
        return None;
    }
    let mut ops = vec![Op::test("/spec/minReplicas", floor)];
    if hpa.metadata.annotations.is_none() {
        ops.push(Op::add("/metadata/annotations", json!({})));
    }
    if raised_by_us(hpa).is_none() {
        ops.push(Op::add(&annotation_pointer(FLOOR_BEFORE), floor.to_string()));
    }
    ops.push(Op::replace("/spec/minReplicas", raised));
    Some(floor_change(hpa, ops, (&snapshot.namespace, &snapshot.scope), (floor, raised)))
}

/// The floor that an autoscaler had before we raised it, and the one that it has; nothing where it was not
/// raised, or is down again.
#[must_use]
pub fn raised_floor(hpa: &HorizontalPodAutoscaler) -> Option<(i32, i32)> {
    let (before, now) = raised_by_us(hpa)?;
    (before < now).then_some((before, now))
}

/// The floor before and the one now, where the one now is of our writing: a floor that somebody else has
/// set since, or that came with a copy of the autoscaler, is theirs. So is the same number in the manifest
/// that was applied last.
fn raised_by_us(hpa: &HorizontalPodAutoscaler) -> Option<(i32, i32)> {
    let annotations = hpa.metadata.annotations.as_ref().filter(|_| FLOOR.is_ours_alone(&hpa.metadata))?;
    let before = annotations.get(FLOOR_BEFORE)?.parse().ok()?;
    let now = hpa.spec.as_ref()?.min_replicas.unwrap_or(1);
    (applied(&hpa.metadata, "/spec/minReplicas") != Some(now.into())).then_some((before, now))
}

/// The bare kubectl command that sets an autoscaler's floor, while it is what it was.
#[must_use]
pub fn floor_command(reference: &str, (from, to): (i32, i32), scope: &Scope) -> Command {
    let ops = [Op::test("/spec/minReplicas", from), Op::replace("/spec/minReplicas", to)];
    patch_command(reference, scope, &json_patch(&ops))
}

/// Puts an autoscaler's floor back to what it was before we raised it.
#[must_use]
pub fn restore_floor(hpa: &HorizontalPodAutoscaler, namespace: &str, scope: &Scope) -> Option<Change> {
    let (before, now) = raised_by_us(hpa)?;
    let ops = vec![
        Op::test("/spec/minReplicas", now),
        Op::replace("/spec/minReplicas", before.clamp(1, now.max(1))),
        Op::remove(&annotation_pointer(FLOOR_BEFORE)),
    ];
    Some(floor_change(hpa, ops, (namespace, scope), (now, before)))
}

fn floor_change(
    hpa: &HorizontalPodAutoscaler,
    ops: Vec<Op>,
    (namespace, scope): (&str, &Scope),
    (from, to): (i32, i32),
) -> Change {
    let name = hpa.metadata.name.as_deref().unwrap_or_default();
    Change {
        object: format!("hpa/{name}"),
        path: format!("{}/{name}", collection::<HorizontalPodAutoscaler>(Some(namespace))),
        action: Action::JsonPatch(same(&hpa.metadata).into_iter().chain(ops).collect()),
        summary: format!("minReplicas: {from} -> {to}"),
        undo: Some(floor_command(&format!("hpa/{name}"), (to, from), scope)),
    }
}
