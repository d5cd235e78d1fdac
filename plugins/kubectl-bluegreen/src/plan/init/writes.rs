//! The writes of an `init`.

use std::sync::Arc;

use release_core::command::{patch_command, service_patch_command};
use release_core::kube::path::path_of;
use release_core::kube::service::{service_name, service_path};
use release_core::kube::{Labels, Workload, has_all};
use release_core::release::annotations::PREFIX;
use release_core::release::change::{Action, Change, Op, annotation_pointer, inverse, json_patch};
use release_core::traffic::selector::as_label_selector;
use release_core::workload::twin::{Exchange, twin_of};
use serde_json::{Value, json};

use super::initial::Initial;
use crate::plan::scale;
use crate::prepared::Prepared;
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The color in the place of no color.
#[must_use]
pub fn exchange(initial: &Initial) -> Exchange<'_> {
    Exchange { key: &initial.tracks.key, from: "", to: &initial.color, base: &initial.tracks.base }
}

/// The labelled twin of a workload, with as many pods.
#[must_use]
pub fn prepared(initial: &Initial, object: &Value, workload: &Workload) -> Prepared {
    let mut wanted = twin_of(object, &exchange(initial));
    wanted["metadata"]["labels"][&initial.tracks.key] = initial.color.as_str().into();
    let name = wanted["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let like = Some(object.clone());
    Prepared {
        kind: workload.kind,
        name,
        like,
        idle: None,
        edits: Vec::new(),
        is_synced: false,
        wanted,
        differences: Vec::new(),
    }
}

/// Brings a labelled workload that is there already, and autoscalers that would undo it, to the size of what it takes
/// over from: that may have grown since.
#[must_use]
pub fn growth(initial: &Initial, snapshot: &Snapshot) -> Vec<Change> {
    let pair = initial.labelled.as_ref().zip(initial.unlabelled.as_ref());
    let wanted = pair.filter(|(labelled, old)| labelled.replicas < old.replicas);
    wanted.map(|(labelled, old)| scale::changes(&[(Arc::clone(labelled), old.replicas)], snapshot)).unwrap_or_default()
}

/// The selector with the label, on condition that it is what was read; in the same patch which label it is.
#[must_use]
pub fn narrowing(initial: &Initial, view: &ServiceView<'_>, snapshot: &Snapshot) -> Change {
    let key = format!("{PREFIX}/track-key");
    let narrowed = initial.tracks.selector_for(&initial.color);
    let mut ops = vec![Op::test("/spec/selector", json!(initial.selector))];
    if view.service.metadata.annotations.is_none() {
        ops.push(Op::add("/metadata/annotations", json!({})));
    }
    ops.push(Op::add(&annotation_pointer(&key), initial.tracks.key.as_str()));
    ops.push(Op::replace("/spec/selector", json!(narrowed)));
    Change {
        object: format!("service/{}", view.name()),
        path: service_path(&snapshot.namespace, view.name()),
        summary: format!("selector: {} -> {}", as_label_selector(&initial.selector), as_label_selector(&narrowed)),
        undo: Some(service_patch_command(view.name(), &snapshot.scope, &json_patch(&inverse(&ops)))),
        action: Action::JsonPatch(ops),
    }
}

/// Takes the workload without the label to zero, if its size is still what was read.
#[must_use]
pub fn removal(workload: &Workload, snapshot: &Snapshot) -> Change {
    let collection = path_of("apps", "v1", workload.kind.plural(), Some(&snapshot.namespace));
    let ops = vec![
        Op::test("/metadata/uid", workload.uid()),
        Op::test("/spec/replicas", workload.replicas),
        Op::replace("/spec/replicas", 0),
    ];
    Change {
        object: workload.reference(),
        path: format!("{collection}/{}", workload.name()),
        summary: format!("replicas: {} -> 0", workload.replicas),
        undo: Some(patch_command(&workload.reference(), &snapshot.scope, &json_patch(&inverse(&ops)))),
        action: Action::JsonPatch(ops),
    }
}

/// A Service that selects the pods without the label, and none of those with it: they are still needed.
#[must_use]
pub fn selects_only_old(initial: &Initial, labelled: &Labels, snapshot: &Snapshot) -> Option<String> {
    let old = initial.unlabelled.as_ref()?.pod_labels();
    let selector = |service: &k8s_openapi::api::core::v1::Service| service.spec.as_ref()?.selector.clone();
    let needs_old = |selector: &Labels| !selector.is_empty() && has_all(&old, selector) && !has_all(labelled, selector);
    let found = snapshot.neighbours.iter().flatten().find(|s| selector(s).is_some_and(|selector| needs_old(&selector)));
    found.map(|service| service_name(service).to_owned())
}
