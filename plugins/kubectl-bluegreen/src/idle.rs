//! Which colors are idle: no Service selects them and no route names them.

use std::collections::BTreeSet;

use k8s_openapi::api::core::v1::Service;
use release_core::kube::service::service_name;
use release_core::kube::{Labels, Pod, has_all};
use release_core::traffic::alb::{TargetGroupBinding, bindings_to};
use release_core::traffic::external_name::external_names_to;
use release_core::traffic::ingress::ingresses_to;
use release_core::traffic::preview::is_preview_of;
use release_core::traffic::router::alb::gives_nothing;
use release_core::traffic::routes::{self, SubsetUse, subsets_of, virtual_services_to};
use release_core::traffic::selector::{Color, Tracks, is_machine_key};

use crate::service_view::{ServiceView, is_of_its_own};
use crate::snapshot::Snapshot;

/// Who still sends traffic to a color, and would lose it.
#[must_use]
pub fn users_of(color: &Color, tracks: &Tracks, view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let labels = labels_of(color, snapshot);
    // A Service over several colors (metrics, a mesh's host) keeps the pods of the active one.
    let kept = tracks.color(&tracks.active).map(|active| labels_of(active, snapshot)).unwrap_or_default();
    let mut users = Vec::new();
    if color.name == tracks.active || view.is_wide() || serves_by_its_pods(color, tracks, snapshot) {
        users.push(format!("service/{}", view.name()));
    }
    for service in snapshot.neighbours.iter().flatten().filter(|s| service_name(s) != view.name()) {
        let selector = service.spec.as_ref().and_then(|s| s.selector.as_ref()).filter(|s| !s.is_empty());
        let selects = |labels: &BTreeSet<Labels>| selector.is_some_and(|s| labels.iter().any(|l| has_all(l, s)));
        if selects(&labels) && !selects(&kept) {
            users.extend(uses_by((service, view), color, snapshot));
        } else if selector.is_some_and(|selector| is_of_one_pod(selector, color, snapshot)) {
            users.extend(uses_if_reached(service, snapshot));
        }
    }
    users.extend(routes_to(&labels, view, snapshot));
    users.sort();
    users.dedup();
    users
}

/// The labels of the color's pods: those of the templates, and what pods were given besides, by an admission
/// webhook or by hand. Many pods have the same.
fn labels_of(color: &Color, snapshot: &Snapshot) -> BTreeSet<Labels> {
    let own = snapshot.pods.iter().filter(|pod| color.workloads.iter().any(|w| w.owns(pod)));
    let given =
        |pod: &Pod| pod.metadata.labels.clone().into_iter().filter(|(label, _)| !is_machine_key(label)).collect();
    let of_pods = own.map(given);
    color.workloads.iter().map(|w| w.pod_labels()).chain(of_pods).collect()
}

/// Its workloads run pods that were given to the active color by their labels.
fn serves_by_its_pods(color: &Color, tracks: &Tracks, snapshot: &Snapshot) -> bool {
    let serving = tracks.pods_of(&tracks.active, &snapshot.pods).into_iter().filter(|pod| pod.is_ready());
    serving.into_iter().any(|pod| color.workloads.iter().any(|w| w.owns(pod)))
}

/// The use of a color that another Service is of. One that is called after the color is there to reach it
/// by name, whether anybody does or not: only what sends to it is a use.
fn uses_by((service, view): (&Service, &ServiceView<'_>), color: &Color, snapshot: &Snapshot) -> Vec<String> {
    let name = service_name(service);
    let is_backend = view.route.iter().any(|route| route.backend(&color.name) == Some(name));
    // Its load balancer gets what the records give it, and those are read.
    if is_backend && view.route.iter().any(|route| route.dns.is_some()) {
        let others = routes_by(service, snapshot).into_iter();
        return others.filter(|route| !route.starts_with("ingress/")).collect();
    }
    let is_meant_to = is_of_its_own(name, &color.name) || is_backend || is_preview_of(service, view.name());
    if is_meant_to { uses_if_reached(service, snapshot) } else { vec![format!("service/{name}")] }
}

fn uses_if_reached(service: &Service, snapshot: &Snapshot) -> Vec<String> {
    if is_exposed(service) { vec![format!("service/{}", service_name(service))] } else { routes_by(service, snapshot) }
}

/// A Service of one pod by its name, as each broker of a StatefulSet has one: the pod is meant to be reached by it for as
/// long as it is there.
fn is_of_one_pod(selector: &Labels, color: &Color, snapshot: &Snapshot) -> bool {
    let mut own = snapshot.pods.iter().filter(|pod| color.workloads.iter().any(|w| w.owns(pod)));
    selector.keys().any(|label| is_machine_key(label)) && own.any(|pod| has_all(&pod.metadata.labels, selector))
}

/// What sends to a Service by its name.
#[must_use]
pub fn routes_by(service: &Service, snapshot: &Snapshot) -> Vec<String> {
    let service = service_name(service);
    let Snapshot { namespace, virtual_services, http_routes, grpc_routes, ingresses, .. } = snapshot;
    let mut routes = virtual_services_to(service, namespace, virtual_services.as_deref().unwrap_or_default());
    for route in &snapshot.virtual_services_beyond {
        let of = |name: String| format!("{name} of namespace {}", route.metadata.namespace);
        routes.extend(virtual_services_to(service, namespace, std::slice::from_ref(route)).into_iter().map(of));
    }
    for (kind, read) in [("httproute", http_routes), ("grpcroute", grpc_routes)] {
        routes.extend(routes::routes_to(service, namespace, kind, read.as_deref().unwrap_or_default()));
    }
    for (kind, route) in snapshot.routes_beyond.iter().flatten() {
        let of = |name: String| format!("{name} of namespace {}", route.metadata.namespace);
        routes.extend(routes::routes_to(service, namespace, kind, std::slice::from_ref(route)).into_iter().map(of));
    }
    routes.extend(external_names_to(service, namespace, snapshot.neighbours.as_deref().unwrap_or_default()));
    routes.extend(ingresses_to(service, ingresses.as_deref().unwrap_or_default()));
    let ingresses = ingresses.as_deref().unwrap_or_default();
    let bindings = bindings_to(service, snapshot.target_group_bindings.as_deref().unwrap_or_default());
    let sends = bindings.filter(|binding| !ingresses.iter().any(|ingress| gives_nothing(ingress, binding)));
    routes.extend(sends.map(TargetGroupBinding::reference));
    routes.into_iter().map(|route| format!("{route} by service/{service}")).collect()
}

/// True for a Service that clients outside of the cluster reach by its own address.
fn is_exposed(service: &Service) -> bool {
    let Some(spec) = &service.spec else { return false };
    let by_type = matches!(spec.type_.as_deref(), Some("LoadBalancer" | "NodePort"));
    by_type || spec.external_ips.iter().flatten().next().is_some()
}

fn routes_to(labels: &BTreeSet<Labels>, view: &ServiceView<'_>, snapshot: &Snapshot) -> Vec<String> {
    let routes = snapshot.virtual_services.as_deref().unwrap_or_default();
    let rules = snapshot.destination_rules.as_deref().unwrap_or_default();
    let uses = subsets_of(view.name(), &snapshot.namespace, routes, rules);
    let names = |subset: &Labels| labels.iter().any(|l| has_all(l, subset));
    // Of the route that is moved only what it gives requests to is used.
    let moved = view.route.as_ref().filter(|route| route.is_by_subset()).map(|route| route.reference());
    let sends = |u: &SubsetUse| u.weight > 0 || moved.as_ref() != Some(&u.route);
    uses.into_iter().filter(|u| u.labels.as_ref().is_some_and(names)).filter(sends).map(|u| u.route).collect()
}

/// What could not be read, and so could not be asked: who sends traffic, whose the pods are, and what
/// decides how many there have to be.
#[must_use]
pub fn unread(snapshot: &Snapshot) -> Vec<String> {
    let readings = [
        ("services", snapshot.neighbours.as_ref().err()),
        ("virtualservices", snapshot.virtual_services.as_ref().err()),
        ("destinationrules", snapshot.destination_rules.as_ref().err()),
        ("httproutes", snapshot.http_routes.as_ref().err()),
        ("grpcroutes", snapshot.grpc_routes.as_ref().err()),
        ("ingresses", snapshot.ingresses.as_ref().err()),
        ("poddisruptionbudgets", snapshot.budgets.as_ref().err()),
        ("horizontalpodautoscalers", snapshot.autoscalers.as_ref().err()),
        ("replicasets", snapshot.replica_sets.as_ref().err()),
        ("targetgroupbindings", snapshot.target_group_bindings.as_ref().err()),
    ];
    let here = readings.iter().filter_map(|(kind, why)| why.map(|why| format!("{kind} ({why})")));
    here.chain(snapshot.routes_beyond.as_ref().err().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::checks::testing::World;

    /// Who uses green, while blue is active, with these Services beside.
    fn users(world: &World) -> Vec<String> {
        let snapshot = world.snapshot();
        let view = ServiceView::of(&snapshot.services[0], &snapshot.workloads, &snapshot.pods, None);
        let tracks = view.tracks.as_ref().unwrap();
        users_of(tracks.color("green").unwrap(), tracks, &view, &snapshot)
    }

    fn beside(services: &[(&str, Value)]) -> World {
        let service =
            |(name, selector): &(&str, Value)| json!({"metadata": {"name": name}, "spec": {"selector": selector}});
        World { neighbours: Ok(services.iter().map(service).collect()), ..World::healthy() }
    }

    #[test]
    fn a_service_over_both_colors_loses_nothing_that_it_needs() {
        assert!(users(&beside(&[("api-metrics", json!({"app": "api"}))])).is_empty());
        let preview = beside(&[("preview", json!({"app": "api", "version": "green"}))]);
        assert_eq!(users(&preview), ["service/preview"]);
    }

    #[test]
    fn a_colors_own_service_is_a_use_only_where_something_sends_to_it() {
        let mut world = beside(&[("api-green", json!({"app": "api", "version": "green"}))]);
        assert!(users(&world).is_empty());
        let route = |weight: i64| {
            json!({"metadata": {"name": "next", "namespace": "shop"},
            "spec": {"rules": [{"backendRefs": [{"name": "api-green", "weight": weight}]}]}})
        };
        world.http_routes = Ok(vec![route(1)]);
        assert_eq!(users(&world), ["httproute/next by service/api-green"]);
        world.http_routes = Ok(vec![route(0)]);
        assert!(users(&world).is_empty());
        world.ingresses = Ok(vec![json!({"metadata": {"name": "next"},
            "spec": {"defaultBackend": {"service": {"name": "api-green"}}}})]);
        assert_eq!(users(&world), ["ingress/next by service/api-green"]);
        world.ingresses = Ok(Vec::new());
        let next =
            |host: &str| json!({"metadata": {"name": "next"}, "spec": {"type": "ExternalName", "externalName": host}});
        let own = json!({"metadata": {"name": "api-green"}, "spec": {"selector": {"app": "api", "version": "green"}}});
        world.neighbours = Ok(vec![own.clone(), next("api-green.shop.svc.cluster.local.")]);
        assert_eq!(users(&world), ["service/next by service/api-green"]);
        world.neighbours = Ok(vec![own, next("api-green.other.svc.cluster.local")]);
        assert!(users(&world).is_empty());
    }
}
