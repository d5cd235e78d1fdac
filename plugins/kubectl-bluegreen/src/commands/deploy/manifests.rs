//! What a deploy would leave, as manifests: for those who commit them.

use k8s_openapi::api::core::v1::Service;
use release_cli::report::Manifest;
use release_core::command::{Scope, patch_command};
use release_core::kube::manifest::as_manifest;
use release_core::kube::service::service_name;
use release_core::release::change::{Action, Change, json_patch};
use serde_json::{Value, json};

use crate::options::release::ReleaseOptions;
use crate::plan::Move;
use crate::plan::deploy::DeployPlan;
use crate::snapshot::Snapshot;

/// Every object that is written, as it would be then, each with the patch that makes it so; the Services last.
#[must_use]
pub fn of(plan: &DeployPlan, options: &ReleaseOptions, snapshot: &Snapshot) -> Vec<Manifest> {
    let is_first = |(at, change): &(usize, &Change)| !plan.writes().take(*at).any(|w| w.object == change.object);
    let objects = plan.writes().enumerate().filter(is_first);
    let written = objects.filter_map(|(_, change)| manifest(change, plan, snapshot));
    let moves = plan.moves.moves().filter(|_| !options.no_switch);
    written.chain(moves.filter_map(|plan| switched(&plan.movement, snapshot))).collect()
}

fn manifest(change: &Change, plan: &DeployPlan, snapshot: &Snapshot) -> Option<Manifest> {
    if let Action::Create(object) = &change.action {
        let mut object = object.clone();
        let mut raised = plan.writes().filter(|write| write.object == change.object).filter_map(floor);
        if let Some(floor) = raised.next() {
            object["spec"]["minReplicas"] = floor;
        }
        return Some(Manifest { comment: format!("created: {}", change.summary), object });
    }
    if plan.makes(&change.object) {
        return None;
    }
    let workload = plan.prepared().find(|one| one.reference() == change.object);
    let object = workload.map(|one| as_manifest(&one.wanted)).or_else(|| floored(change, snapshot))?;
    let of_object = plan.writes().filter(|write| write.object == change.object);
    let patches: Vec<String> = of_object.filter_map(|write| patch(write, &snapshot.scope)).collect();
    Some(Manifest { comment: patches.join("\n"), object })
}

/// The command that makes the same patch.
fn patch(change: &Change, scope: &Scope) -> Option<String> {
    let (Action::JsonPatch(ops) | Action::Note(ops)) = &change.action else { return None };
    Some(patch_command(&change.object, scope, &json_patch(ops)).to_string())
}

/// An autoscaler whose lower bound is raised.
fn floored(change: &Change, snapshot: &Snapshot) -> Option<Value> {
    let name = change.object.strip_prefix("hpa/")?;
    let mut autoscalers = snapshot.autoscalers.iter().flatten();
    let found = autoscalers.find(|hpa| hpa.metadata.name.as_deref() == Some(name))?;
    let mut object = as_manifest(&json!(found));
    object["spec"]["minReplicas"] = floor(change)?;
    Some(object)
}

/// The lower bound that a write raises an autoscaler's to.
fn floor(change: &Change) -> Option<Value> {
    let Action::JsonPatch(ops) = &change.action else { return None };
    let raised = ops.iter().find(|op| op.0["op"] == "replace" && op.0["path"] == "/spec/minReplicas")?;
    Some(raised.0["value"].clone())
}

fn switched(movement: &Move, snapshot: &Snapshot) -> Option<Manifest> {
    // Records are no object of the cluster: the command says what becomes of them.
    if let Some(route) = movement.route.as_ref().filter(|route| route.dns.is_none()) {
        let object = as_manifest(&route.moved(&route.object, &movement.to));
        return Some(Manifest { comment: movement.by_hand().to_string(), object });
    }
    let service: &Service = snapshot.services.iter().find(|service| service_name(service) == movement.service)?;
    let mut object = as_manifest(&json!(service));
    if movement.route.is_none() {
        object["spec"]["selector"] = json!(movement.selector);
    }
    Some(Manifest { comment: movement.by_hand().to_string(), object })
}
