//! Routes that decide between colors before a Service's selector is asked: Istio's
//! VirtualService with DestinationRule subsets
//! (<https://istio.io/latest/docs/reference/config/networking/virtual-service/>) and the Gateway
//! API's HTTPRoute and GRPCRoute (<https://gateway-api.sigs.k8s.io/api-types/httproute/>).

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::kube::Labels;

/// The API group of the Gateway API.
pub const GATEWAY_API: &str = "gateway.networking.k8s.io";

/// The API group of Istio's routes.
pub const ISTIO: &str = "networking.istio.io";

/// Name and namespace of a route.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RouteMeta {
    pub name: String,
    pub namespace: String,
}

/// The part of a route's object that is asked about, and all of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value", bound(deserialize = "S: Default + DeserializeOwned"))]
pub struct SeenObject<S> {
    pub metadata: RouteMeta,
    pub spec: S,
    /// As it was read.
    pub object: Value,
}

impl<S: Default + DeserializeOwned> TryFrom<Value> for SeenObject<S> {
    type Error = serde_json::Error;

    fn try_from(object: Value) -> Result<Self, Self::Error> {
        let RouteParts { metadata, spec } = RouteParts::deserialize(&object)?;
        Ok(Self { metadata, spec, object })
    }
}

/// A VirtualService, which names destinations.
pub type VirtualService = SeenObject<VirtualServiceSpec>;
/// A DestinationRule, which says what a subset is.
pub type DestinationRule = SeenObject<DestinationRuleSpec>;
/// An HTTPRoute or GRPCRoute, which name backends alike.
pub type GatewayRoute = SeenObject<GatewayRouteSpec>;

/// What is taken out of a route's object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RouteParts<S> {
    metadata: RouteMeta,
    spec: S,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct VirtualServiceSpec {
    pub http: Vec<VirtualRoute>,
    pub tls: Vec<VirtualRoute>,
    pub tcp: Vec<VirtualRoute>,
}

impl VirtualService {
    /// Every destination of every kind of route.
    pub fn destinations(&self) -> impl Iterator<Item = &VirtualDestination> {
        let parts = self.spec.http.iter().chain(&self.spec.tls).chain(&self.spec.tcp);
        parts.flat_map(|part| &part.route)
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct VirtualRoute {
    pub route: Vec<VirtualDestination>,
    /// Who gets copies of the requests.
    pub mirror: Option<Destination>,
    pub mirrors: Vec<VirtualDestination>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct VirtualDestination {
    pub destination: Destination,
    /// Absent where a route has one destination.
    pub weight: Option<i64>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Destination {
    pub host: String,
    pub subset: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DestinationRuleSpec {
    pub host: String,
    pub subsets: Vec<Subset>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Subset {
    pub name: String,
    pub labels: Labels,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct GatewayRouteSpec {
    pub rules: Vec<GatewayRouteRule>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayRouteRule {
    pub backend_refs: Vec<BackendRef>,
}

impl GatewayRouteRule {
    /// The backends that are Services of this namespace.
    pub fn services_in(&self, namespace: &str, route: &GatewayRoute) -> impl Iterator<Item = &BackendRef> {
        self.backend_refs.iter().filter(move |b| {
            b.kind.as_deref().unwrap_or("Service") == "Service"
                && b.namespace.as_deref().unwrap_or(&route.metadata.namespace) == namespace
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct BackendRef {
    pub kind: Option<String>,
    pub name: String,
    pub namespace: Option<String>,
    /// Defaults to 1; 0 gets no traffic.
    pub weight: Option<i64>,
}

/// One subset that a route sends a Service's traffic to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubsetUse {
    /// `virtualservice/NAME`
    pub route: String,
    pub subset: String,
    /// The labels that a DestinationRule gives the subset; nothing where none defines it.
    pub labels: Option<Labels>,
    /// Its weight; a single destination has all.
    pub weight: i64,
}

/// True where an Istio host name in a route of `route_namespace` means this Service: a short
/// name is of the route's own namespace.
#[must_use]
pub fn host_is(host: &str, route_namespace: &str, service: &str, namespace: &str) -> bool {
    match host.split_once('.') {
        None => host == service && route_namespace == namespace,
        Some((name, rest)) => name == service && (rest == namespace || rest.starts_with(&format!("{namespace}.svc"))),
    }
}

/// Every subset of a Service that the VirtualServices send traffic to.
#[must_use]
pub fn subsets_of(
    service: &str,
    namespace: &str,
    routes: &[VirtualService],
    rules: &[DestinationRule],
) -> Vec<SubsetUse> {
    let defined = |subset: &str| {
        rules
            .iter()
            .filter(|rule| host_is(&rule.spec.host, &rule.metadata.namespace, service, namespace))
            .flat_map(|rule| &rule.spec.subsets)
            .find(|s| s.name == subset)
            .map(|s| s.labels.clone())
    };
    let mut uses = Vec::new();
    for route in routes {
        for to in route.destinations() {
            let names_it = host_is(&to.destination.host, &route.metadata.namespace, service, namespace);
            if let Some(subset) = to.destination.subset.as_ref().filter(|_| names_it) {
                uses.push(SubsetUse {
                    route: format!("virtualservice/{}", route.metadata.name),
                    subset: subset.clone(),
                    labels: defined(subset),
                    weight: to.weight.unwrap_or(100),
                });
            }
        }
    }
    uses
}

/// Services besides this one that routes of a kind (`httproute`, `grpcroute`) split traffic with:
/// (`httproute/NAME`, Service).
#[must_use]
pub fn split_with(service: &str, namespace: &str, kind: &str, routes: &[GatewayRoute]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for route in routes {
        for rule in &route.spec.rules {
            let services: Vec<&str> = rule.services_in(namespace, route).map(|b| b.name.as_str()).collect();
            if services.contains(&service) {
                let others = services.iter().filter(|name| **name != service);
                found.extend(others.map(|name| (format!("{kind}/{}", route.metadata.name), (*name).to_owned())));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Names of the VirtualServices that send traffic to a Service at all; what has no weight gets none.
#[must_use]
pub fn virtual_services_to(service: &str, namespace: &str, routes: &[VirtualService]) -> Vec<String> {
    let sends = |route: &&VirtualService| {
        let to_it = |to: &&VirtualDestination| {
            host_is(&to.destination.host, &route.metadata.namespace, service, namespace) && to.weight != Some(0)
        };
        let is_mirrored = |to: &Destination| host_is(&to.host, &route.metadata.namespace, service, namespace);
        let mut parts = route.spec.http.iter();
        let mut mirrored =
            parts.by_ref().flat_map(|part| part.mirror.iter().chain(part.mirrors.iter().map(|to| &to.destination)));
        route.destinations().any(|to| to_it(&to)) || mirrored.any(is_mirrored)
    };
    routes.iter().filter(sends).map(|route| format!("virtualservice/{}", route.metadata.name)).collect()
}

/// Names of the routes of a kind (`httproute`, `grpcroute`) that send traffic to a Service at all; what has no
/// weight gets none.
#[must_use]
pub fn routes_to(service: &str, namespace: &str, kind: &str, routes: &[GatewayRoute]) -> Vec<String> {
    let sends = |route: &&GatewayRoute| {
        let mut backends = route.spec.rules.iter().flat_map(|rule| rule.services_in(namespace, route));
        backends.any(|b| b.name == service && b.weight != Some(0))
    };
    routes.iter().filter(sends).map(|route| format!("{kind}/{}", route.metadata.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_hosts_are_of_the_routes_own_namespace() {
        assert!(host_is("api", "shop", "api", "shop"));
        assert!(!host_is("api", "other", "api", "shop"));
        assert!(host_is("api.shop.svc.cluster.local", "other", "api", "shop"));
        assert!(!host_is("api.shop2.svc.cluster.local", "other", "api", "shop"));
        assert!(!host_is("api.internal", "shop", "api", "shop"));
    }

    #[test]
    fn subsets_carry_the_labels_that_a_destination_rule_gives_them() {
        let route: VirtualService =
            serde_json::from_value(json!({"metadata": {"name": "u", "namespace": "n"}, "spec": {"http": [{"route": [
            {"destination": {"host": "u", "subset": "blue"}, "weight": 100},
            {"destination": {"host": "u", "subset": "odd"}, "weight": 0}]}]}}))
            .unwrap();
        assert_eq!(route.destinations().count(), 2);
        let rule: DestinationRule = serde_json::from_value(json!({"metadata": {"name": "u", "namespace": "n"}, "spec":
            {"host": "u", "subsets": [{"name": "blue", "labels": {"version": "blue"}}]}}))
        .unwrap();
        let uses = subsets_of("u", "n", &[route], &[rule]);
        assert_eq!(uses[0].labels, Some(Labels::from([("version".into(), "blue".into())])));
        assert_eq!((uses[1].labels.clone(), uses[1].weight), (None, 0));
    }

    /// Copies for a test would be lost with the color.
    #[test]
    fn a_mirror_is_a_use() {
        for mirror in
            [json!({"mirror": {"host": "api-blue"}}), json!({"mirrors": [{"destination": {"host": "api-blue"}}]})]
        {
            let mut http = mirror;
            http["route"] = json!([{"destination": {"host": "api-green"}}]);
            let route: VirtualService =
                serde_json::from_value(json!({"metadata": {"name": "u", "namespace": "n"}, "spec": {"http": [http]}}))
                    .unwrap();
            assert_eq!(virtual_services_to("api-blue", "n", &[route]), ["virtualservice/u"]);
        }
    }

    #[test]
    fn a_route_with_one_backend_splits_nothing() {
        let route = |backends: serde_json::Value| -> GatewayRoute {
            serde_json::from_value(
                json!({"metadata": {"name": "r", "namespace": "n"}, "spec": {"rules": [{"backendRefs": backends}]}}),
            )
            .unwrap()
        };
        assert!(split_with("api", "n", "httproute", &[route(json!([{"name": "api", "port": 80}]))]).is_empty());
        let both = route(json!([{"name": "api-blue", "weight": 90}, {"name": "api-green", "weight": 10}]));
        let split = split_with("api-blue", "n", "grpcroute", std::slice::from_ref(&both));
        assert_eq!(split, [("grpcroute/r".to_owned(), "api-green".to_owned())]);
        assert_eq!(routes_to("api-green", "n", "httproute", std::slice::from_ref(&both)), ["httproute/r"]);
        let without = route(json!([{"name": "api-blue"}, {"name": "api-green", "weight": 0}]));
        assert!(routes_to("api-green", "n", "httproute", &[without]).is_empty());
        assert!(routes_to("api", "n", "httproute", &[both]).is_empty());
    }
}
