//! The Gateway API's routes with a Service for each color.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, replicas};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::routed::{http_route, object, two_colors, weights};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding, said};
use e2e::namespace;
use lab::Namespace;
use serde_json::{Value, json};

const ROUTE: &str = "httproute/api";
const LIST: &str = "/spec/rules/0/backendRefs";

async fn routed(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    ns.apply(&http_route(1, 0)).await?;
    Ok(ns)
}

/// The Service over both colors, and each of those that the route names, are moved by the route.
#[tokio::test]
async fn a_release_goes_there_and_back_by_the_backends() -> Result<()> {
    let ns = routed("hr-release").await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["router"]["name"].as_str(), Some(&*format!("httproute/{}/api", ns.name())));
    bluegreen(&ns, "switch api --to green --yes --verify-for=2s").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(1)]);
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(1), Some(0)]);
    bluegreen(&ns, "cleanup api --before-due --force=changed-since --yes").await?.ends(0)?;
    bluegreen(&ns, "switch api --to green --scale --force=rolled-back --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(1)]);
    Ok(())
}

/// One of the backends is as good a name, until another Service's record lies on the route.
#[tokio::test]
async fn a_backend_is_moved_by_the_route_that_names_it() -> Result<()> {
    let ns = routed("hr-backend").await?;
    bluegreen(&ns, "switch api-blue --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(0), Some(1)]);
    let document = bluegreen(&ns, "switch api --to blue --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], json!("RouteShared"), "{document:#}");
    bluegreen(&ns, "rollback api-blue --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(1), Some(0)]);
    Ok(())
}

/// What its controller says of a generation before is no word on this one; a no of this one is taken back.
#[tokio::test]
async fn a_refusal_of_the_controller_is_taken_back() -> Result<()> {
    let ns = routed("hr-refused").await?;
    report(&ns, "True").await?;
    let running = e2e::bluegreen::run::start(&ns, "switch api --to green --yes --verify-for=0")?;
    lab::eventually("the route is written", e2e::LIMIT, || async {
        Ok((weights(&ns, ROUTE, LIST).await? == [Some(0), Some(1)]).then_some(()))
    })
    .await?;
    report(&ns, "False").await?;
    running.wait(e2e::LIMIT).await?.ends(5)?.tells("ResolvedRefs is False")?;
    assert_eq!(weights(&ns, ROUTE, LIST).await?, [Some(1), Some(0)]);
    report(&ns, "False").await?;
    let document = bluegreen(&ns, "preflight api --to green --force=failed-before -ojson").await?.ends(1)?.json()?;
    let found = finding(&document, "route-refused").context("no finding")?;
    ensure!(found["severity"] == "block", "{found:#}");
    Ok(())
}

/// As a controller would, of the generation that is there.
async fn report(ns: &Namespace, status: &str) -> Result<()> {
    let generation = object(ns, ROUTE).await?["metadata"]["generation"].clone();
    let condition = |kind: &str, status: &str| -> Value {
        json!({"type": kind, "status": status, "reason": "Tried", "message": "", "observedGeneration": generation,
            "lastTransitionTime": "2026-01-31T03:00:00Z"})
    };
    let conditions = json!([condition("Accepted", "True"), condition("ResolvedRefs", status)]);
    let parent =
        json!({"parentRef": {"name": "public"}, "controllerName": "example.com/gateway", "conditions": conditions});
    let patch = json!({"status": {"parents": [parent]}}).to_string();
    let words = ["patch", ROUTE, "--subresource=status", "--type=merge", "-p", &patch];
    ns.kubectl(&words).await.map(drop)
}

/// A gRPC route shares requests as an HTTP route does.
#[tokio::test]
async fn a_grpc_route_is_moved_alike() -> Result<()> {
    let ns = namespace("grpcroute").await?;
    two_colors(&ns, 1).await?;
    let mut route = http_route(1, 0);
    (route["kind"], route["spec"]["hostnames"]) = (json!("GRPCRoute"), json!(["grpc.example.com"]));
    ns.apply(&route).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(weights(&ns, "grpcroute/api", LIST).await?, [Some(0), Some(1)]);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(weights(&ns, "grpcroute/api", LIST).await?, [Some(1), Some(0)]);
    Ok(())
}

/// Another team's VirtualService needs no grant to send here: its users would lose the color that is taken down.
#[tokio::test]
async fn a_color_that_a_route_of_another_namespace_sends_to_stays() -> Result<()> {
    let (ns, edge) = (namespace("cleanup-edge").await?, namespace("edge").await?);
    blue_green(&ns, 1).await?;
    let mut own = api().service("blue");
    own["metadata"]["name"] = json!("api-blue");
    ns.apply(&own).await?;
    let host = format!("api-blue.{}.svc.cluster.local", ns.name());
    edge.apply(&json!({"apiVersion": "networking.istio.io/v1", "kind": "VirtualService", "metadata": {"name": "edge"},
        "spec": {"hosts": ["shop.example.com"], "http": [{"route": [{"destination": {"host": host}, "weight": 100}]}]}}))
        .await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    for words in ["cleanup api --yes", "cleanup --due --yes"] {
        bluegreen(&ns, words).await?.ends(1)?.tells("virtualservice/edge of namespace")?;
    }
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// Two routes over one Service: the way back of the one would go with what the other left.
#[tokio::test]
async fn a_color_that_another_route_left_is_kept_for_its_time() -> Result<()> {
    let ns = routed("hr-two").await?;
    let mut other = http_route(1, 0);
    (other["metadata"]["name"], other["spec"]["hostnames"]) = (json!("other"), json!(["other.example.com"]));
    ns.apply(&other).await?;
    let listed = bluegreen(&ns, "status").await?.ends(0)?;
    ensure!(listed.stdout.contains("/other (0:"), "it is not in the list\n{}", said(&listed));
    for (route, retain) in [("api", "0s"), ("other", "1h")] {
        let words = format!("switch api --to green --router=httproute/{route} --retain={retain} --yes --verify-for=0");
        bluegreen(&ns, &words).await?.ends(0)?;
    }
    bluegreen(&ns, "cleanup api --router=httproute/api --yes").await?.ends(1)?.tells("httproute/other left it, too")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    Ok(())
}
