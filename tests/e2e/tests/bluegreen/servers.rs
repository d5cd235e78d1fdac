//! Pods that can serve are what counts: those of a rollout that goes on are about to go, and those without the
//! Service's port serve nobody.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, api, color, replicas, rolled_out, scale, taken_down};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::{is_ready, pods};
use e2e::common::run::{Ended, admin, finding_ids};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use lab::fixtures::{Behavior, autoscaler};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

/// In each color a web server, whose port the Service names, and a worker with the same labels.
async fn web_and_workers(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let part = |color: &str, part: &str, ports: Value| {
        let labels = json!({"app": "api", "version": color, "part": part});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("api-{color}-{part}")},
            "spec": {"replicas": 2, "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": format!("registry.example.com/{part}:{color}"),
                    "ports": ports}]}}}})
    };
    let http = || json!([{"name": "http", "containerPort": 8080}]);
    let mut objects = vec![api().service("blue")];
    for color in ["blue", "green"] {
        objects.extend([part(color, "web", http()), part(color, "worker", json!([]))]);
    }
    ns.apply_all(&objects).await?;
    for object in &objects[1..] {
        let name = object["metadata"]["name"].as_str().unwrap_or_default();
        ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
    }
    Ok(ns)
}

async fn without_web(ns: &Namespace, color: &str) -> Result<()> {
    scale(ns, &format!("api-{color}-web"), 0).await?;
    ns.rolled_out(&format!("deployment/api-{color}-web"), LIMIT).await
}

/// Ready workers were taken for capacity: three seconds without anybody who answers.
#[tokio::test]
async fn pods_without_the_port_are_no_capacity_beside_servers_that_are_down() -> Result<()> {
    let ns = web_and_workers("only-workers").await?;
    without_web(&ns, "green").await?;
    let refused = bluegreen(&ns, "switch api --to green --yes --force=port-missing -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"no-ready-pods".to_owned()), "{refused:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// `status` promised a rollback within a second, to workers alone.
#[tokio::test]
async fn a_rollback_brings_the_servers_back_first() -> Result<()> {
    let ns = web_and_workers("servers-back").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    without_web(&ns, "blue").await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("starts 2 pods"), "{}", status.stdout);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?, replicas(&ns, "api-blue-web").await?), ("blue".to_owned(), 2));
    Ok(())
}

/// While nobody serves the active color, the other one's servers are the way back, whoever else is ready.
#[tokio::test]
async fn the_only_servers_are_not_taken_down() -> Result<()> {
    let ns = web_and_workers("only-servers").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    without_web(&ns, "green").await?;
    let document = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "wayBack", "{document:#}");
    assert_eq!(replicas(&ns, "api-blue-web").await?, 2);
    Ok(())
}

/// The bad release is in the middle of its rollout: its surge pod was one that the good color had to make up
/// for, and under a quota never could.
#[tokio::test]
async fn a_surge_pod_of_the_color_that_is_left_has_no_match_to_wait_for() -> Result<()> {
    let ns = namespace("surge").await?;
    blue_green(&ns, 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let slowly = json!({"spec": {"minReadySeconds": 300, "strategy": {"type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}});
    ns.patch::<Deployment>("api-green", slowly).await?;
    admin(&ns).run(&["set", "image", "deploy/api-green", "*=registry.example.com/api:bad"]).await?.ends(0)?;
    let surged = |d: &Deployment| d.status.as_ref().and_then(|s| s.ready_replicas) == Some(3);
    ns.wait_for::<Deployment>("api-green", "three are ready", LIMIT, surged).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?, replicas(&ns, "api-blue").await?), ("blue".to_owned(), 2));
    Ok(())
}

/// After a clean-up and a slip of the hand nothing runs any more: one pod would come back for six.
#[tokio::test]
async fn where_nothing_runs_any_more_the_record_knows_the_size() -> Result<()> {
    let ns = namespace("size-of-record").await?;
    rolled_out(&ns, &api().color(color("blue", 3, Behavior::Ready)).color(color("green", 3, Behavior::Ready))).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    taken_down(&ns, "green").await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("kubectl scale deploy/api-green --replicas=3"), "{}", status.stdout);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 3);
    Ok(())
}

/// The color's own autoscaler takes away what lies beyond its most: a rollback would wait for pods that never
/// stay, on a bad version whose pods are ready.
#[tokio::test]
async fn a_rollback_asks_for_no_more_than_the_autoscaler_allows() -> Result<()> {
    let ns = namespace("hpa-most").await?;
    rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready)).color(color("green", 2, Behavior::Ready))).await?;
    ns.apply(&autoscaler("api-blue", 1, 2)).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    scale(&ns, "api-green", 3).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("< 1 s"), "{}", status.stdout);
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?, replicas(&ns, "api-blue").await?), ("blue".to_owned(), 2));
    Ok(())
}

/// What was scaled for a move that somebody else made serves by now: its undo, pasted, would be an outage.
#[tokio::test]
async fn what_serves_by_now_has_no_undo() -> Result<()> {
    let ns = namespace("undo-serves").await?;
    blue_green(&ns, 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    taken_down(&ns, "blue").await?;
    let slowly = json!({"lab.kubectl-release.dev/behavior": "on-demand"});
    let template = json!({"spec": {"template": {"metadata": {"annotations": slowly}}}});
    ns.patch::<Deployment>("api-blue", template).await?;
    let first = start(&ns, "rollback api --yes --timeout=20s --force=changed-since -ojson")?;
    let pod =
        eventually("it asks for pods", LIMIT, || async { Ok(pods(&ns, "version=blue").await?.into_iter().next()) })
            .await?;
    ns.annotate::<Pod>(&pod.name_any(), "lab.kubectl-release.dev/ready", Some("true")).await?;
    eventually("one is ready", LIMIT, || async {
        Ok(pods(&ns, "version=blue").await?.iter().any(is_ready).then_some(()))
    })
    .await?;
    bluegreen(&ns, "rollback api --now --yes --force=changed-since").await?.ends(0)?;
    let document = first.wait(LIMIT).await?.json()?;
    let said = document.to_string();
    ensure!(!said.contains("--current-replicas"), "{document:#}");
    ensure!(document["message"].to_string().contains("serves service/api"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
