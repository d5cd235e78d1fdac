//! Objects that are about to go, and owners that write their own values again.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::namespace;
use k8s_openapi::api::apps::v1::{Deployment, StatefulSet};
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use lab::fixtures::{Behavior, autoscaler};
use serde_json::{Value, json};

const HELD: &str = "lab.kubectl-release.dev/held";

fn owner(kind: &str) -> Value {
    json!([{"apiVersion": "example.com/v1", "kind": kind, "name": "api", "uid": "5a0f3f3e-0000-4000-8000-000000000002",
        "controller": true}])
}

async fn being_deleted(ns: &Namespace, words: &str, about: &str) -> Result<()> {
    let refused = bluegreen(ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    let found = finding(&refused, "being-deleted").unwrap_or_default();
    ensure!(found["message"].to_string().contains(about), "{refused:#}");
    Ok(())
}

/// A Service waits for its load balancer to be taken down; a switch would be "verified" on the way.
#[tokio::test]
async fn a_service_that_is_being_deleted_is_not_switched() -> Result<()> {
    let ns = namespace("service-deleted").await?;
    blue_green(&ns, 1).await?;
    ns.patch::<Service>("api", json!({"metadata": {"finalizers": [HELD]}})).await?;
    ns.kubectl(&["delete", "service", "api", "--wait=false"]).await?.ends(0)?;
    being_deleted(&ns, "switch api --to green --yes", "service/api").await?;
    assert_eq!(active(&ns, "api").await?, "blue");
    ns.patch::<Service>("api", json!({"metadata": {"finalizers": null}})).await.map(drop)
}

/// A StatefulSet that is deleted in the foreground keeps its pods for a moment.
#[tokio::test]
async fn a_stateful_set_that_is_being_deleted_is_no_target() -> Result<()> {
    let ns = namespace("set-deleted").await?;
    let app = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 1, Behavior::Ready).stateful());
    rolled_out(&ns, &app).await?;
    ns.patch::<StatefulSet>("api-green", json!({"metadata": {"finalizers": [HELD]}})).await?;
    ns.kubectl(&["delete", "statefulset", "api-green", "--cascade=background", "--wait=false"]).await?.ends(0)?;
    being_deleted(&ns, "switch api --to green --yes --verify-for=0s", "sts/api-green").await?;
    ns.patch::<StatefulSet>("api-green", json!({"metadata": {"finalizers": null}})).await.map(drop)
}

/// Growing a Deployment that is being deleted would wait for pods that never come.
#[tokio::test]
async fn what_is_being_deleted_is_not_brought_to_size() -> Result<()> {
    let ns = namespace("grow-deleted").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    ns.patch::<Deployment>("api-green", json!({"metadata": {"finalizers": [HELD]}})).await?;
    ns.kubectl(&["delete", "deployment", "api-green", "--wait=false"]).await?.ends(0)?;
    being_deleted(&ns, "switch api --to green --scale --yes", "deploy/api-green").await?;
    assert_eq!(e2e::bluegreen::app::replicas(&ns, "api-green").await?, 1);
    ns.patch::<Deployment>("api-green", json!({"metadata": {"finalizers": null}})).await.map(drop)
}

/// KEDA writes its floor again, an operator the size of its Deployment: whoever scales hears of it.
#[tokio::test]
async fn owners_of_a_size_are_named_where_it_is_written() -> Result<()> {
    let ns = namespace("size-owners").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    let mut keda = autoscaler("api-green", 1, 5);
    keda["metadata"]["ownerReferences"] = owner("ScaledObject");
    ns.apply(&keda).await?;
    ns.patch::<Deployment>("api-green", json!({"metadata": {"ownerReferences": owner("WebApp")}})).await?;
    let plain = bluegreen(&ns, "preflight api --to green -ojson").await?.json()?;
    ensure!(!finding_ids(&plain).contains(&"owned-by-controller".to_owned()), "nothing is written: {plain:#}");
    let scaled = bluegreen(&ns, "switch api --to green --scale --dry-run=client -ojson").await?;
    let document = scaled.json()?;
    let told = document.to_string();
    ensure!(told.contains("ScaledObject/api") && told.contains("WebApp/api"), "{}", said(&scaled));
    Ok(())
}

/// Its pods go with the last finalizer: users would be moved from a color that serves to one that is gone a moment
/// later.
#[tokio::test]
async fn a_rollback_leaves_nobody_on_what_is_being_deleted() -> Result<()> {
    let ns = namespace("back-deleted").await?;
    blue_green(&ns, 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    ns.patch::<Deployment>("api-blue", json!({"metadata": {"finalizers": [HELD]}})).await?;
    ns.kubectl(&["delete", "deployment", "api-blue", "--wait=false"]).await?.ends(0)?;
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!status.stdout.contains("its pods are ready"), "{}", said(&status));
    being_deleted(&ns, "rollback api --yes", "deploy/api-blue").await?;
    assert_eq!(active(&ns, "api").await?, "green");
    bluegreen(&ns, "rollback api --yes --force=being-deleted").await?.ends(0)?;
    ns.patch::<Deployment>("api-blue", json!({"metadata": {"finalizers": null}})).await.map(drop)
}
