//! A Service as a snapshot has it, with the route that decides about it.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Service;
use release_core::kube::service::service_name;
use release_core::release::record::Recorded;
use release_core::traffic::alb::TargetGroupBinding;
use release_core::traffic::router::find::{FoundRouter, RouterUnclear};
use release_core::traffic::router::{NamedRouter, Route};
use release_core::traffic::selector::{NotSwitchable, behind};

use crate::cleanup_note::CleanupNote;
use crate::contracted::Contracted;
use crate::record::Record;
use crate::service_view::{ServiceView, believed, ports};
use crate::snapshot::Snapshot;

/// One Service of a snapshot and what it can be switched between.
#[must_use]
pub fn seen<'a>(service: &'a Service, snapshot: &Snapshot, key_flag: Option<&str>) -> ServiceView<'a> {
    let plain = ServiceView::of(service, &snapshot.workloads, &snapshot.pods, key_flag);
    let plain = ServiceView { bindings: bound(service, snapshot), ..plain };
    match snapshot.routers.get(service_name(service)) {
        Some(FoundRouter::Route(route)) => by_route(plain, route, snapshot),
        Some(FoundRouter::Unclear(why)) => unclear(plain, why.clone()),
        Some(FoundRouter::Selector) | None => plain,
    }
}

/// Those to the Service, and to those that a route before it shares requests among.
fn bound(service: &Service, snapshot: &Snapshot) -> Vec<TargetGroupBinding> {
    let is_backend = |name: &str| match snapshot.routers.get(service_name(service)) {
        Some(FoundRouter::Route(route)) => route.colors.keys().any(|to| to.service == name),
        _ => false,
    };
    let to_it = |binding: &&TargetGroupBinding| {
        let name = binding.spec.service_ref.name.as_str();
        name == service_name(service) || is_backend(name)
    };
    snapshot.target_group_bindings.iter().flatten().filter(to_it).cloned().collect()
}

fn unclear(plain: ServiceView<'_>, why: RouterUnclear) -> ServiceView<'_> {
    ServiceView { tracks: Err(NotSwitchable::Router(why)), ..plain }
}

fn by_route<'a>(plain: ServiceView<'a>, route: &Arc<Route>, snapshot: &Snapshot) -> ServiceView<'a> {
    let annotations = route.metadata.annotations.as_ref();
    let read = Recorded::<Record>::read(annotations);
    // A record of moves by the selector lies on the Service, too, and names none.
    let is_by_selector = |last: &Record| route.dns.is_some() && last.router.is_empty();
    let is_foreign = |last: &&Record| !is_by_selector(last) && last.is_of_another(plain.name(), &snapshot.namespace);
    if let Some(other) = read.current.as_ref().filter(is_foreign) {
        let (route, service) = (route.seen_from(&snapshot.namespace), other.service.clone());
        return unclear(plain, RouterUnclear::OfAnother { route, service });
    }
    let active = route.leading(&route.object).unwrap_or_default();
    // The API server knows nothing of who moves records, and this rule nothing of another one's move.
    let is_of_another_rule =
        |record: &Record| record.router.parse::<NamedRouter>().is_ok_and(|moved| moved.rule != route.rule);
    let is_so = |record: &Record| record.to == active || route.dns.is_some() || is_of_another_rule(record);
    let recorded = believed((&route.metadata, route.kind), read, is_so);
    // Where each color has a Service of its own, that of the live one has the ports.
    let backend = |name: &str| snapshot.neighbours.iter().flatten().find(|service| service_name(service) == name);
    let served = route.backend(&active).and_then(backend).unwrap_or(plain.service);
    let tracks = behind(route, &active, served, &snapshot.workloads, &snapshot.pods);
    let ports = ports(served, Some(&tracks), &snapshot.pods);
    let (cleanup, contracted) = (CleanupNote::read(annotations), Contracted::read(annotations));
    let seen = route.dns.as_ref().and_then(|dns| snapshot.records.get(&dns.place)?.as_ref().ok());
    let zone = seen.map(|seen| seen.zone.clone());
    let route = Some(Arc::clone(route));
    ServiceView { zone, recorded, cleanup, contracted, tracks: Ok(tracks), ports, route, ..plain }
}
