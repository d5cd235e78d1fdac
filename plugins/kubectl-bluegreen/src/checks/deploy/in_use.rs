//! Who sends traffic to the color that is overwritten.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::kube::service::service_name;
use release_core::kube::{Labels, Workload, has_all};
use release_core::workload::twin::pod_labels_of;

use super::case::DeployCase;
use crate::checks::twins::stage_of;
use crate::idle::users_of;
use crate::main_ingress::led_away;
use crate::service_view::is_of_its_own;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    if case.prepared.iter().all(|one| !one.changes_pods()) {
        return Vec::new();
    }
    users(case).into_iter().chain(shared(case)).collect()
}

/// They get another version as soon as its pods are ready, whatever becomes of the move.
fn users(case: &DeployCase<'_>) -> Vec<Finding> {
    let Some(idle) = case.idle() else { return Vec::new() };
    let users = users_of(idle, case.tracks, case.view, case.snapshot);
    let route = case.view.route.as_deref();
    let led_away = route.map(|route| led_away(route, case.color, case.snapshot)).unwrap_or_default();
    let finding = |user: String| {
        let name = user.strip_prefix("service/").unwrap_or_default();
        let message = format!("{user} sends to {}", case.color);
        // A preview is there to show what comes.
        if stage_of(name).is_some() || is_of_its_own(name, case.color) {
            case.warns(ids::COLOR_IN_USE, message)
        } else {
            case.blocks(ids::COLOR_IN_USE, message).mend("deploy to another color with --to, or move it away first")
        }
    };
    users.into_iter().filter(|user| !led_away.contains(user)).map(finding).collect()
}

/// A Service over both colors sends to pods that nobody has switched to yet.
fn shared(case: &DeployCase<'_>) -> Vec<Finding> {
    let active = case.tracks.color(&case.tracks.active);
    let active: Vec<&Arc<Workload>> = active.iter().flat_map(|color| &color.workloads).collect();
    let others = case.snapshot.neighbours.iter().flatten().filter(|s| service_name(s) != case.view.name());
    let over_both = others.filter(|service| {
        let selects = |labels: &Labels| selector(service).is_some_and(|selector| has_all(labels, selector));
        active.iter().any(|w| selects(&w.pod_labels()))
            && case.prepared.iter().any(|one| selects(&pod_labels_of(&one.wanted)))
    });
    let finding = |service: &Service| {
        let message =
            format!("{} selects both colors: it sends to {} before the switch", service_name(service), case.color);
        case.warns(ids::COLOR_IN_USE, message)
    };
    over_both.map(finding).collect()
}

fn selector(service: &Service) -> Option<&Labels> {
    service.spec.as_ref()?.selector.as_ref().filter(|selector| !selector.is_empty())
}
