use k8s_openapi::api::discovery::v1::EndpointSlice;
use release_cluster::slice_view::SlicesAt;
use serde_json::{Value, json};

use crate::checks::past_route::check;
use crate::checks::routes;
use crate::checks::testing::{World, told};
use crate::options::Verb;

const PREFIX: &str = "nginx.ingress.kubernetes.io";

fn ingress(name: &str, host: &str, service: &str, annotations: &[(&str, &str)]) -> Value {
    let all: serde_json::Map<String, Value> =
        annotations.iter().map(|(key, text)| (format!("{PREFIX}/{key}"), json!(text))).collect();
    let path =
        json!({"path": "/", "pathType": "Prefix", "backend": {"service": {"name": service, "port": {"number": 80}}}});
    json!({"apiVersion": "networking.k8s.io/v1", "metadata": {"name": name, "namespace": "shop", "annotations": all},
        "spec": {"ingressClassName": "nginx", "rules": [{"host": host, "http": {"paths": [path]}}]}})
}

fn slices(service: &str, ready: bool) -> SlicesAt {
    let slice: EndpointSlice = serde_json::from_value(json!({
        "metadata": {"name": service, "labels": {"kubernetes.io/service-name": service,
            "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}},
        "addressType": "IPv4", "ports": [{"name": "http", "port": 8080}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready},
            "targetRef": {"kind": "Pod", "name": format!("{service}-7d9f-0")}}]}))
    .unwrap();
    SlicesAt { slices: std::iter::once(slice).collect(), resource_version: "1".into() }
}

/// `api` over both colors, with a Service for each; a main Ingress to blue, and a canary to green.
fn shared(canary: &[(&str, &str)]) -> World {
    let mut world = World::healthy();
    world.service["spec"]["selector"] = json!({"app": "api"});
    let own = |color: &str| {
        json!({"metadata": {"name": format!("api-{color}"), "namespace": "shop"},
            "spec": {"selector": {"app": "api", "version": color}, "ports": [{"name": "http", "port": 80}]}})
    };
    world.neighbours = Ok(vec![own("blue"), own("green")]);
    let mut annotations = vec![("canary", "true"), ("canary-weight", "0")];
    annotations.extend(canary);
    world.ingresses = Ok(vec![
        ingress("main", "api.example.com", "api-blue", &[]),
        ingress("next", "api.example.com", "api-green", &annotations),
    ]);
    world.ingress_classes =
        Ok(vec![json!({"metadata": {"name": "nginx"}, "spec": {"controller": "k8s.io/ingress-nginx"}})]);
    world.slices = [("api-blue".to_owned(), slices("api-blue", true))].into();
    world
}

fn with(mut world: World, more: Value) -> World {
    world.ingresses.as_mut().unwrap().push(more);
    world
}

fn messages(world: &World) -> Vec<String> {
    world.findings(check).into_iter().map(|finding| finding.message).collect()
}

#[test]
fn a_canary_that_all_requests_meet_hides_nothing() {
    let world = shared(&[]);
    assert_eq!(world.with_case(|case| case.view.decider("shop")), "ingress/next");
    assert!(world.findings(check).is_empty(), "{:?}", messages(&world));
    assert!(world.findings(routes::check).is_empty());
}

/// Users who ask for blue by themselves stay there; those who can only ask for green are where all go.
#[test]
fn requests_by_header_go_past_the_weight() {
    assert_eq!(told(&shared(&[("canary-by-header", "X-Canary")]).findings(check)), ["! past-route"]);
    assert_eq!(told(&shared(&[("canary-by-cookie", "canary")]).findings(check)), ["! past-route"]);
    let one_way = shared(&[("canary-by-header", "X-Canary"), ("canary-by-header-value", "lts")]);
    assert!(one_way.findings(check).is_empty());
}

/// What ingress-nginx ignores would be written, called done, and reach nobody (ingress-nginx#9830, ingress-nginx#10729).
#[test]
fn a_canary_that_the_controller_ignores_is_not_moved() {
    let mut world = shared(&[]);
    let path = json!({"path": "/new", "pathType": "Prefix", "backend": {"service": {"name": "api-green", "port": {"number": 80}}}});
    let ingresses = world.ingresses.as_mut().unwrap();
    ingresses[1]["spec"]["rules"][0]["http"]["paths"].as_array_mut().unwrap().push(path);
    assert_eq!(told(&world.findings(check)), ["x route-refused"]);
    let mut preview = shared(&[]);
    preview.ingresses.as_mut().unwrap().insert(0, ingress("a-preview", "next.example.com", "api-green", &[]));
    for (second, ingress) in preview.ingresses.as_mut().unwrap().iter_mut().enumerate() {
        ingress["metadata"]["creationTimestamp"] = json!(format!("2026-11-01T00:00:{second:02}Z"));
    }
    assert_eq!(told(&preview.findings(check)), ["x route-refused"]);
}

/// ingress-nginx#13086, argo-rollouts#1820: everybody gets 503 as long as the main Service has no endpoint.
#[test]
fn a_main_service_without_endpoints_blocks() {
    let mut world = shared(&[]);
    world.slices = [("api-blue".to_owned(), slices("api-blue", false))].into();
    let found = world.findings(check);
    assert_eq!(told(&found), ["x route-refused"]);
    assert!(found[0].message.contains("service/api-blue has no ready endpoint"), "{found:?}");
    world.verb = Verb::Rollback;
    assert_eq!(told(&world.findings(check)), ["! route-refused"], "it may be the way out of an outage");
    world.slices.clear();
    assert_eq!(told(&world.findings(check)), ["? route-refused"], "what can't be read is said");
}

/// ingress-nginx#4692: another host of the same backend is shared, too; of another class, or by another port, it isn't.
#[test]
fn ingresses_that_lead_straight_to_a_color_are_told() {
    let host = "www.example.com";
    let same = with(shared(&[]), ingress("www", host, "api-blue", &[]));
    assert!(same.findings(check).is_empty(), "{:?}", messages(&same));
    let mut by_name = ingress("www", host, "api-blue", &[]);
    by_name["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = json!({"name": "http"});
    assert_eq!(told(&with(shared(&[]), by_name).findings(check)), ["! past-route"]);
    let mut of_another = ingress("www", host, "api-blue", &[]);
    of_another["spec"]["ingressClassName"] = json!("traefik");
    assert!(messages(&with(shared(&[]), of_another))[0].contains("ingress/www sends to blue"));
    let over_both = with(shared(&[]), ingress("www", host, "api", &[]));
    assert!(messages(&over_both)[0].contains("reaches both colors"));
}

/// ingress-nginx#8246, ingress-nginx#4188: users of blue have a cookie that keeps them there.
#[test]
fn users_that_are_kept_by_a_cookie_are_told() {
    let mut world = shared(&[("affinity-canary-behavior", "legacy")]);
    world.ingresses.as_mut().unwrap()[0]["metadata"]["annotations"] =
        json!({"nginx.ingress.kubernetes.io/affinity": "cookie"});
    assert_eq!(told(&world.findings(check)), ["! route-sticky"]);
}

/// Whoever may not read classes is told; a class called `nginx` is taken for what it is called after.
#[test]
fn classes_that_may_not_be_read_are_said() {
    let mut world = shared(&[]);
    world.ingress_classes = Err("forbidden".into());
    assert_eq!(told(&world.findings(routes::check)), ["? route-decides"]);
    assert_eq!(world.with_case(|case| case.view.decider("shop")), "ingress/next");
}

/// The Service's own clients would move, and those of the canary's host would stay.
#[test]
fn a_canary_past_the_service_blocks_a_move_of_its_selector() {
    let mut world = shared(&[]);
    world.service["spec"]["selector"] = json!({"app": "api", "version": "blue"});
    assert_eq!(told(&world.findings(routes::check)), ["x route-decides"]);
}
