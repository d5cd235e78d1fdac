//! Ready is not reachable: what counts is what the EndpointSlices and the nodes say.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{self, active, api, blue_green, color, green_on_its_own_node, rolled_out, scale};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::{annotate_pods, is_ready, pods};
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::Behavior;
use lab::{Namespace, Running, eventually};
use serde_json::{Value, json};

/// Blue and a green whose pods lack the port that the Service names, all ready.
async fn with_portless_green(ns: &Namespace) -> Result<()> {
    let app = api().color(color("blue", 2, Behavior::Ready));
    let mut green = app.workload(&color("green", 2, Behavior::Ready));
    green["spec"]["template"]["spec"]["containers"][0]["ports"] = json!([{"name": "web", "containerPort": 8080}]);
    rolled_out(ns, &app).await?;
    ns.apply(&green).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await
}

/// Connections would hang while the run says `converged green 2, blue 0`.
#[tokio::test]
async fn pods_without_the_services_port_are_no_endpoints() -> Result<()> {
    let ns = namespace("port-missing").await?;
    with_portless_green(&ns).await?;
    let output = bluegreen(&ns, "switch api --to green --yes --force=port-missing -ojson").await?.ends(5)?;
    ensure!(output.json()?["message"].to_string().contains("no ready endpoint"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["colors"][0]["endpoints"], 2);
    Ok(())
}

/// `status` would show endpoints that serve nobody.
#[tokio::test]
async fn status_shows_no_endpoints_where_the_port_is_missing() -> Result<()> {
    let ns = namespace("port-missing-left").await?;
    with_portless_green(&ns).await?;
    let words = "switch api --to green --yes --force=port-missing --no-rollback -ojson";
    assert_eq!(bluegreen(&ns, words).await?.ends(1)?.json()?["reason"], "Emptied");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let service = &status["services"][0];
    assert_eq!((&service["colors"][0]["endpoints"], &service["converged"]), (&json!(0), &json!(false)));
    bluegreen(&ns, "status api --wait-for converged --timeout 1s").await?.ends(4)?;
    // A rollback finds blue ready and goes.
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A second port that only the new version lacks would be lost without a word.
#[tokio::test]
async fn every_port_that_the_active_color_serves_has_to_be_there() -> Result<()> {
    let ns = namespace("port-grpc").await?;
    let app = api().color(color("blue", 2, Behavior::Ready));
    let mut objects = app.objects();
    objects[0]["spec"]["ports"] = json!([{"name": "http", "port": 80, "targetPort": "http"},
        {"name": "grpc", "port": 90, "targetPort": "grpc"}]);
    objects.push(app.workload(&color("green", 2, Behavior::Ready)));
    let both = json!([{"name": "http", "containerPort": 8080}, {"name": "grpc", "containerPort": 8081}]);
    objects[1]["spec"]["template"]["spec"]["containers"][0]["ports"] = both;
    ns.apply_all(&objects).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, "switch api --to green --yes --force=port-missing").await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

async fn all_ready(ns: &Namespace, labels: &str) -> Result<()> {
    let found = pods(ns, labels).await?;
    ensure!(!found.is_empty() && found.iter().all(is_ready), "not all ready: {labels}");
    Ok(())
}

/// A spot node is taken away: its pods stay Ready for a minute, and get no traffic.
#[tokio::test]
async fn pods_of_a_node_that_is_gone_are_no_target() -> Result<()> {
    let ns = namespace("node-gone").await?;
    let node = green_on_its_own_node(&ns).await?;
    node.leave().await?;
    all_ready(&ns, "version=green").await.context("the API server says they are ready all the same")?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"no-ready-pods".to_owned()), "{refused:#}");
    let why = finding(&refused, "pods-not-ready").context("no reason")?["message"].to_string();
    ensure!(why.contains("node"), "{why}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// The same in the middle of a release: a minute of refused connections, called `waiting`.
#[tokio::test]
async fn a_node_that_goes_in_the_hold_takes_the_switch_back() -> Result<()> {
    let ns = namespace("node-goes").await?;
    let node = green_on_its_own_node(&ns).await?;
    // The orphaned pods are collected 40 to 80 s after their node went; the hold has to outlast that.
    let running = switching(&ns, "switch api --to green --yes --verify-for=170s --timeout=180s").await?;
    node.leave().await?;
    running.wait(2 * LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// `rollback --now` is for the worst minute; it must not make it worse.
#[tokio::test]
async fn a_rollback_does_not_go_to_pods_that_nobody_reaches() -> Result<()> {
    let ns = namespace("node-gone-back").await?;
    let node = green_on_its_own_node(&ns).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0s").await?.ends(0)?;
    node.leave().await?;
    // It waits for pods elsewhere, which don't come here.
    let waited = bluegreen(&ns, "rollback api --now --yes --timeout=5s").await?.ends(4)?;
    ensure!(!waited.stderr.contains("2/1 ready"), "pods of a lost node are called ready\n{}", said(&waited));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A third of the requests would go on to blue after `converged, blue 0`.
#[tokio::test]
async fn addresses_written_by_hand_are_seen_before_and_after() -> Result<()> {
    let ns = namespace("by-hand").await?;
    blue_green(&ns, 2).await?;
    let pod = pods(&ns, "version=blue").await?.into_iter().next().context("no blue pod")?;
    let address = pod.status.and_then(|s| s.pod_ip).context("no address")?;
    ns.apply(&json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
        "metadata": {"name": "api-by-hand", "labels": {"kubernetes.io/service-name": "api"}},
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": [address], "conditions": {"ready": true}}]}))
        .await?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"unmanaged-endpoints".to_owned()), "{refused:#}");
    // A forced check doesn't make the proof softer.
    let forced = "switch api --to green --yes --force=unmanaged-endpoints --timeout=5s --no-rollback -ojson";
    let document = bluegreen(&ns, forced).await?.ends(4)?.json()?;
    ensure!(document["message"].to_string().contains("1 of other colors"), "{document:#}");
    Ok(())
}

/// Starts a switch and comes back once the Service selects green and its endpoints followed.
async fn switching(ns: &Namespace, words: &str) -> Result<Running> {
    let running = start(ns, words)?;
    bluegreen(ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    Ok(running)
}

/// Three pods serve; "rolled back" to nothing, they would serve nobody.
#[tokio::test]
async fn a_failed_switch_stays_where_there_is_nothing_to_go_back_to() -> Result<()> {
    let ns = namespace("nothing-back").await?;
    blue_green(&ns, 4).await?;
    let running = switching(&ns, "switch api --to green --yes --verify-for=80s -ojson").await?;
    app::taken_down(&ns, "blue").await?;
    one_green_pod_fails(&ns).await?;
    let output = running.wait(LIMIT).await?.ends(1)?;
    ensure!(output.json()?["message"].to_string().contains("blue has no ready pod"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Going back to one pod from three is no rescue.
#[tokio::test]
async fn a_failed_switch_stays_where_more_serve() -> Result<()> {
    let ns = namespace("fewer-back").await?;
    blue_green(&ns, 4).await?;
    let running = switching(&ns, "switch api --to green --yes --verify-for=80s").await?;
    scale(&ns, "api-blue", 1).await?;
    eventually("one blue pod is left", LIMIT, || async {
        Ok((pods(&ns, "version=blue").await?.len() == 1).then_some(()))
    })
    .await?;
    one_green_pod_fails(&ns).await?;
    running.wait(LIMIT).await?.ends(1)?.tells("1 ready pods and 3 serve on green")?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

async fn one_green_pod_fails(ns: &Namespace) -> Result<()> {
    let pod = pods(ns, "version=green").await?.into_iter().next().context("no green pod")?;
    let behavior = "lab.kubectl-release.dev/behavior";
    ns.annotate::<k8s_openapi::api::core::v1::Pod>(&pod.name_any(), behavior, Some("never-ready")).await
}

/// What somebody added to the selector since the switch was added on purpose.
#[tokio::test]
async fn a_rollback_moves_the_track_key_and_nothing_else() -> Result<()> {
    let ns = namespace("key-kept").await?;
    let region = |mut workload: Value| {
        workload["spec"]["template"]["metadata"]["labels"]["region"] = json!("eu");
        workload
    };
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 2, Behavior::Ready));
    let objects: Vec<Value> =
        app.objects().into_iter().map(|o| if o["kind"] == "Service" { o } else { region(o) }).collect();
    ns.apply_all(&objects).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"region": "eu"}}})).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let selector = ns.api::<Service>().get("api").await?.spec.and_then(|s| s.selector).unwrap_or_default();
    assert_eq!(json!(selector), json!({"app": "api", "region": "eu", "version": "blue"}));
    Ok(())
}

/// Switched to and "verified"; 0 endpoints seconds later.
#[tokio::test]
async fn a_target_that_is_being_deleted_is_refused() -> Result<()> {
    let ns = namespace("target-deleted").await?;
    blue_green(&ns, 2).await?;
    ns.patch::<Deployment>("api-green", json!({"metadata": {"finalizers": ["lab.kubectl-release.dev/held"]}})).await?;
    ns.kubectl(&["delete", "deployment", "api-green", "--wait=false"]).await?.ends(0)?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"being-deleted".to_owned()), "{refused:#}");
    ns.patch::<Deployment>("api-green", json!({"metadata": {"finalizers": null}})).await.map(drop)
}

/// The Service's operator would put the selector back.
#[tokio::test]
async fn a_service_that_an_operator_owns_is_refused() -> Result<()> {
    let ns = namespace("owned-service").await?;
    blue_green(&ns, 2).await?;
    let owner = ns.api::<Deployment>().get("api-blue").await?;
    let owners = json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "api-blue",
        "uid": owner.uid().unwrap_or_default(), "controller": true}]);
    ns.patch::<Service>("api", json!({"metadata": {"ownerReferences": owners}})).await?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"owned-by-controller".to_owned()), "{refused:#}");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s --force=owned-by-controller").await?.ends(0)?;
    Ok(())
}

/// Both of two green pods fail at once: the Service is empty only as long as it takes to go back.
#[tokio::test]
async fn an_emptied_service_goes_back_at_once() -> Result<()> {
    let ns = namespace("all-fail").await?;
    blue_green(&ns, 2).await?;
    let running = switching(&ns, "switch api --to green --yes --verify-for=80s").await?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "never-ready")]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    let slices = ns.api::<EndpointSlice>().list(&ListParams::default()).await?;
    ensure!(slices.items.iter().any(|slice| !slice.endpoints.is_empty()), "nothing serves");
    assert_eq!(app::replicas(&ns, "api-blue").await?, 2);
    Ok(())
}

/// `status` would promise `< 1 s, its pods are ready` for a color without a pod.
#[tokio::test]
async fn status_promises_only_what_a_rollback_would_do() -> Result<()> {
    let ns = namespace("promises").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("< 1 s, its pods are ready")?;
    app::taken_down(&ns, "blue").await?;
    bluegreen(&ns, "status api").await?.ends(0)?.tells("starts 3 pods")?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "never-ready")]).await?;
    eventually("no green pod is ready", LIMIT, || async {
        Ok((!pods(&ns, "version=green").await?.iter().any(is_ready)).then_some(()))
    })
    .await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?.tells("starts 3 pods")?;
    ensure!(!status.stdout.contains("its pods are ready"), "{}", said(&status));
    // Blue asks for pods again, and none of them gets ready: a rollback has nowhere to go.
    let template = json!({"metadata": {"annotations": {"lab.kubectl-release.dev/behavior": "never-ready"}}});
    ns.patch::<Deployment>("api-blue", json!({"spec": {"replicas": 3, "template": template}})).await?;
    eventually("blue's pods exist", LIMIT, || async {
        Ok((pods(&ns, "version=blue").await?.len() == 3).then_some(()))
    })
    .await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!status.stdout.contains("its pods are ready"), "{}", said(&status));
    Ok(())
}
