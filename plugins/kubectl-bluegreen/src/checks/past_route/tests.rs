use serde_json::{Value, json};

use super::check;
use crate::checks::testing::{World, told};

fn to(subset: &str, weight: i64) -> Value {
    json!({"destination": {"host": "api", "subset": subset}, "weight": weight})
}

fn virtual_service(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "networking.istio.io/v1", "metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn mesh() -> Value {
    json!({"hosts": ["api"], "http": [{"route": [to("blue", 100), to("green", 0)]}]})
}

/// `api` over both colors, and a VirtualService that sends to blue.
fn routed(spec: &Value) -> World {
    let mut world = World::healthy();
    world.service["spec"]["selector"] = json!({"app": "api"});
    let subset = |color: &str| json!({"name": color, "labels": {"version": color}});
    world.destination_rules = Ok(vec![json!({"metadata": {"name": "api", "namespace": "shop"},
        "spec": {"host": "api", "subsets": [subset("blue"), subset("green")]}})]);
    world.virtual_services = Ok(vec![virtual_service("api", spec)]);
    world
}

fn messages(world: &World) -> Vec<String> {
    world.findings(check).into_iter().map(|finding| finding.message).collect()
}

#[test]
fn a_route_that_every_request_meets_hides_nothing() {
    assert!(routed(&mesh()).findings(check).is_empty());
    assert!(World::healthy().findings(check).is_empty(), "there is no route");
}

/// Clients inside of the mesh ask for the Service itself, and would meet both colors.
#[test]
fn a_route_of_gateways_alone_is_told() {
    let mut spec = mesh();
    spec["gateways"] = json!(["istio-system/public"]);
    assert!(messages(&routed(&spec))[0].contains("gateways alone"));
    spec["gateways"] = json!(["istio-system/public", "mesh"]);
    assert!(routed(&spec).findings(check).is_empty());
    spec["hosts"] = json!(["api.internal"]);
    assert!(messages(&routed(&spec))[0].contains("no host for api"));
}

/// Testers by a header stay where they are, and so does a second route.
#[test]
fn what_is_not_moved_is_told() {
    let mut spec = mesh();
    let testers =
        json!({"name": "testers", "match": [{"headers": {"x-test": {"exact": "1"}}}], "route": [to("blue", 100)]});
    spec["http"] = json!([testers, spec["http"][0]]);
    let mut world = routed(&spec);
    assert_eq!(told(&world.findings(check)), ["! past-route"]);
    assert!(messages(&world)[0].contains("testers"));
    // Only the one that shares among colors is moved.
    let pinned =
        virtual_service("edge", &json!({"hosts": ["api.example.com"], "http": [{"route": [to("blue", 100)]}]}));
    world.virtual_services.as_mut().unwrap().push(pinned);
    assert_eq!(messages(&world).len(), 2);
}

#[test]
fn doors_to_the_service_itself_are_told() {
    let mut world = routed(&mesh());
    world.service["spec"]["type"] = json!("LoadBalancer");
    world.neighbours = Ok(vec![json!({"metadata": {"name": "api-metrics"}, "spec": {"selector": {"app": "api"}}})]);
    assert_eq!(
        messages(&world),
        ["service/api-metrics reaches both colors", "service/api of type LoadBalancer reaches both colors"]
    );
}

/// Weights that nobody takes would move nobody, and be called done.
#[test]
fn a_route_that_its_controller_refuses_is_not_moved() {
    let mut world = World::healthy();
    let own = |name: &str, color: &str| json!({"metadata": {"name": name}, "spec": {"selector": {"app": "api", "version": color}}});
    world.neighbours = Ok(vec![own("api", "blue"), own("api-green", "green")]);
    let backends = json!([{"name": "api", "port": 80, "weight": 1}, {"name": "api-green", "port": 80, "weight": 0}]);
    let condition =
        json!({"type": "ResolvedRefs", "status": "False", "reason": "BackendNotFound", "observedGeneration": 1});
    world.http_routes = Ok(vec![json!({"metadata": {"name": "api", "namespace": "shop", "generation": 1},
        "spec": {"rules": [{"backendRefs": backends, "sessionPersistence": {"sessionName": "s"}}]},
        "status": {"parents": [{"parentRef": {"name": "public"}, "conditions": [condition]}]}})]);
    assert_eq!(told(&world.findings(check)), ["x route-refused", "! route-sticky"]);
}

/// The second of two destinations of a color has nothing any more after a rollback, and nobody said so.
#[test]
fn shares_within_a_color_are_told_to_go() {
    let two = json!([to("blue", 70), {"destination": {"host": "api", "subset": "blue", "port": {"number": 80}}, "weight": 30}, to("green", 0)]);
    let told = messages(&routed(&json!({"hosts": ["api"], "http": [{"route": two}]})));
    assert!(matches!(&told[..], [only] if only.contains("2 destinations of blue")), "{told:?}");
}
