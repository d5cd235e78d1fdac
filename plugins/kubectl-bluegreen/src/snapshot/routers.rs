//! Which router decides about each Service, and what has to be read besides to know: a route may live in another
//! namespace, and colors may have Services of their own.

use futures::future::{join_all, join3, join5};
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::networking::v1::Ingress;
use release_cluster::Cluster;
use release_cluster::read::{ListQuery, Reading};
use release_cluster::slice_view::slices_of;
use release_core::kube::path::path_of;
use release_core::kube::service::service_name;
use release_core::release::record::Recorded;
use release_core::traffic::router::RouterKind;
use release_core::traffic::router::alb::is_alb;
use release_core::traffic::router::find::{FoundRouter, RecordedColors, RouterUnclear, SeenRoute, Sought, find};
use release_core::traffic::router::nginx::canaries;
use release_core::traffic::routes::{DestinationRule, GATEWAY_API, GatewayRoute, VirtualService};
use serde_json::{Value, json};

use super::ingresses::{with_ingresses, with_whose_ingresses};
use super::looking::Looking;
use super::moment::Snapshot;
use super::optional::OptionalReads;
use super::records::{decided, place_of, with_records};
use crate::record::Record;
use crate::service_view::ServiceView;

/// The DestinationRules of a namespace, whether a route needs them or not.
pub async fn destination_rules_in(cluster: &Cluster, namespace: &str) -> Reading<Vec<DestinationRule>> {
    OptionalReads::destination_rules_of(cluster, namespace).await
}

/// Finds them, and reads what they need.
pub async fn found(cluster: &Cluster, mut read: Snapshot, looking: Looking<'_>) -> Snapshot {
    let named_elsewhere = looking.router.and_then(|named| named.namespace.as_deref());
    let named_elsewhere = named_elsewhere.filter(|namespace| *namespace != read.namespace);
    read = with_whose_ingresses(cluster, read).await;
    read = with_records(cluster, read, looking).await;
    decide(&mut read, looking);
    let is_open = |service: &Service| needs_more(&read, service, looking);
    if named_elsewhere.is_some() || read.services.iter().any(is_open) {
        read = from_elsewhere(cluster, read, named_elsewhere).await;
        read = with_ingresses(cluster, read).await;
        decide(&mut read, looking);
    }
    with_backends(cluster, read).await
}

/// True where nothing here says which color is live.
fn needs_more(read: &Snapshot, service: &Service, looking: Looking<'_>) -> bool {
    let router = read.routers.get(service_name(service));
    let is_missing =
        matches!(router, Some(FoundRouter::Unclear(RouterUnclear::NotThere(named, _))) if named.records.is_none());
    let by_selector = matches!(router, Some(FoundRouter::Selector) | None);
    let is_typed = looking.router.is_some_and(|named| named.kind == RouterKind::Service);
    // What defines a subset may be elsewhere, too.
    let is_lost = matches!(router, Some(FoundRouter::Route(route)) if route.is_by_subset() && !route.lost.is_empty());
    let of_selector = || ServiceView::of(service, &read.workloads, &read.pods, looking.key).tracks;
    is_missing || is_lost || (by_selector && !is_typed && of_selector().is_err())
}

/// Decides by what is read.
pub fn decide(read: &mut Snapshot, looking: Looking<'_>) {
    let classes = read.ingress_classes.as_deref().unwrap_or_default();
    let balanced = read.ingresses.iter().flatten().filter(|ingress| is_alb(ingress, classes));
    read.balanced = balanced.map(|ingress| json!(ingress)).collect();
    let ingresses = read.ingresses.as_deref().unwrap_or_default();
    let found = canaries(ingresses, read.ingress_classes.as_deref().ok());
    let is_canary = |ingress: &&Ingress| ingress.metadata.name.as_ref().is_some_and(|name| found.contains_key(name));
    read.canary_ingresses = ingresses.iter().filter(is_canary).map(|ingress| json!(ingress)).collect();
    read.canaries = found;
    let routers =
        read.services.iter().map(|service| (service_name(service).to_owned(), router_of(service, read, looking)));
    read.routers = routers.collect();
}

fn router_of(service: &Service, read: &Snapshot, looking: Looking<'_>) -> FoundRouter {
    let annotated = ServiceView::of(service, &[], &[], None).settings.track_key;
    if let Some(place) = place_of(service, &read.namespace, looking.router) {
        return decided(service, read, (looking.key.or(annotated.as_deref()), place));
    }
    let routes = all_routes(read);
    let is_whole = read.neighbours.is_ok() && read.destination_rules.is_ok() && read.routers_unread.is_empty();
    let seen = routes.into_iter().map(|(kind, object)| {
        let last = last_record(object, (service_name(service), &read.namespace));
        let moved_by = last.as_ref().and_then(|last| last.router.parse().ok());
        let matched = last.as_ref().map(|last| last.matched.clone()).filter(|matched| !matched.is_empty());
        // What could not be read is not gone.
        let recorded =
            last.filter(|_| is_whole).map(|last| RecordedColors { key: last.key, both: [last.to, last.from] });
        SeenRoute { kind, object, moved_by, matched, recorded, dns: None }
    });
    let routes: Vec<SeenRoute<'_>> = seen.collect();
    find(&Sought {
        service,
        namespace: &read.namespace,
        neighbours: read.neighbours.as_deref().unwrap_or_default(),
        routes: &routes,
        rules: read.destination_rules.as_deref().unwrap_or_default(),
        bindings: read.target_group_bindings.as_deref().unwrap_or_default(),
        canaries: &read.canaries,
        key: looking.key.or(annotated.as_deref()),
        named: looking.router,
    })
}

/// Every route that was read.
#[must_use]
pub fn all_routes(read: &Snapshot) -> Vec<(RouterKind, &Value)> {
    let virtual_services = read.virtual_services.iter().flatten().chain(&read.virtual_services_beyond);
    let istio = virtual_services.map(|route| (RouterKind::VirtualService, &route.object));
    let http = read.http_routes.iter().flatten().map(|route| (RouterKind::HttpRoute, &route.object));
    let grpc = read.grpc_routes.iter().flatten().map(|route| (RouterKind::GrpcRoute, &route.object));
    let beyond = read.routes_beyond.iter().flatten().map(|(kind, route)| {
        let kind = if *kind == "grpcroute" { RouterKind::GrpcRoute } else { RouterKind::HttpRoute };
        (kind, &route.object)
    });
    let balanced = read.balanced.iter().map(|ingress| (RouterKind::Alb, ingress));
    let canaries = read.canary_ingresses.iter().map(|ingress| (RouterKind::Nginx, ingress));
    istio.chain(http).chain(grpc).chain(beyond).chain(balanced).chain(canaries).collect()
}

/// The record on an object, where it is of this Service.
fn last_record(object: &Value, (service, namespace): (&str, &str)) -> Option<Record> {
    let last = Recorded::<Record>::in_object(object).current?;
    (!last.is_of_another(service, namespace)).then_some(last)
}

/// The VirtualServices of all namespaces but this one.
///
/// # Errors
/// Why they can't be read.
pub async fn virtual_services_elsewhere(cluster: &Cluster, home: &str) -> Reading<Vec<VirtualService>> {
    Elsewhere { cluster, namespace: None, home }.istio("virtualservices").await
}

/// Routes of one other namespace, or of all: they often live with their gateway.
async fn from_elsewhere(cluster: &Cluster, read: Snapshot, namespace: Option<&str>) -> Snapshot {
    let reads = Elsewhere { cluster, namespace, home: &read.namespace };
    let (virtual_services, http, grpc) = join3(
        reads.istio::<VirtualService>("virtualservices"),
        reads.gateway("httproutes"),
        reads.gateway("grpcroutes"),
    )
    .await;
    let mut unread = Vec::new();
    let mut kept = |kind: &str, why: String| unread.push(format!("{kind} of other namespaces ({why})"));
    let virtual_services_beyond = virtual_services.unwrap_or_else(|why| {
        kept("virtualservices", why);
        Vec::new()
    });
    let mut beyond = Vec::new();
    for (kind, plural, routes) in [("httproute", "httproutes", http), ("grpcroute", "grpcroutes", grpc)] {
        match routes {
            Ok(routes) => beyond.extend(routes.into_iter().map(|route| (kind, route))),
            Err(why) => kept(plural, why),
        }
    }
    let is_lost = |router: &FoundRouter| matches!(router, FoundRouter::Route(route) if !route.lost.is_empty());
    let uses_subsets = |route: &VirtualService| route.destinations().any(|to| to.destination.subset.is_some());
    let destination_rules = if virtual_services_beyond.iter().any(uses_subsets) || read.routers.values().any(is_lost) {
        reads.rules_of_both(&mut unread).await
    } else {
        read.destination_rules.clone()
    };
    let grpc_here =
        |route: &&(&str, GatewayRoute)| route.0 == "grpcroute" && route.1.metadata.namespace == read.namespace;
    let grpc_routes = match &read.grpc_routes {
        Ok(known) if known.is_empty() => Ok(beyond.iter().filter(grpc_here).map(|(_, route)| route.clone()).collect()),
        known => known.clone(),
    };
    let elsewhere = |route: &(&str, GatewayRoute)| route.1.metadata.namespace != read.namespace;
    let routes_beyond = Ok(beyond.into_iter().filter(elsewhere).collect());
    let routers_unread = unread;
    Snapshot { virtual_services_beyond, destination_rules, grpc_routes, routes_beyond, routers_unread, ..read }
}

/// All routes that may tell colors apart, of a namespace or of all.
#[derive(Debug, Default)]
pub struct Routes {
    pub virtual_services: Vec<VirtualService>,
    pub destination_rules: Vec<DestinationRule>,
    pub http_routes: Vec<GatewayRoute>,
    pub grpc_routes: Vec<GatewayRoute>,
    pub ingresses: Vec<Ingress>,
}

/// Reads them; what can't be read is said, and is none.
pub async fn routes_in(cluster: &Cluster, namespace: Option<&str>) -> (Routes, Vec<String>) {
    let (reads, everything) = (Elsewhere { cluster, namespace, home: "" }, ListQuery::default());
    let ingresses = path_of("networking.k8s.io", "v1", "ingresses", namespace);
    let (virtual_services, destination_rules, http, grpc, ingresses) = join5(
        reads.istio::<VirtualService>("virtualservices"),
        reads.istio::<DestinationRule>("destinationrules"),
        reads.gateway("httproutes"),
        reads.gateway("grpcroutes"),
        cluster.reading_served(&ingresses, &everything),
    )
    .await;
    let mut unread = Vec::new();
    let routes = Routes {
        virtual_services: or_none(virtual_services, "virtualservices", &mut unread),
        destination_rules: or_none(destination_rules, "destinationrules", &mut unread),
        http_routes: or_none(http, "httproutes", &mut unread),
        grpc_routes: or_none(grpc, "grpcroutes", &mut unread),
        ingresses: or_none(ingresses, "ingresses", &mut unread),
    };
    (routes, unread)
}

fn or_none<T>(read: Reading<Vec<T>>, what: &str, unread: &mut Vec<String>) -> Vec<T> {
    read.unwrap_or_else(|why| {
        unread.push(format!("{what} ({why})"));
        Vec::new()
    })
}

/// Where is looked.
#[derive(Debug, Clone, Copy)]
struct Elsewhere<'a> {
    cluster: &'a Cluster,
    namespace: Option<&'a str>,
    home: &'a str,
}

impl Elsewhere<'_> {
    /// DestinationRules of the home and of elsewhere; what elsewhere can't be read is noted.
    async fn rules_of_both(&self, unread: &mut Vec<String>) -> Reading<Vec<DestinationRule>> {
        let here = OptionalReads::destination_rules_of(self.cluster, self.home).await;
        let there = self.istio::<DestinationRule>("destinationrules").await.unwrap_or_else(|why| {
            unread.push(format!("destinationrules of other namespaces ({why})"));
            Vec::new()
        });
        here.map(|here| here.into_iter().chain(there).collect())
    }

    /// Istio before 1.22 serves only v1beta1.
    async fn istio<T: serde::de::DeserializeOwned + Of>(&self, plural: &str) -> Reading<Vec<T>> {
        let path = |version| path_of("networking.istio.io", version, plural, self.namespace);
        let everything = ListQuery::default();
        let listed = match self.cluster.list::<T>(&path("v1"), &everything).await {
            Ok(listed) => listed.items,
            Err(error) if error.is_not_found() => self.cluster.reading_served(&path("v1beta1"), &everything).await?,
            Err(error) => return Err(error.short()),
        };
        Ok(listed.into_iter().filter(|one| one.namespace() != self.home).collect())
    }

    async fn gateway(&self, plural: &str) -> Reading<Vec<GatewayRoute>> {
        let path = path_of(GATEWAY_API, "v1", plural, self.namespace);
        self.cluster.reading_served(&path, &ListQuery::default()).await
    }
}

/// What has a namespace.
trait Of {
    fn namespace(&self) -> &str;
}

impl Of for VirtualService {
    fn namespace(&self) -> &str {
        &self.metadata.namespace
    }
}

impl Of for DestinationRule {
    fn namespace(&self) -> &str {
        &self.metadata.namespace
    }
}

/// The endpoints of the Services that have one color each.
async fn with_backends(cluster: &Cluster, mut read: Snapshot) -> Snapshot {
    let routes = read.routers.values().filter_map(|router| match router {
        FoundRouter::Route(route) if !route.is_by_subset() => Some(route),
        _ => None,
    });
    let backends = routes.flat_map(|route| route.colors.keys().map(|to| to.service.clone()));
    let mut backends: Vec<String> = backends.filter(|name| !read.slices.contains_key(name)).collect();
    backends.sort();
    backends.dedup();
    let slices = join_all(backends.iter().map(|name| slices_of(cluster, name))).await;
    for (name, at) in backends.into_iter().zip(slices) {
        if let Ok(at) = at {
            read.slices.insert(name, at);
        }
    }
    read
}
