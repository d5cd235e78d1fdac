//! Ports that a Service looks up in each pod: what runs tells, and not only templates of workloads that
//! are read.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, rolled_out};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::{is_ready, pods};
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::Behavior;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

/// A worker of a color: its pods have the color's labels and no port.
fn worker(of: &str) -> Value {
    let mut worker = api().workload(&color(of, 1, Behavior::Ready));
    worker["metadata"]["name"] = json!(format!("worker-{of}"));
    worker["spec"]["selector"]["matchLabels"]["part"] = json!("worker");
    let template = &mut worker["spec"]["template"];
    template["metadata"]["labels"]["part"] = json!("worker");
    template["spec"]["containers"][0]["ports"] = json!([]);
    template["spec"]["containers"][0]["readinessProbe"] = json!(null);
    worker
}

async fn with_worker(ns: &Namespace, of: &str) -> Result<()> {
    ns.apply(&worker(of)).await?;
    ns.rolled_out(&format!("deployment/worker-{of}"), LIMIT).await
}

/// An application with a worker beside it could never be switched: the worker's pods are never endpoints,
/// and were waited for until the switch was taken back.
#[tokio::test]
async fn workers_beside_both_colors_don_t_hinder_a_switch() -> Result<()> {
    let ns = namespace("workers").await?;
    blue_green(&ns, 2).await?;
    with_worker(&ns, "blue").await?;
    with_worker(&ns, "green").await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=2s -ojson").await?.ends(0)?.json()?;
    assert_eq!(document["services"][0]["ready"], json!({"target": 2, "active": 2, "required": 2}), "{document:#}");
    bluegreen(&ns, "status api --wait-for converged --timeout 5s").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes --verify-for=0s").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Workers are no capacity: a switch to a worker alone would empty the Service.
#[tokio::test]
async fn a_worker_alone_is_no_target() -> Result<()> {
    let ns = namespace("worker-alone").await?;
    blue_green(&ns, 1).await?;
    with_worker(&ns, "blue").await?;
    with_worker(&ns, "green").await?;
    ns.patch::<k8s_openapi::api::apps::v1::Deployment>("api-green", json!({"spec": {"replicas": 0}})).await?;
    eventually("green's worker is left alone", LIMIT, || async {
        Ok((pods(&ns, "version=green").await?.len() == 1).then_some(()))
    })
    .await?;
    let forced = "switch api --to green --yes --verify-for=0s --force=port-missing,no-ready-pods -ojson";
    bluegreen(&ns, forced).await?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A second Deployment of the target that only there lacks the port is a mistake, and not a worker.
#[tokio::test]
async fn a_worker_that_only_the_target_has_is_told() -> Result<()> {
    let ns = namespace("worker-new").await?;
    blue_green(&ns, 1).await?;
    with_worker(&ns, "green").await?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(finding_ids(&refused).contains(&"port-missing".to_owned()), "{refused:#}");
    // A forced check doesn't make the proof softer.
    let forced = "switch api --to green --yes --verify-for=0s --timeout=6s --force=port-missing";
    bluegreen(&ns, forced).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Pods that an operator runs have no template that is read: three seconds of refused connections.
#[tokio::test]
async fn pods_of_an_operator_without_the_port_are_no_target() -> Result<()> {
    let ns = namespace("operator-portless").await?;
    rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready))).await?;
    let mut set = worker("green");
    set["kind"] = json!("ReplicaSet");
    set["spec"]["replicas"] = json!(2);
    set["metadata"]["ownerReferences"] = json!([{"apiVersion": "example.com/v1", "kind": "WebApp", "name": "api",
        "uid": "5a0f3f3e-0000-4000-8000-000000000001", "controller": true}]);
    ns.apply(&set).await?;
    eventually("the operator's pods are ready", LIMIT, || async {
        let found = pods(&ns, "version=green").await?;
        Ok((found.len() == 2 && found.iter().all(is_ready)).then_some(()))
    })
    .await?;
    let refused = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    let found = finding(&refused, "port-missing").unwrap_or_default();
    ensure!(found["message"].to_string().contains("webapp/api"), "{refused:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Somebody looks for pods that died, where it is the Service that was changed.
#[tokio::test]
async fn a_port_that_the_service_lost_while_watched_is_named() -> Result<()> {
    let ns = namespace("port-lost").await?;
    blue_green(&ns, 1).await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=80s -ojson")?;
    bluegreen(&ns, "status api --wait-for converged --timeout 60s").await?.ends(0)?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    let lost = json!({"spec": {"ports": [{"name": "http", "port": 80, "targetPort": "web"}]}});
    ns.patch::<Service>("api", lost).await?;
    let document = running.wait(LIMIT).await?.ends(1)?.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("no ready pod of blue has the port") && message.contains("web"), "{document:#}");
    Ok(())
}
