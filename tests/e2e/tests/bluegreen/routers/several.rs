//! Several objects send to the colors, and one of them decides: the others are seen, whatever kind they are.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{replicas, rolled_out};
use e2e::bluegreen::routed::{http_route, two_colors, weights};
use e2e::bluegreen::run::bluegreen;
use e2e::common::paste::paste;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::Namespace;
use lab::fixtures::{App, Workload};
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0 --retain=1s --router=httproute/api";
const LIST: &str = "/spec/rules/0/backendRefs";

async fn with_http_route(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    ns.apply(&http_route(100, 0)).await?;
    Ok(ns)
}

/// The Gateway API's own example: the same Services for HTTP and for gRPC.
fn grpc_route(backends: &Value) -> Value {
    json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "GRPCRoute", "metadata": {"name": "api-grpc"},
        "spec": {"parentRefs": [{"name": "public"}], "rules": [{"backendRefs": backends}]}})
}

fn to_both() -> Value {
    json!([{"name": "api-blue", "port": 80, "weight": 100}, {"name": "api-green", "port": 80, "weight": 0}])
}

fn ingress_to(service: &str) -> Value {
    let backend = json!({"service": {"name": service, "port": {"number": 80}}});
    json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "old"},
        "spec": {"rules": [{"host": "old.example.com", "http": {"paths": [
            {"path": "/", "pathType": "Prefix", "backend": backend}]}}]}})
}

/// Every gRPC call, or everybody at the old host, would be refused once the color that they are sent to is cleaned up.
#[tokio::test]
async fn a_color_that_another_kind_of_route_sends_to_stays() -> Result<()> {
    let alone = json!([{"name": "api-blue", "port": 80}]);
    for (name, other) in
        [("grpc", grpc_route(&alone)), ("grpc-both", grpc_route(&to_both())), ("ingress", ingress_to("api-blue"))]
    {
        let ns = with_http_route(&format!("several-{name}")).await?;
        ns.apply(&other).await?;
        bluegreen(&ns, SWITCH).await?.ends(0)?;
        lab::eventually("what it retains is due", e2e::LIMIT, || async {
            let document = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
            Ok((!document.to_string().contains("\"retained\"")).then_some(()))
        })
        .await?;
        let output = bluegreen(&ns, "cleanup --due --yes").await?;
        ensure!(replicas(&ns, "api-blue").await? == 2, "{name}: {}", said(&output));
    }
    Ok(())
}

/// A release that asks for one of two kinds of routes would leave the other's users where they are, unsaid.
#[tokio::test]
async fn of_routes_of_several_kinds_none_is_chosen_and_the_moved_one_is_gone_back_by() -> Result<()> {
    let ns = with_http_route("several-kinds").await?;
    ns.apply(&grpc_route(&to_both())).await?;
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("AmbiguousRouter"), "{document:#}");
    let by_grpc = SWITCH.replace("httproute/api", "grpcroute/api-grpc");
    bluegreen(&ns, &by_grpc).await?.ends(0)?.tells("httproute/api sends to blue, and stays")?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("by grpcroute/")?;
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, "grpcroute/api-grpc", LIST).await?, [Some(100), Some(0)]);
    Ok(())
}

/// What sends to the Service over both colors never meets the route, an Ingress no less than a GRPCRoute.
#[tokio::test]
async fn an_ingress_to_the_service_over_both_is_told() -> Result<()> {
    let ns = with_http_route("several-past").await?;
    ns.apply(&ingress_to("api")).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?.tells("past-route")?.tells("ingress/old").map(drop)
}

/// All weights are 0: nobody is served, and every command would lead to another that says so.
#[tokio::test]
async fn weights_that_are_all_zero_have_ways_out() -> Result<()> {
    let ns = with_http_route("several-zero").await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    ns.apply(&http_route(0, 0)).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("NoWeight"), "{document:#}");
    let next = document["next"].as_str().unwrap_or_default().to_owned();
    let to_blue = next.lines().find(|command| command.contains(r#"backendRefs/0/weight","value":100"#));
    paste(&ns, to_blue.with_context(|| format!("{document:#}"))?).await?.ends(0)?;
    assert_eq!(weights(&ns, "httproute/api", LIST).await?, [Some(100), Some(0)]);
    Ok(())
}

/// Somebody leaves the live color alone in a route that we have moved: "add version to the Service's selector" would be
/// another way for the same requests, and a rollback by it a wrong "done".
#[tokio::test]
async fn a_route_of_ours_that_lost_a_color_is_still_the_one() -> Result<()> {
    let ns = with_http_route("several-lost").await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let mut alone = http_route(0, 100);
    alone["spec"]["rules"][0]["backendRefs"] = json!([{"name": "api-green", "port": 80}]);
    ns.apply(&alone).await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("by httproute/")?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteLacksColor"), "{document:#}");
    let add = document["next"].as_str().unwrap_or_default().to_owned();
    paste(&ns, &add).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let after = weights(&ns, "httproute/api", LIST).await?;
    assert_eq!(after.iter().filter(|weight| weight.is_some_and(|weight| weight > 0)).count(), 1, "{after:?}");
    // Nothing of it leads to a color any more: that is said, and no other way is offered.
    alone["spec"]["rules"][0]["backendRefs"] = json!([{"name": "api", "port": 80}]);
    ns.apply(&alone).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteUndecided"), "{document:#}");
    Ok(())
}

/// The same words for another Service of the route would move another application.
#[tokio::test]
async fn the_route_of_two_applications_is_no_reason_to_move_the_other() -> Result<()> {
    let ns = with_http_route("several-apps").await?;
    let ready = |color: &str| Workload::color(color, "registry.example.com/web:1.0.0").replicas(1);
    rolled_out(&ns, &App::new("web").key("version").color(ready("blue")).color(ready("green"))).await?;
    for color in ["blue", "green"] {
        let mut service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": format!("web-{color}")},
            "spec": {"selector": {"app": "web", "version": color}, "ports": [{"port": 80, "targetPort": 8080}]}});
        ns.apply(&service).await?;
        service["metadata"]["name"] = json!("web");
        service["spec"]["selector"] = json!({"app": "web", "version": null});
        ns.apply(&service).await?;
    }
    let mut route = http_route(100, 0);
    let of_web = json!({"matches": [{"path": {"type": "PathPrefix", "value": "/web"}}], "backendRefs": [
        {"name": "web-blue", "port": 80, "weight": 100}, {"name": "web-green", "port": 80, "weight": 0}]});
    if let Some(rules) = route["spec"]["rules"].as_array_mut() {
        rules.push(of_web);
    }
    ns.apply(&route).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let document = bluegreen(&ns, "switch web --to green --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteShared"), "{document:#}");
    ensure!(!document["next"].to_string().contains("switch"), "{document:#}");
    bluegreen(&ns, "status").await?.ends(0)?.tells("web").map(drop)
}

/// A rule that has no name is moved by its place. Somebody puts another before it: a rollback would say "nothing to do"
/// about that one, while the moved one goes on as it is.
#[tokio::test]
async fn a_rule_that_changed_its_place_is_found_again() -> Result<()> {
    let ns = namespace("several-places").await?;
    two_colors(&ns, 2).await?;
    let rule =
        |path: &str| json!({"matches": [{"path": {"type": "PathPrefix", "value": path}}], "backendRefs": to_both()});
    let mut route = http_route(100, 0);
    route["spec"]["rules"] = json!([rule("/v2"), rule("/")]);
    ns.apply(&route).await?;
    let switch = SWITCH.replace("httproute/api", "httproute/api:1");
    bluegreen(&ns, &switch).await?.ends(0)?;
    let beta = json!({"matches": [{"path": {"type": "PathPrefix", "value": "/beta"}}], "backendRefs": to_both()});
    let insert = json!([{"op": "add", "path": "/spec/rules/0", "value": beta}]).to_string();
    ns.kubectl(&["patch", "httproute", "api", "--type=json", "-p", &insert]).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?.tells("rolled back")?;
    assert_eq!(weights(&ns, "httproute/api", "/spec/rules/2/backendRefs").await?, [Some(100), Some(0)]);
    // What it matched has changed, too: nobody can say which it is.
    bluegreen(&ns, &SWITCH.replace("httproute/api", "httproute/api:2")).await?.ends(0)?;
    let other = json!([{"op": "replace", "path": "/spec/rules/2/matches/0/path/value", "value": "/v3"}]).to_string();
    ns.kubectl(&["patch", "httproute", "api", "--type=json", "-p", &other]).await?;
    let document = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("AmbiguousRouter"), "{document:#}");
    Ok(())
}

/// A job that waits for the end of a shift would go on in the middle of it.
#[tokio::test]
async fn a_split_route_is_not_converged() -> Result<()> {
    let ns = with_http_route("several-split").await?;
    ns.apply(&http_route(50, 50)).await?;
    for condition in ["converged", "active=blue", "active=green"] {
        bluegreen(&ns, &format!("status api --wait-for {condition} --timeout=1s")).await?.ends(4)?;
    }
    ns.apply(&http_route(100, 0)).await?;
    bluegreen(&ns, "status api --wait-for active=blue --timeout=5s").await?.ends(0).map(drop)
}
