//! Services that Argo Rollouts manages, and those on which it only left its marks.

use release_core::command::{Command, service_patch_command};
use release_core::failure::Failure;
use release_core::release::change::annotation_pointer;
use release_core::text::printable;
use release_core::traffic::argo::{ARGO_HASH, ARGO_MANAGED, ArgoMarks, argo_marks};
use serde_json::json;

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The reason of a refusal that is no defect: another tool has the Service.
pub const MANAGED_BY_ARGO: &str = "ManagedByArgoRollouts";

/// Words a Service with the marks of Argo Rollouts.
pub fn managed_by_argo(view: &ServiceView<'_>, snapshot: &Snapshot) -> Failure {
    let name = view.name();
    let marks = argo_marks(view.service);
    let left_behind = snapshot.rollouts.as_ref().is_ok_and(|rollouts| are_left_behind(&marks, rollouts));
    if !left_behind {
        let text = format!("service/{name} is managed by Argo Rollouts, which would put the selector back");
        let rollouts = Command::new("kubectl get rollouts.argoproj.io").scope(&snapshot.scope);
        return Failure::failed(MANAGED_BY_ARGO, text).look(rollouts);
    }
    let of = marks.managed_by.as_deref().map(|rollout| format!("{ARGO_MANAGED}: {}", printable(rollout)));
    let in_selector = marks.hash.then(|| format!("{ARGO_HASH} in its selector"));
    let found: Vec<String> = of.into_iter().chain(in_selector).collect();
    let text =
        format!("service/{name} has marks of Argo Rollouts ({}), and no such Rollout is there", found.join("; "));
    Failure::failed("LeftByArgoRollouts", text).try_next(unmark(view, &marks, snapshot))
}

/// Nobody would put the selector back.
fn are_left_behind(marks: &ArgoMarks, rollouts: &[String]) -> bool {
    match &marks.managed_by {
        Some(named) => !named.split(',').any(|name| rollouts.iter().any(|rollout| rollout == name.trim())),
        None => rollouts.is_empty(),
    }
}

fn unmark(view: &ServiceView<'_>, marks: &ArgoMarks, snapshot: &Snapshot) -> Command {
    if !marks.hash {
        let annotate = Command::new("kubectl annotate service").arg(view.name());
        return annotate.arg(format!("{ARGO_MANAGED}-")).scope(&snapshot.scope);
    }
    let selector = view.selector().cloned().unwrap_or_default();
    let mut rest = selector.clone();
    rest.remove(ARGO_HASH);
    let mut ops = vec![
        json!({"op": "test", "path": "/spec/selector", "value": selector}),
        json!({"op": "replace", "path": "/spec/selector", "value": rest}),
    ];
    if marks.managed_by.is_some() {
        ops.push(json!({"op": "remove", "path": annotation_pointer(ARGO_MANAGED)}));
    }
    service_patch_command(view.name(), &snapshot.scope, &json!(ops))
}
