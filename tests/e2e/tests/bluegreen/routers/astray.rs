//! Routes that send to nobody: before a move, while it is watched, and after it.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::routed::{
    balanced, destination_rule, forward, http_route, subsets, two_colors, two_subsets, virtual_service, weights,
};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

const MESH: (&str, &str) = ("virtualservice/api", "/spec/http/0/route");
const GATEWAY: (&str, &str) = ("httproute/api", "/spec/rules/0/backendRefs");

async fn mesh(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_subsets(&ns, 2).await?;
    ns.apply(&virtual_service("api", &json!([{"route": subsets(100, 0)}]))).await?;
    Ok(ns)
}

async fn gateway(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 2).await?;
    ns.apply(&http_route(1, 0)).await?;
    Ok(ns)
}

async fn blocked(ns: &Namespace, words: &str, id: &str) -> Result<String> {
    let document = bluegreen(ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    let found = finding(&document, id).with_context(|| format!("no {id}: {document:#}"))?;
    ensure!(found["severity"] == "block", "{found:#}");
    Ok(found["message"].to_string())
}

async fn moved(ns: &Namespace, (route, list): (&str, &str), is: [i64; 2]) -> Result<()> {
    eventually("the route is moved", LIMIT, || async {
        Ok((weights(ns, route, list).await? == is.map(Some)).then_some(()))
    })
    .await
}

/// All requests would go to a subset that no pod is in, though every pod of the color is ready.
#[tokio::test]
async fn pods_without_all_labels_of_a_subset_serve_nobody() -> Result<()> {
    let ns = mesh("astray-labels").await?;
    let mut rule = destination_rule();
    rule["spec"]["subsets"][1]["labels"]["tier"] = json!("web");
    ns.apply(&rule).await?;
    let why = blocked(&ns, "switch api --to green --yes", "no-ready-pods").await?;
    ensure!(why.contains("tier=web"), "{why}");
    blocked(&ns, "switch api --to green --scale --yes", "no-ready-pods").await?;
    let pods = ns.kubectl(&["get", "pods", "-l", "version=green", "-o", "name"]).await?;
    let pod = pods.stdout.lines().next().context("no pod")?.to_owned();
    ns.kubectl(&["label", &pod, "tier=web"]).await?;
    blocked(&ns, "switch api --to green --yes", "ready-below-active").await?;
    bluegreen(&ns, "switch api --to green --min-ready=1 --yes --verify-for=2s").await?.ends(0)?.tells("green 1")?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let color = &status["services"][0]["colors"][0];
    assert_eq!((&color["name"], &color["endpoints"]), (&json!("green"), &json!(1)), "{status:#}");
    ns.kubectl(&["label", &pod, "tier-"]).await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("tier=web")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    moved(&ns, MESH, [100, 0]).await
}

/// A file that is a release behind is applied again: nobody is reached, and the way back has to be found.
#[tokio::test]
async fn a_live_subset_that_went_is_told_and_gone_back_from() -> Result<()> {
    let ns = mesh("astray-subset").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let mut older = destination_rule();
    older["spec"]["subsets"].as_array_mut().context("no subsets")?.pop();
    ns.apply(&older).await?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let service = &status["services"][0];
    assert_eq!((&service["active"], &service["converged"]), (&json!("green"), &json!(false)), "{status:#}");
    ensure!(status.to_string().contains("no DestinationRule defines subset green"), "{status:#}");
    bluegreen(&ns, "history api").await?.ends(0)?.tells("green")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    moved(&ns, MESH, [100, 0]).await?;
    blocked(&ns, "switch api --to green --force=rolled-back --yes", "no-ready-pods").await.map(drop)
}

/// Somebody tidies up the Service of the color that is live: the route sends all requests to nothing.
#[tokio::test]
async fn a_live_backend_that_was_deleted_is_told_and_gone_back_from() -> Result<()> {
    let ns = gateway("astray-backend").await?;
    ns.kubectl(&["delete", "service", "api"]).await?;
    bluegreen(&ns, "switch api-blue --to green --yes --verify-for=0").await?.ends(0)?;
    ns.kubectl(&["delete", "service", "api-green"]).await?;
    let status = bluegreen(&ns, "status api-blue -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["active"], json!("green"), "{status:#}");
    ensure!(status.to_string().contains("service/api-green, which is gone"), "{status:#}");
    bluegreen(&ns, "rollback api-blue --yes").await?.ends(0)?;
    moved(&ns, GATEWAY, [1, 0]).await?;
    blocked(&ns, "switch api-blue --to green --force=rolled-back --yes", "no-ready-pods").await.map(drop)
}

/// A destination of a port that the Service doesn't have answers nobody, whatever its endpoints are.
#[tokio::test]
async fn a_port_that_the_service_lacks_blocks() -> Result<()> {
    let ns = mesh("astray-port").await?;
    let mut to = subsets(100, 0);
    to[1]["destination"]["port"] = json!({"number": 9999});
    ns.apply(&virtual_service("api", &json!([{"route": to}]))).await?;
    let why = blocked(&ns, "preflight api --to green", "port-missing").await?;
    ensure!(why.contains("port 9999 of service/api"), "{why}");
    let ns = gateway("astray-hr-port").await?;
    let mut route = http_route(1, 0);
    route["spec"]["rules"][0]["backendRefs"][1]["port"] = json!(9999);
    ns.apply(&route).await?;
    let why = blocked(&ns, "preflight api --to green", "port-missing").await?;
    ensure!(why.contains("port 9999 of service/api-green"), "{why}");
    let ns = namespace("astray-alb-port").await?;
    two_colors(&ns, 1).await?;
    ns.apply(&balanced(&forward(100, 0).replace("\"servicePort\":80", "\"ServicePort\":9999"))).await?;
    let why = blocked(&ns, "preflight api --to green", "port-missing").await?;
    ensure!(why.contains("port 9999 of service/api-green"), "{why}");
    Ok(())
}

/// What others take away from under a route while it is watched shows in no endpoint: it is not verified.
#[tokio::test]
async fn what_a_route_names_and_is_taken_away_while_it_is_watched_is_taken_back() -> Result<()> {
    let ns = mesh("astray-meanwhile").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=6s")?;
    moved(&ns, MESH, [0, 100]).await?;
    let mut older = destination_rule();
    older["spec"]["subsets"].as_array_mut().context("no subsets")?.pop();
    ns.apply(&older).await?;
    running.wait(LIMIT).await?.ends(5)?.tells("subset green")?;
    moved(&ns, MESH, [100, 0]).await?;
    let ns = gateway("astray-hr-meanwhile").await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=6s")?;
    moved(&ns, GATEWAY, [0, 1]).await?;
    let ports: Value = json!({"spec": {"ports": [{"name": "http", "port": 81, "targetPort": 8080}]}});
    ns.kubectl(&["patch", "service/api-green", "--type=merge", "-p", &ports.to_string()]).await?;
    running.wait(LIMIT).await?.ends(5)?.tells("port 80 of service/api-green")?;
    moved(&ns, GATEWAY, [1, 0]).await
}

/// Each color's Service has ports of its own, and the one that is gone to counts.
#[tokio::test]
async fn the_ports_of_the_service_that_is_gone_to_count() -> Result<()> {
    let ns = gateway("astray-backend-port").await?;
    let named = |target: Value| json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": target}]}});
    ns.patch::<Service>("api-green", named(json!("nowhere"))).await?;
    blocked(&ns, "switch api --to green --yes", "port-missing").await?;
    let began = std::time::Instant::now();
    let words = "switch api --to green --yes --force=port-missing --timeout=120s";
    bluegreen(&ns, words).await?.ends(5)?.tells("no ready endpoint of green for 3 s")?;
    ensure!(began.elapsed() < std::time::Duration::from_secs(30), "users waited: {:?}", began.elapsed());
    moved(&ns, GATEWAY, [1, 0]).await?;
    ns.patch::<Service>("api-green", named(json!(9999))).await?;
    let document = bluegreen(&ns, "preflight api --to green --force=failed-before -ojson").await?.json()?;
    ensure!(finding_ids(&document).contains(&"port-undeclared".to_owned()), "{document:#}");
    Ok(())
}

/// Whoever comes by the gateway would stay on blue, and "switched" would be said.
#[tokio::test]
async fn a_route_that_shares_past_the_service_stops_its_switch() -> Result<()> {
    let ns = gateway("astray-past").await?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": "blue"}}})).await?;
    let why = blocked(&ns, "switch api --to green --yes", "route-decides").await?;
    ensure!(why.contains("api-blue and api-green"), "{why}");
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": null}}})).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    moved(&ns, GATEWAY, [0, 1]).await
}

/// A list that says blue where all requests go to green leads to a clean-up of the wrong color.
#[tokio::test]
async fn a_list_says_what_a_single_status_says() -> Result<()> {
    let ns = gateway("astray-list").await?;
    ns.kubectl(&["delete", "service", "api"]).await?;
    bluegreen(&ns, "switch api-blue --to green --yes --verify-for=0").await?.ends(0)?;
    let listed = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    let services = listed["services"].as_array().context("no list")?;
    assert_eq!(services.len(), 1, "{listed:#}");
    assert_eq!((&services[0]["name"], &services[0]["active"]), (&json!("api-blue"), &json!("green")), "{listed:#}");
    for words in ["status api-green", "history api-green", "switch api-green --to blue --yes"] {
        let verb = words.split(' ').next().unwrap_or_default();
        bluegreen(&ns, words).await?.ends(1)?.tells(&format!("kubectl bluegreen {verb} api-blue"))?;
    }
    bluegreen(&ns, "cleanup api-blue --before-due --yes").await?.ends(0)?;
    let text = bluegreen(&ns, "status").await?.ends(0)?;
    ensure!(!text.stdout.contains("no ready endpoint"), "{}", text.stdout);
    Ok(())
}

/// A timeout is no move: what was left is taken down in its time.
#[tokio::test]
async fn an_edit_that_leaves_the_weights_is_no_move() -> Result<()> {
    let ns = mesh("astray-edit").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=2s").await?.ends(0)?;
    let timeout = json!([{"op": "add", "path": "/spec/http/0/timeout", "value": "5s"}]).to_string();
    ns.kubectl(&["patch", MESH.0, "--type=json", "-p", &timeout]).await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!status.stdout.contains("by kubectl-patch"), "{}", status.stdout);
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(e2e::bluegreen::app::replicas(&ns, "api-blue").await?, 0);
    Ok(())
}
