//! Autoscalers of the idle color: without traffic they would take its pods away again.

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use release_core::command::Command;
use release_core::kube::path::collection;
use release_core::kube::{WorkloadKind, controller_of};
use release_core::release::change::{Action, Change};
use release_core::workload::twin::{Exchange, autoscaler_alike};

use super::preparing::Objects;
use crate::plan::scale::raise_floor;
use crate::prepared::Prepared;
use crate::snapshot::Snapshot;

/// Raises the lower bound of those that a workload has already.
pub fn floors(one: &Prepared, snapshot: &Snapshot) -> Vec<Change> {
    let own = of_workload(snapshot, one.kind, &one.name);
    own.filter_map(|autoscaler| raise_floor(autoscaler, one.size(), snapshot)).collect()
}

/// Creates one like that of the active color's workload, where there is none yet. One that somebody owns
/// (KEDA, above all) is made by its owner.
pub fn alike(one: &Prepared, objects: &Objects, snapshot: &Snapshot, exchange: &Exchange<'_>) -> Vec<Change> {
    let Some(made) = made(one, objects, snapshot, exchange) else { return Vec::new() };
    let Action::Create(object) = &made.action else { return Vec::new() };
    // By a write of its own, as on one that was there: a clean-up knows it by that, and lowers it again.
    let read = serde_json::from_value::<HorizontalPodAutoscaler>(object.clone()).ok();
    let raised = read.and_then(|autoscaler| raise_floor(&autoscaler, one.size(), snapshot));
    std::iter::once(made).chain(raised).collect()
}

/// One that is there, by the name of one that is to be made: it scales something else.
#[must_use]
pub fn taken<'s>(writes: &[Change], snapshot: &'s Snapshot) -> Option<&'s HorizontalPodAutoscaler> {
    let made = writes.iter().filter(|write| write.creates()).filter_map(|write| write.object.strip_prefix("hpa/"));
    let made: Vec<&str> = made.collect();
    let named = |hpa: &&HorizontalPodAutoscaler| hpa.metadata.name.as_deref().is_some_and(|name| made.contains(&name));
    snapshot.autoscalers.iter().flatten().find(named)
}

fn made(one: &Prepared, objects: &Objects, snapshot: &Snapshot, exchange: &Exchange<'_>) -> Option<Change> {
    let like = one.like.as_ref()?["metadata"]["name"].as_str()?;
    if of_workload(snapshot, one.kind, &one.name).next().is_some() {
        return None;
    }
    let original = of_workload(snapshot, one.kind, like).find(|hpa| controller_of(&hpa.metadata).is_none())?;
    let name = original.metadata.name.as_deref()?;
    let (spec, object) = (original.spec.as_ref()?, objects.get(&format!("hpa/{name}"))?);
    let made = autoscaler_alike(object, exchange, &one.name, spec.min_replicas.unwrap_or(1));
    let reference = format!("hpa/{}", made["metadata"]["name"].as_str().unwrap_or_default());
    Some(Change {
        path: collection::<HorizontalPodAutoscaler>(Some(&snapshot.namespace)),
        summary: format!("like hpa/{name}"),
        undo: Some(Command::new("kubectl delete").arg(&reference).scope(&snapshot.scope)),
        object: reference,
        action: Action::Create(made),
    })
}

fn of_workload<'s>(
    snapshot: &'s Snapshot,
    kind: WorkloadKind,
    name: &str,
) -> impl Iterator<Item = &'s HorizontalPodAutoscaler> {
    let is_its = move |hpa: &&HorizontalPodAutoscaler| {
        let target = hpa.spec.as_ref().map(|spec| &spec.scale_target_ref);
        target.is_some_and(|target| target.kind == kind.kind() && target.name == name)
    };
    snapshot.autoscalers.iter().flatten().filter(is_its)
}
