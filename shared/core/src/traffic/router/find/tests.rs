use k8s_openapi::api::core::v1::Service;
use serde_json::{Value, json};

use super::*;
use crate::traffic::alb::TargetGroupBinding;
use crate::traffic::router::nginx::Canaries;
use crate::traffic::routes::DestinationRule;

mod by_dns;
mod by_record;
mod canary;

fn service(name: &str, selector: &Value) -> Service {
    serde_json::from_value(json!({"metadata": {"name": name, "namespace": "shop"}, "spec": {"selector": selector}}))
        .unwrap()
}

fn rule(subsets: &Value) -> Vec<DestinationRule> {
    let rule = json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"host": "api", "subsets": subsets}});
    vec![serde_json::from_value(rule).unwrap()]
}

fn two_subsets() -> Vec<DestinationRule> {
    rule(&json!([{"name": "stable", "labels": {"version": "blue", "tier": "web"}},
        {"name": "next", "labels": {"version": "green", "tier": "web"}}]))
}

fn virtual_service(name: &str, namespace: &str, http: &Value) -> Value {
    json!({"apiVersion": "networking.istio.io/v1", "metadata": {"name": name, "namespace": namespace},
        "spec": {"hosts": ["api.example.com"], "http": http}})
}

fn shares(stable: i64, next: i64) -> Value {
    let to =
        |subset: &str, weight: i64| json!({"destination": {"host": "api.shop", "subset": subset}, "weight": weight});
    json!([to("stable", stable), to("next", next)])
}

fn http_route(backends: &[(&str, i64)]) -> Value {
    let refs: Vec<Value> =
        backends.iter().map(|(name, weight)| json!({"name": name, "port": 80, "weight": weight})).collect();
    json!({"metadata": {"name": "api", "namespace": "shop"}, "spec": {"rules": [{"backendRefs": refs}]}})
}

/// A Service, what else is there, and what is known of routes.
struct Case {
    service: Service,
    neighbours: Vec<Service>,
    rules: Vec<DestinationRule>,
    bindings: Vec<TargetGroupBinding>,
    canaries: Canaries,
    routes: Vec<(RouterKind, Value, Option<&'static str>)>,
    key: Option<&'static str>,
    named: Option<&'static str>,
    recorded: Option<RecordedColors>,
    matched: Option<&'static str>,
}

impl Case {
    fn of(selector: &Value) -> Self {
        let (neighbours, rules, bindings, routes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self {
            service: service("api", selector),
            neighbours,
            rules,
            bindings,
            canaries: Canaries::new(),
            routes,
            key: None,
            named: None,
            recorded: None,
            matched: None,
        }
    }

    fn istio(routes: Vec<Value>) -> Self {
        let routes = routes.into_iter().map(|route| (RouterKind::VirtualService, route, None)).collect();
        Self { rules: two_subsets(), routes, ..Self::of(&json!({"app": "api"})) }
    }

    fn found(&self) -> FoundRouter {
        let named: Option<NamedRouter> = self.named.map(|text| text.parse().unwrap());
        let seen = |(kind, object, moved_by): &'_ (RouterKind, Value, Option<&'static str>)| {
            (*kind, object.clone(), moved_by.map(|text| text.parse().unwrap()))
        };
        let owned: Vec<(RouterKind, Value, Option<NamedRouter>)> = self.routes.iter().map(seen).collect();
        let routes: Vec<SeenRoute<'_>> = owned
            .iter()
            .map(|(kind, object, moved_by)| SeenRoute {
                kind: *kind,
                object,
                moved_by: moved_by.clone(),
                matched: self.matched.map(str::to_owned),
                recorded: self.recorded.clone(),
                dns: None,
            })
            .collect();
        find(&Sought {
            service: &self.service,
            namespace: "shop",
            neighbours: &self.neighbours,
            routes: &routes,
            rules: &self.rules,
            bindings: &self.bindings,
            canaries: &self.canaries,
            key: self.key,
            named: named.as_ref(),
        })
    }

    fn route(&self) -> Arc<Route> {
        match self.found() {
            FoundRouter::Route(route) => route,
            other => panic!("{other:?}"),
        }
    }

    fn unclear(&self) -> RouterUnclear {
        match self.found() {
            FoundRouter::Unclear(why) => why,
            other => panic!("{other:?}"),
        }
    }
}

/// Team 1's mesh: the subset adds its label to what the Service selects; one that nothing defines answers 503
/// (istio#6335).
#[test]
fn a_route_by_subsets_tells_colors_that_the_selector_does_not() {
    let case = Case::istio(vec![virtual_service("api", "shop", &json!([{"route": shares(100, 0)}]))]);
    let route = case.route();
    assert_eq!((route.key.as_str(), route.leading(&route.object).as_deref()), ("version", Some("blue")));
    assert_eq!(route.base, [("app", "api"), ("tier", "web")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
    assert!(route.is_by_subset() && route.backend("green").is_none());
    assert!(matches!(Case { rules: Vec::new(), ..case }.found(), FoundRouter::Selector), "nothing defines its subsets");
}

/// What the Service already selects is no matter of the route: a check says that the live subset would be emptied.
#[test]
fn a_selector_of_one_color_is_moved_itself() {
    let narrow = service("api", &json!({"app": "api", "version": "blue"}));
    let route = virtual_service("api", "shop", &json!([{"route": shares(100, 0)}]));
    assert!(matches!(Case { service: narrow, ..Case::istio(vec![route]) }.found(), FoundRouter::Selector));
}

/// Routes often live with the gateway, and a second one is the mesh's (flagger#274).
#[test]
fn a_route_of_another_namespace_is_found_and_two_are_not_chosen_between() {
    let edge = virtual_service("edge", "istio-system", &json!([{"route": shares(0, 100)}]));
    let mesh = virtual_service("mesh", "shop", &json!([{"route": shares(100, 0)}]));
    let one = Case::istio(vec![edge.clone()]).route();
    assert_eq!(
        (one.namespace.as_str(), one.seen_from("shop").as_str()),
        ("istio-system", "virtualservice/edge of namespace istio-system")
    );
    let mut both = Case::istio(vec![edge, mesh]);
    let RouterUnclear::Several(choices) = both.unclear() else { panic!("{:?}", both.found()) };
    let named: Vec<String> = choices.iter().map(|(named, _)| named.to_string()).collect();
    assert_eq!(named, ["virtualservice/istio-system/edge", "virtualservice/shop/mesh"]);
    both.named = Some("virtualservice/istio-system/edge");
    assert_eq!(both.route().name, "edge");
    both.named = Some("virtualservice/mesh");
    assert_eq!(both.route().name, "mesh");
    both.named = Some("httproute");
    assert!(matches!(both.unclear(), RouterUnclear::NotThere(_, others) if others.len() == 2));
    both.named = Some("service");
    assert!(matches!(both.found(), FoundRouter::Selector));
    (both.named, both.routes[1].2) = (None, Some("virtualservice/shop/mesh"));
    assert_eq!(both.route().name, "mesh", "the one that moved it last");
}

/// argo-rollouts#4741: several named routes, and weights were silently written into none;
/// rollouts-plugin-trafficrouter-gatewayapi#226: into all.
#[test]
fn several_rules_are_moved_as_one_only_where_that_is_said() {
    let http = json!([{"name": "v2", "match": [{"uri": {"prefix": "/v2"}}], "route": shares(100, 0)},
        {"name": "rest", "route": shares(100, 0)}]);
    let mut case = Case::istio(vec![virtual_service("api", "shop", &http)]);
    let RouterUnclear::Several(choices) = case.unclear() else { panic!("{:?}", case.found()) };
    let named: Vec<String> = choices.iter().map(|(named, _)| named.to_string()).collect();
    let all = ["virtualservice/shop/api", "virtualservice/shop/api:v2", "virtualservice/shop/api:rest"];
    assert_eq!(named, all);
    case.named = Some("virtualservice/api");
    assert_eq!(case.route().rules(&case.route().object).len(), 2);
    case.named = Some("virtualservice/api:rest");
    assert_eq!(case.route().rules(&case.route().object)[0].index, 1);
    case.named = Some("virtualservice/api:nobody");
    assert!(matches!(case.unclear(), RouterUnclear::NotThere(..)));
}

/// Subsets by two labels at once (flagger#650), of which nobody says which is the color.
#[test]
fn subsets_that_differ_in_two_labels_are_not_guessed_at() {
    let rules = rule(&json!([{"name": "stable", "labels": {"version": "v1", "slot": "a"}},
        {"name": "next", "labels": {"version": "v2", "slot": "b"}}]));
    let route = virtual_service("api", "shop", &json!([{"route": shares(100, 0)}]));
    let mut case = Case { rules, ..Case::istio(vec![route]) };
    assert!(matches!(case.unclear(), RouterUnclear::SeveralKeys { keys, .. } if keys == ["slot", "version"]));
    case.key = Some("slot");
    assert_eq!(case.route().leading(&case.route().object).as_deref(), Some("a"));
}

/// argo-rollouts#3141: nothing was given to any color.
#[test]
fn a_color_of_no_weight_is_said() {
    let route = virtual_service("api", "shop", &json!([{"route": shares(0, 0)}]));
    assert!(matches!(Case::istio(vec![route]).unclear(), RouterUnclear::NoWeight(_)));
}

/// rollouts-plugin-trafficrouter-gatewayapi#203: a third backend is another pipeline's; istio#15186: a VirtualService
/// over a Service a color.
#[test]
fn services_of_a_color_each_are_told_by_what_they_select() {
    let of = |name: &str, color: &str| service(name, &json!({"app": "api", "version": color}));
    let routes = |backends: &[(&str, i64)]| vec![(RouterKind::HttpRoute, http_route(backends), None)];
    let neighbours = vec![of("api-blue", "blue"), of("api-green", "green"), service("web", &json!({"app": "web"}))];
    let split = [("api-blue", 90), ("api-green", 10), ("web", 5)];
    let above = Case { neighbours: neighbours.clone(), routes: routes(&split), ..Case::of(&json!({"app": "api"})) };
    let route = above.route();
    assert_eq!((route.backend("green"), route.colors.len()), (Some("api-green"), 2));
    assert_eq!(route.base, [("app".to_owned(), "api".to_owned())].into());
    let to = |host: &str, weight: i64| json!({"destination": {"host": host}, "weight": weight});
    let mesh = virtual_service(
        "api",
        "shop",
        &json!([{"route": [to("api-blue.shop.svc.cluster.local", 0), to("api-green", 100)]}]),
    );
    let routed = vec![(RouterKind::VirtualService, mesh, None)];
    let by_host = Case { neighbours: neighbours.clone(), routes: routed, ..Case::of(&json!({"app": "api"})) }.route();
    assert_eq!(
        (by_host.leading(&by_host.object).as_deref(), by_host.backend("green")),
        (Some("green"), Some("api-green"))
    );
    let one_of_them = Case { service: of("api-blue", "blue"), neighbours, routes: routes(&split), ..above };
    assert_eq!(one_of_them.route().key, "version");
    let alone = Case { routes: routes(&[("api-blue", 1), ("web", 1)]), ..one_of_them };
    assert!(matches!(alone.found(), FoundRouter::Selector), "another application's share is no color's");
}

/// Two applications that share a host are no colors of each other.
#[test]
fn applications_are_no_colors() {
    let neighbours = vec![service("api", &json!({"app": "api"})), service("web", &json!({"app": "web"}))];
    let routes = vec![(RouterKind::HttpRoute, http_route(&[("api", 1), ("web", 1)]), None)];
    let case = Case { neighbours, routes, ..Case::of(&json!({"app": "api"})) };
    assert!(matches!(case.found(), FoundRouter::Selector));
}

/// The Ingress that the controller's guide to blue/green shows, with a Service a color; and with target groups that
/// were made outside of the cluster, whose bindings say whose pods they have.
#[test]
fn an_ingress_of_a_load_balancer_is_found_by_its_action() {
    let of = |name: &str, color: &str| service(name, &json!({"app": "api", "version": color}));
    let neighbours = vec![of("api-blue", "blue"), of("api-green", "green")];
    let backend = json!({"service": {"name": "api", "port": {"name": "use-annotation"}}});
    let ingress = |groups: &Value| {
        let action = json!({"type": "forward", "forwardConfig": {"targetGroups": groups}}).to_string();
        json!({"metadata": {"name": "edge", "namespace": "shop",
            "annotations": {"alb.ingress.kubernetes.io/actions.api": action}},
            "spec": {"ingressClassName": "alb", "rules": [{"http": {"paths": [
                {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})
    };
    let by_service = json!([{"serviceName": "api-blue", "servicePort": "80", "weight": 100},
        {"serviceName": "api-green", "servicePort": "80", "weight": 0}]);
    let case = Case {
        neighbours,
        routes: vec![(RouterKind::Alb, ingress(&by_service), None)],
        ..Case::of(&json!({"app": "api"}))
    };
    let route = case.route();
    assert_eq!((route.backend("green"), route.reference().as_str()), (Some("api-green"), "ingress/edge"));
    assert_eq!(
        (route.leading(&route.object).as_deref(), route.named().to_string().as_str()),
        (Some("blue"), "alb/shop/edge")
    );
    let by_itself = json!([{"targetGroupARN": "arn:blue", "weight": 0}, {"targetGroupName": "green-tg", "weight": 1}]);
    let bare = Case { routes: vec![(RouterKind::Alb, ingress(&by_itself), None)], ..case };
    assert!(matches!(bare.found(), FoundRouter::Selector), "nobody says whose they are");
    let binding = |service: &str, named: &Value| -> TargetGroupBinding {
        let mut spec = json!({"serviceRef": {"name": service, "port": 80}});
        spec.as_object_mut().unwrap().extend(named.as_object().unwrap().clone());
        serde_json::from_value(json!({"metadata": {"name": service}, "spec": spec})).unwrap()
    };
    let bindings = vec![
        binding("api-blue", &json!({"targetGroupARN": "arn:blue"})),
        binding("api-green", &json!({"targetGroupARN": "arn:green", "targetGroupName": "green-tg"})),
    ];
    let route = Case { bindings, ..bare }.route();
    assert_eq!((route.leading(&route.object).as_deref(), route.backend("green")), (Some("green"), Some("api-green")));
}
