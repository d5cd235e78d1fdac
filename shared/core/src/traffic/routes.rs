//! Routes that decide between colors before a Service's selector is asked: Istio's
//! VirtualService with DestinationRule subsets
//! (<https://istio.io/latest/docs/reference/config/networking/virtual-service/>) and the Gateway
//! API's HTTPRoute (<https://gateway-api.sigs.k8s.io/api-types/httproute/>).

use serde::Deserialize;

use crate::kube::Labels;

/// Name and namespace of a route.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RouteMeta {
    pub name: String,
    pub namespace: String,
}

/// The part of a VirtualService that names destinations.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct VirtualService {
    pub metadata: RouteMeta,
    pub spec: VirtualServiceSpec,
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

/// The part of a DestinationRule that says what a subset is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct DestinationRule {
    pub metadata: RouteMeta,
    pub spec: DestinationRuleSpec,
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

/// The part of an HTTPRoute that names backends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HttpRoute {
    pub metadata: RouteMeta,
    pub spec: HttpRouteSpec,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct HttpRouteSpec {
    pub rules: Vec<HttpRouteRule>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpRouteRule {
    pub backend_refs: Vec<BackendRef>,
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

/// Services besides this one that an HTTPRoute splits traffic with: (`httproute/NAME`, Service).
#[must_use]
pub fn split_with(service: &str, namespace: &str, routes: &[HttpRoute]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for route in routes {
        for rule in &route.spec.rules {
            let is_ours = |b: &&BackendRef| {
                b.kind.as_deref().unwrap_or("Service") == "Service"
                    && b.namespace.as_deref().unwrap_or(&route.metadata.namespace) == namespace
            };
            let services: Vec<&str> = rule.backend_refs.iter().filter(is_ours).map(|b| b.name.as_str()).collect();
            if services.contains(&service) {
                let others = services.iter().filter(|name| **name != service);
                found.extend(others.map(|name| (format!("httproute/{}", route.metadata.name), (*name).to_owned())));
            }
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Names of the routes that send traffic to a Service at all.
#[must_use]
pub fn naming(
    service: &str,
    namespace: &str,
    virtual_services: &[VirtualService],
    http_routes: &[HttpRoute],
) -> Vec<String> {
    let by_host = virtual_services.iter().filter(|route| {
        route.destinations().any(|to| host_is(&to.destination.host, &route.metadata.namespace, service, namespace))
    });
    let by_backend = http_routes.iter().filter(|route| {
        let mut backends = route.spec.rules.iter().flat_map(|rule| &rule.backend_refs);
        backends.any(|b| b.name == service && b.namespace.as_deref().unwrap_or(&route.metadata.namespace) == namespace)
    });
    let names = by_host.map(|r| format!("virtualservice/{}", r.metadata.name));
    names.chain(by_backend.map(|r| format!("httproute/{}", r.metadata.name))).collect()
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

    #[test]
    fn a_route_with_one_backend_splits_nothing() {
        let route = |backends: serde_json::Value| -> HttpRoute {
            serde_json::from_value(
                json!({"metadata": {"name": "r", "namespace": "n"}, "spec": {"rules": [{"backendRefs": backends}]}}),
            )
            .unwrap()
        };
        assert!(split_with("api", "n", &[route(json!([{"name": "api", "port": 80}]))]).is_empty());
        let both = route(json!([{"name": "api-blue", "weight": 90}, {"name": "api-green", "weight": 10}]));
        assert_eq!(split_with("api-blue", "n", &[both]), [("httproute/r".to_owned(), "api-green".to_owned())]);
    }
}
