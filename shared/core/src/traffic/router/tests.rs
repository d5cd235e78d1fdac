use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::release::change::json_patch;

fn colors(kind: RouterKind) -> BTreeMap<Destination, String> {
    let to = |color: &str| {
        let of_its_own = Destination { service: format!("api-{color}"), namespace: "shop".into(), subset: None };
        let subset = Destination { service: "api".into(), namespace: "shop".into(), subset: Some(color.into()) };
        (if kind == RouterKind::VirtualService { subset } else { of_its_own }, color.to_owned())
    };
    BTreeMap::from([to("blue"), to("green")])
}

fn route(kind: RouterKind, spec: &Value) -> Route {
    let object = json!({"apiVersion": format!("{}/v1", kind.group()), "kind": kind.kind(),
        "metadata": {"name": "api", "namespace": "shop"}, "spec": spec});
    Route {
        kind,
        namespace: "shop".into(),
        name: "api".into(),
        metadata: ObjectMeta::default(),
        rule: None,
        only: None,
        key: "version".into(),
        base: Labels::from([("app".into(), "api".into())]),
        colors: colors(kind),
        besides: BTreeMap::new(),
        lost: std::collections::BTreeSet::new(),
        beside: Beside::default(),
        dns: None,
        object,
    }
}

fn istio(http: &Value) -> Route {
    route(RouterKind::VirtualService, &json!({"hosts": ["api"], "http": http}))
}

fn to(subset: &str, weight: Option<i64>) -> Value {
    let mut to = json!({"destination": {"host": "api", "subset": subset}});
    if let Some(weight) = weight {
        to["weight"] = json!(weight);
    }
    to
}

fn gateway(rules: &Value) -> Route {
    route(RouterKind::HttpRoute, &json!({"rules": rules}))
}

fn backend(name: &str, weight: Option<i64>) -> Value {
    let mut backend = json!({"name": name, "port": 80});
    if let Some(weight) = weight {
        backend["weight"] = json!(weight);
    }
    backend
}

fn planned(route: &Route, color: &str) -> Value {
    json_patch(&route.plan(&route.object, color))
}

/// argo-rollouts#3125 and rollouts-plugin-trafficrouter-gatewayapi#203: destinations of others were taken out;
/// rollouts-plugin-trafficrouter-gatewayapi#158: a header's own rule got weights, too; argo-rollouts#1420: the colors
/// together have less than all. The object is that of istio.io/latest/docs/reference/config/networking/virtual-service.
#[test]
fn only_weights_are_written_and_only_of_colors() {
    let route = istio(&json!([
        {"name": "testers", "match": [{"headers": {"x-user": {"exact": "jason"}}}], "route": [to("green", None)]},
        {"name": "all", "retries": {"attempts": 3}, "timeout": "2s", "mirror": {"host": "api", "subset": "green"},
         "fault": {"delay": {"fixedDelay": "1s", "percentage": {"value": 0.1}}},
         "route": [to("blue", Some(80)), to("green", Some(0)), {"destination": {"host": "legacy"}, "weight": 20}]}]));
    assert_eq!(route.standing(&route.object), Standing::On("blue".into()));
    let list = route.object["spec"]["http"][1]["route"].clone();
    let expected = json!([
        {"op": "test", "path": "/spec/http/1/route", "value": list},
        {"op": "add", "path": "/spec/http/1/route/0/weight", "value": 0},
        {"op": "add", "path": "/spec/http/1/route/1/weight", "value": 80},
    ]);
    assert_eq!(planned(&route, "green"), expected);
    let moved = route.moved(&route.object, "green");
    assert!(route.holds(&moved, "green") && !route.holds(&moved, "blue"));
    assert_eq!(moved["spec"]["http"][1]["route"][2], list[2], "a stranger keeps what it has");
    assert_eq!(moved["spec"]["http"][0], route.object["spec"]["http"][0]);
    let staying: Vec<String> = route.staying(&route.object).iter().map(Rule::called).collect();
    assert_eq!(staying, ["testers"]);
}

/// stakater/application#615: a weight of 0 that was left out meant 1, and a drained backend went on serving;
/// istio/old_issues_repo#352: 0 beside 100 has to be what it says.
#[test]
fn zero_is_written_and_a_missing_weight_is_what_its_api_says() {
    let route = istio(&json!([{"route": [to("blue", Some(100)), to("green", None)]}]));
    assert_eq!(route.standing(&route.object), Standing::On("blue".into()), "none beside others is nothing to Istio");
    let back = route.moved(&route.moved(&route.object, "green"), "blue");
    assert_eq!(back["spec"]["http"][0]["route"][1]["weight"], json!(0));
    let alike = gateway(&json!([{"backendRefs": [backend("api-blue", None), backend("api-green", None)]}]));
    let both = Weights::from([("blue".into(), 1), ("green".into(), 1)]);
    assert_eq!(alike.standing(&alike.object), Standing::Split(both), "a missing weight is 1 to the Gateway API");
    let one = gateway(&json!([{"backendRefs": [backend("api-blue", None), backend("api-green", Some(0))]}]));
    let expected = json!([
        {"op": "test", "path": "/spec/rules/0/backendRefs", "value": one.object["spec"]["rules"][0]["backendRefs"]},
        {"op": "add", "path": "/spec/rules/0/backendRefs/0/weight", "value": 0},
        {"op": "add", "path": "/spec/rules/0/backendRefs/1/weight", "value": 1},
    ]);
    assert_eq!(planned(&one, "green"), expected);
}

/// argo-rollouts#3141 ("total destination weight = 0") and kgateway#11548 (Envoy refuses the whole route).
#[test]
fn weights_of_nothing_stand_nowhere() {
    let route = istio(&json!([{"route": [to("blue", Some(0)), to("green", Some(0))]}]));
    assert_eq!(route.standing(&route.object), Standing::Nowhere);
    let others =
        json!([{"route": [to("blue", Some(0)), to("green", Some(0)), {"destination": {"host": "x"}, "weight": 100}]}]);
    assert_eq!(istio(&others).standing(&istio(&others).object), Standing::Nowhere);
    let none = istio(&json!([{"delegate": {"name": "api-routes"}}, {"redirect": {"uri": "/"}}]));
    assert_eq!(none.standing(&none.object), Standing::Nowhere);
}

/// openkruise/rollouts#140, rollouts-plugin-trafficrouter-gatewayapi#226: rules of one route whose weights went apart.
#[test]
fn rules_that_disagree_are_a_split() {
    let route = gateway(&json!([
        {"name": "a", "backendRefs": [backend("api-blue", Some(100)), backend("api-green", Some(0))]},
        {"name": "b", "backendRefs": [backend("api-blue", Some(0)), backend("api-green", Some(100))]}]));
    assert!(matches!(route.standing(&route.object), Standing::Split(_)));
    let named = Route { rule: Some("b".into()), ..route.clone() };
    assert_eq!(named.standing(&named.object), Standing::On("green".into()));
    assert_eq!(named.plan(&named.object, "blue").len(), 3);
    let by_place = Route { rule: Some("0".into()), ..route };
    assert!(by_place.rules(&by_place.object).is_empty(), "what has a name is called by it");
}

/// A rule that somebody adds while a move is watched is theirs.
#[test]
fn a_move_is_of_the_rules_that_it_began_with() {
    let route = istio(&json!([{"route": [to("blue", Some(100)), to("green", Some(0))]}])).begun();
    let mut moved = route.moved(&route.object, "green");
    let added = json!({"route": [to("blue", Some(100)), to("green", Some(0))]});
    moved["spec"]["http"].as_array_mut().unwrap().push(added);
    assert!(route.holds(&moved, "green"));
    assert_eq!(route.staying(&moved).len(), 1);
}

/// argo-rollouts#4890: a destination with an empty host took a share, and its requests were lost; it is nobody's color.
#[test]
fn a_host_is_the_same_service_however_it_is_written() {
    for host in ["api", "api.shop", "api.shop.svc", "api.shop.svc.cluster.local"] {
        let route = istio(&json!([{"route": [{"destination": {"host": host, "subset": "blue"}}]}]));
        assert_eq!(route.standing(&route.object), Standing::On("blue".into()), "{host}");
    }
    let empty = json!([{"route": [to("blue", Some(90)), {"destination": {"host": ""}, "weight": 10}]}]);
    assert_eq!(istio(&empty).weights(&istio(&empty).object), Weights::from([("blue".into(), 90)]));
    let elsewhere = istio(&json!([{"route": [{"destination": {"host": "api.other", "subset": "blue"}}]}]));
    assert!(elsewhere.all_rules(&elsewhere.object).is_empty());
}

/// A subset that the route doesn't list would get its requests from nobody.
#[test]
fn a_color_that_a_route_lacks_is_found_and_could_be_added() {
    let route =
        istio(&json!([{"route": [{"destination": {"host": "api.shop", "subset": "blue", "port": {"number": 80}}}]}]));
    let rule = route.without(&route.object, "green").unwrap();
    let lacking = json!({"destination": {"host": "api.shop", "subset": "green", "port": {"number": 80}}, "weight": 0});
    let added = |route: &Route, rule: &Rule| json_patch(&route.adding(rule, "green").unwrap());
    let ops = added(&route, &rule);
    assert_eq!(ops[1], json!({"op": "add", "path": "/spec/http/0/route/0/weight", "value": 100}));
    assert_eq!(ops[2], json!({"op": "add", "path": "/spec/http/0/route/-", "value": lacking}));
    let alone = gateway(&json!([{"backendRefs": [backend("api-blue", None)]}]));
    let rule = alone.without(&alone.object, "green").unwrap();
    assert_eq!(added(&alone, &rule)[2]["value"], backend("api-green", Some(0)));
    assert!(route.without(&route.object, "blue").is_none());
}

/// A path in the version that was read: Istio before 1.22 serves v1beta1 alone.
#[test]
fn the_path_is_of_the_version_that_was_read() {
    let mut old = istio(&json!([]));
    old.object["apiVersion"] = json!("networking.istio.io/v1beta1");
    assert_eq!(old.path(), "/apis/networking.istio.io/v1beta1/namespaces/shop/virtualservices/api");
    assert_eq!(gateway(&json!([])).path(), "/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes/api");
}
