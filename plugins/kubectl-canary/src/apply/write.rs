//! The write that an act is.

use release_core::release::canary::run::{Act, End, Facts, Phase, State, Which};
use release_core::release::change::{Action, Change, Op, annotation_pointer};
use release_core::release::record::{Record, RunResult};
use release_core::workload::twin::{ContainerImage, ImageEdit, canary_of, containers_of, with_images};
use serde_json::{Value, json};

use crate::look::{Look, Seen, deployment_path};
use crate::marker::{self, Marker};
use crate::names;
use crate::record::{CanaryRecord, Image};

/// What a write is made from.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub look: &'a Look,
    pub record: &'a CanaryRecord,
    pub facts: &'a Facts,
    pub namespace: &'a str,
}

/// The write; nothing for what is no write.
#[must_use]
pub fn change(ground: &Ground<'_>, act: &Act) -> Option<Change> {
    Some(match act {
        Act::Create { replicas } => created(&ground.look.stable.raw, ground.record, *replicas, ground.namespace),
        Act::Scale { which: Which::Canary, to } => canary_scaled(ground, *to)?,
        Act::Remove => removed(ground)?,
        Act::Scale { which: Which::Stable, to } => {
            let summary = format!("replicas: {} -> {to}", ground.facts.stable.wanted);
            stable_written(ground, act, size_ops(ground, *to), summary)
        }
        Act::Promote => stable_written(ground, act, image_ops(ground, Image::After), "the new version".to_owned()),
        Act::Restore => {
            let size = ground.record.state.after(act, ground.facts).written.stable;
            let ops = [image_ops(ground, Image::Before), size_ops(ground, size)].concat();
            stable_written(ground, act, ops, "the version before".to_owned())
        }
        Act::Begin | Act::Advance | Act::Abort(_) | Act::Finish(_) => {
            stable_written(ground, act, Vec::new(), "record".to_owned())
        }
        Act::Wait(_) | Act::Stop(_) | Act::Nothing => return None,
    })
}

/// The record as it is once that is done.
fn recorded(ground: &Ground<'_>, act: &Act) -> CanaryRecord {
    let record = ground.record;
    let result = match act {
        Act::Finish(End::Promoted) => Some(RunResult::Done),
        Act::Finish(End::TakenBack) => Some(RunResult::RolledBack),
        _ => None,
    };
    let took = ground.facts.now.duration_since(record.at).as_millis();
    let mut next = CanaryRecord { state: record.state.after(act, ground.facts), ..record.clone() };
    if let Phase::Aborting(word) = &next.state.phase {
        next.taken_back_by = Some(word.clone());
    }
    match result {
        Some(result) => next.ended(result, u64::try_from(took).unwrap_or_default()),
        None => next,
    }
}

fn stable_written(ground: &Ground<'_>, act: &Act, body: Vec<Op>, summary: String) -> Change {
    word(&ground.look.stable, ground.namespace, &recorded(ground, act), (body, summary))
}

/// A write of the record, and of what goes with it, where the record is still the one that was read.
#[must_use]
pub fn word(stable: &Seen, namespace: &str, record: &CanaryRecord, (body, summary): (Vec<Op>, String)) -> Change {
    let at = annotation_pointer(CanaryRecord::CURRENT);
    let before = stable.raw["metadata"]["annotations"][CanaryRecord::CURRENT].clone();
    let tests = [Op::test("/metadata/uid", record.uid.clone()), Op::test(&at, before)];
    let text = serde_json::to_string(record).unwrap_or_default();
    let ops = tests.into_iter().chain(body).chain([Op::add(&at, text)]).collect();
    patched(stable, namespace, ops, summary)
}

/// A patch of a Deployment.
#[must_use]
pub fn patched(seen: &Seen, namespace: &str, ops: Vec<Op>, summary: String) -> Change {
    Change {
        object: seen.workload.reference(),
        path: deployment_path(namespace, seen.workload.name()),
        action: Action::JsonPatch(ops),
        summary,
        undo: None,
    }
}

fn size_ops(ground: &Ground<'_>, to: u32) -> Vec<Op> {
    let now = ground.look.stable.raw["spec"]["replicas"].clone();
    vec![Op::test("/spec/replicas", now), Op::add("/spec/replicas", to)]
}

/// Its containers get these images, where they have the others now.
fn image_ops(ground: &Ground<'_>, to: Image) -> Vec<Op> {
    let raw = &ground.look.stable.raw;
    edits(raw, ground.record, to).iter().flat_map(ImageEdit::ops).collect()
}

fn edits(workload: &Value, record: &CanaryRecord, to: Image) -> Vec<ImageEdit> {
    let moved = |one: &ContainerImage| record.containers.iter().find(|m| m.name == one.name && m.init == one.init);
    let edit = |container: ContainerImage| {
        let moved = moved(&container)?;
        let to = match to {
            Image::Before => moved.from.clone(),
            Image::After => moved.to.clone(),
        };
        Some(ImageEdit { container, to, follows: false }).filter(|edit| !edit.is_so())
    };
    containers_of(workload).into_iter().filter_map(edit).collect()
}

/// The canary, as it is made.
#[must_use]
pub fn created(stable: &Value, record: &CanaryRecord, replicas: u32, namespace: &str) -> Change {
    let images = edits(stable, record, Image::After);
    let mut object = canary_of(&with_images(stable, &images));
    let marker = marker_of(record, replicas);
    object["spec"]["replicas"] = replicas.into();
    object["metadata"]["annotations"][marker::KEY] = marker.text().into();
    let name = names::canary_of(stable["metadata"]["name"].as_str().unwrap_or_default());
    object["metadata"]["name"] = name.clone().into();
    let path = deployment_path(namespace, "");
    Change {
        object: format!("deploy/{name}"),
        path: path.trim_end_matches('/').to_owned(),
        action: Action::Create(object),
        summary: format!("create the canary with {replicas} pods"),
        undo: None,
    }
}

fn marker_of(record: &CanaryRecord, size: u32) -> Marker {
    Marker { id: record.id.clone(), uid: record.uid.clone(), replicas: record.state.replicas, size }
}

fn canary_scaled(ground: &Ground<'_>, to: u32) -> Option<Change> {
    let seen = ground.look.canary.as_ref()?;
    let at = annotation_pointer(marker::KEY);
    let ops = vec![
        Op::test("/metadata/uid", seen.workload.uid()),
        Op::test(&at, json!(marker::raw(&seen.raw))),
        Op::test("/spec/replicas", seen.raw["spec"]["replicas"].clone()),
        Op::add("/spec/replicas", to),
        Op::add(&at, marker_of(ground.record, to).text()),
    ];
    Some(patched(seen, ground.namespace, ops, format!("replicas: {} -> {to}", seen.workload.replicas)))
}

fn removed(ground: &Ground<'_>) -> Option<Change> {
    ground.look.canary.as_ref().map(|seen| deleted(seen, ground.namespace))
}

/// The write that takes a canary away.
#[must_use]
pub fn deleted(seen: &Seen, namespace: &str) -> Change {
    let metadata = &seen.workload.metadata;
    Change {
        object: seen.workload.reference(),
        path: deployment_path(namespace, seen.workload.name()),
        action: Action::Delete {
            uid: seen.workload.uid().to_owned(),
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            generation: metadata.generation.unwrap_or_default(),
        },
        summary: "delete the canary".to_owned(),
        undo: None,
    }
}

/// A release's state with another phase.
#[must_use]
pub fn in_phase(record: &CanaryRecord, phase: Phase) -> CanaryRecord {
    CanaryRecord { state: State { phase, ..record.state.clone() }, ..record.clone() }
}
