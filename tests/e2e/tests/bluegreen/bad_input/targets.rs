//! Targets that can't take the traffic.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::with_green;
use e2e::bluegreen::{active, app};
use e2e::common::pods::all_waiting;
use e2e::common::run::finding;
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::{Patch, PatchParams};
use lab::Namespace;
use lab::fixtures::Behavior;
use serde_json::{Value, json};

use super::refused;

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

/// Wants the switch to be blocked by this check; gives the document.
async fn blocked(ns: &Namespace, words: &str, id: &str) -> Result<Value> {
    let document = refused(ns, words, 1, "Blocked", id).await?;
    let found = finding(&document, id);
    ensure!(found.is_some_and(|f| f["severity"] == "block"), "{id} does not block: {document:#}");
    assert_eq!(active(ns, "api").await?, "blue");
    Ok(document)
}

fn message(document: &Value, id: &str) -> String {
    finding(document, id).and_then(|f| f["message"].as_str().map(str::to_owned)).unwrap_or_default()
}

/// All traffic would go to a color that has no pod.
#[tokio::test]
async fn a_target_scaled_to_zero_is_refused_even_by_force() -> Result<()> {
    let ns = namespace("zero").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    app::taken_down(&ns, "green").await?;
    blocked(&ns, SWITCH, "no-ready-pods").await?;
    let forced = format!("{SWITCH} --force=no-ready-pods,ready-below-active,rollout-unfinished");
    blocked(&ns, &forced, "no-ready-pods").await?;
    Ok(())
}

/// All traffic would go to pods that never became ready.
#[tokio::test]
async fn a_never_ready_target_is_refused_even_by_force() -> Result<()> {
    let ns = namespace("never-ready").await?;
    with_green(&ns, 2, Behavior::NeverReady).await?;
    blocked(&ns, SWITCH, "no-ready-pods").await?;
    let forced = format!("{SWITCH} --force=no-ready-pods,ready-below-active,rollout-unfinished,pods-not-ready");
    blocked(&ns, &forced, "no-ready-pods").await?;
    Ok(())
}

/// Wants the reason why the target's pods aren't ready to be said, with how many they are.
async fn says_why(test: &str, behavior: Behavior, waiting: &str, word: &str) -> Result<()> {
    let ns = namespace(test).await?;
    with_green(&ns, 2, behavior).await?;
    all_waiting(&ns, "version=green", waiting).await?;
    let document = blocked(&ns, SWITCH, "no-ready-pods").await?;
    let why = message(&document, "pods-not-ready");
    ensure!(why.to_lowercase().contains(word) && why.contains('2'), "{why:?}\n{document:#}");
    let next = document["next"].as_str().unwrap_or_default();
    ensure!(next.contains("api-green-"), "the next step shows a pod: {next}");
    Ok(())
}

/// The person would have to find out by hand that the new version crashes at its start.
#[tokio::test]
async fn a_crash_loop_is_named() -> Result<()> {
    says_why("crash-loop", Behavior::CrashLoop, "CrashLoopBackOff", "crash").await
}

/// The person would look for a bug where the memory limit is too low.
#[tokio::test]
async fn running_out_of_memory_is_named() -> Result<()> {
    says_why("out-of-memory", Behavior::OutOfMemory, "CrashLoopBackOff", "oomkilled").await
}

/// The person would look into logs that a container without an image doesn't have.
#[tokio::test]
async fn an_image_that_can_not_be_pulled_is_named() -> Result<()> {
    says_why("image-pull", Behavior::ImagePullError, "ImagePullBackOff", "image").await
}

/// Every connection to the port would hang or be refused although all pods are ready.
#[tokio::test]
async fn a_named_port_that_the_target_lacks_is_refused() -> Result<()> {
    let ns = namespace("port-name").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    rename_port(&ns, "api-green", "web").await?;
    ns.rolled_out("deployment/api-green", e2e::LIMIT).await?;
    let document = blocked(&ns, SWITCH, "port-missing").await?;
    ensure!(message(&document, "port-missing").contains("http"), "{document:#}");
    Ok(())
}

async fn rename_port(ns: &Namespace, deployment: &str, name: &str) -> Result<()> {
    let container = "/spec/template/spec/containers/0";
    let patch = json!([
        {"op": "replace", "path": format!("{container}/ports"), "value": [{"name": name, "containerPort": 8080}]},
        {"op": "remove", "path": format!("{container}/readinessProbe")},
        {"op": "remove", "path": format!("{container}/livenessProbe")},
    ]);
    let patch: Patch<()> = Patch::Json(serde_json::from_value(patch)?);
    ns.api::<Deployment>().patch(deployment, &PatchParams::default(), &patch).await?;
    Ok(())
}

/// A Service that points to a port by a wrong name has no endpoints whatever color it selects.
#[tokio::test]
async fn a_wrong_target_port_of_the_service_is_refused() -> Result<()> {
    let ns = namespace("target-port").await?;
    with_green(&ns, 1, Behavior::Ready).await?;
    let ports = json!([{"name": "http", "port": 80, "targetPort": "htpp"}]);
    ns.patch::<Service>("api", json!({"spec": {"ports": ports}})).await?;
    let document = blocked(&ns, SWITCH, "port-missing").await?;
    ensure!(message(&document, "port-missing").contains("htpp"), "{document:#}");
    Ok(())
}
