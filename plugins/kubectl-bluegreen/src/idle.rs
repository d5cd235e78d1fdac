//! Which colors are idle: no Service selects them and no route names them.

use release_core::kube::service::service_name;
use release_core::kube::{Labels, has_all};
use release_core::traffic::routes::subsets_of;
use release_core::traffic::selector::{Color, Tracks};

use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// Who still sends traffic to a color.
#[must_use]
pub fn users_of(color: &Color, tracks: &Tracks, view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let labels: Vec<Labels> = color.workloads.iter().map(|w| w.pod_labels()).collect();
    let mut users = Vec::new();
    if color.name == tracks.active {
        users.push(format!("service/{}", view.name()));
    }
    for service in snapshot.neighbours.iter().flatten().filter(|s| service_name(s) != view.name()) {
        let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref()).filter(|s| !s.is_empty());
        if selector.is_some_and(|s| labels.iter().any(|l| has_all(l, s))) {
            users.push(format!("service/{}", service_name(service)));
        }
    }
    users.extend(routes_to(&labels, view, snapshot));
    users.sort();
    users.dedup();
    users
}

fn routes_to(labels: &[Labels], view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let routes = snapshot.virtual_services.as_deref().unwrap_or_default();
    let rules = snapshot.destination_rules.as_deref().unwrap_or_default();
    let uses = subsets_of(view.name(), &snapshot.namespace, routes, rules);
    let names = |subset: &Labels| labels.iter().any(|l| has_all(l, subset));
    uses.into_iter().filter(|u| u.labels.as_ref().is_some_and(names)).map(|u| u.route).collect()
}

/// The kinds of objects that could not be read, and so could not be asked.
#[must_use]
pub fn not_checked(snapshot: &Snapshot) -> Vec<String> {
    let readings = [
        ("services", snapshot.neighbours.as_ref().err()),
        ("virtualservices", snapshot.virtual_services.as_ref().err()),
        ("httproutes", snapshot.http_routes.as_ref().err()),
        ("poddisruptionbudgets", snapshot.budgets.as_ref().err()),
    ];
    readings.iter().filter_map(|(kind, why)| why.map(|why| format!("{kind} ({why})"))).collect()
}
