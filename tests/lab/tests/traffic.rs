//! The lab's own promises about pods and traffic. Run inside a lab: `lab run -- cargo test -p lab`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::{Pod, Service};
use kube::ResourceExt;
use kube::api::ListParams;
use lab::fixtures::{App, Behavior, Workload};
use lab::traffic::Load;
use lab::{Lab, Namespace, annotations, eventually};
use serde_json::json;

const SOON: Duration = Duration::from_secs(20);

async fn address(ns: &Namespace, service: &str) -> Result<SocketAddr> {
    let service = ns.api::<Service>().get(service).await?;
    let ip = service.spec.and_then(|spec| spec.cluster_ip).context("no cluster IP")?;
    Ok(format!("{ip}:80").parse()?)
}

async fn answers(target: SocketAddr, version: &str) -> Result<()> {
    eventually(&format!("{target} answers with {version}"), SOON, || async {
        let one = Load::new(target).fresh_clients(1).kept_clients(0).max_requests(1).start();
        Ok(one.finish().await.versions().contains_key(version).then_some(()))
    })
    .await
}

fn select(color: &str) -> serde_json::Value {
    json!({"spec": {"selector": {"color": color}}})
}

#[tokio::test]
async fn traffic_follows_the_selector_without_a_failure_and_fails_without_ready_pods() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("selector").await?;
    let app = App::new("api")
        .color(Workload::color("blue", "registry.example/api:v1"))
        .color(Workload::color("green", "registry.example/api:v2"))
        .color(Workload::color("red", "registry.example/api:v3").behavior(Behavior::NeverReady));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", SOON).await?;
    ns.rolled_out("deployment/api-green", SOON).await?;
    let target = address(&ns, "api").await?;
    answers(target, "v1").await?;

    let load = Load::new(target).rate(400.0).max_requests(2000).start();
    tokio::time::sleep(Duration::from_secs(2)).await;
    ns.patch::<Service>("api", select("green")).await?;
    let patched = Instant::now();
    let good = load.finish().await;
    println!("{good}\n  new connections reached v1 for {:.0?} more", good.lag("v1", patched));
    assert_eq!(good.failures().len(), 0, "{good}");
    assert!(good.versions().contains_key("v2"), "{good}");
    assert!(good.lag("v1", patched) < Duration::from_millis(1500), "{good}");

    let load = Load::new(target).max_requests(600).start();
    ns.patch::<Service>("api", select("red")).await?;
    let bad = load.finish().await;
    println!("{bad}");
    assert!(!bad.failures().is_empty(), "a selector without ready pods must lose requests");
    Ok(())
}

#[tokio::test]
async fn pods_that_stop_in_their_own_time_lose_no_request() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("stopping").await?;
    let app = App::new("api").color(Workload::color("blue", "api:v1").pre_stop(3).replicas(4));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", SOON).await?;
    let target = address(&ns, "api").await?;
    answers(target, "v1").await?;

    let load = Load::new(target).max_time(Duration::from_secs(6)).start();
    ns.patch::<k8s_openapi::api::apps::v1::Deployment>("api-blue", json!({"spec": {"replicas": 1}})).await?;
    let graceful = load.finish().await;
    println!("with preStop: {graceful}");
    assert_eq!(graceful.failures().len(), 0, "{graceful}");
    Ok(())
}

#[tokio::test]
async fn a_pod_does_what_its_annotations_say_at_once() -> Result<()> {
    let lab = Lab::from_env().await?;
    let ns = lab.namespace("switches").await?;
    let app = App::new("api").color(Workload::color("blue", "api:v1").replicas(1).behavior(Behavior::OnDemand));
    ns.apply_all(&app.objects()).await?;
    let pod =
        eventually("a pod", SOON, || async { Ok(ns.api::<Pod>().list(&ListParams::default()).await?.items.pop()) })
            .await?
            .name_any();
    ns.wait_for::<Pod>(&pod, "runs", SOON, |pod| phase(pod) == "Running").await?;
    assert!(!is_ready(&ns.api::<Pod>().get(&pod).await?));
    ns.annotate::<Pod>(&pod, annotations::READY, Some("true")).await?;
    let ready = ns.wait_for::<Pod>(&pod, "ready", SOON, is_ready).await?;
    let weight = serde_json::to_vec(&ready)?.len();
    assert!(weight > 10 * 1024, "a pod weighs {weight} bytes");

    let target = address(&ns, "api").await?;
    answers(target, "v1").await?;
    ns.annotate::<Pod>(&pod, annotations::FAIL_PERCENT, Some("100")).await?;
    eventually("fails", SOON, || async {
        let one = Load::new(target).fresh_clients(1).kept_clients(0).max_requests(1).start();
        Ok((!one.finish().await.failures().is_empty()).then_some(()))
    })
    .await?;
    ns.annotate::<Pod>(&pod, annotations::FAIL_PERCENT, None).await?;
    ns.annotate::<Pod>(&pod, annotations::LATENCY, Some("300ms")).await?;
    eventually("slow", SOON, || async {
        let one = Load::new(target).fresh_clients(1).kept_clients(0).max_requests(1).start();
        let slow = one.finish().await.latencies().is_some_and(|l| l.max >= Duration::from_millis(300));
        Ok(slow.then_some(()))
    })
    .await
}

fn phase(pod: &Pod) -> &str {
    pod.status.as_ref().and_then(|status| status.phase.as_deref()).unwrap_or_default()
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.as_ref().and_then(|status| status.conditions.as_ref());
    conditions.into_iter().flatten().any(|c| c.type_ == "Ready" && c.status == "True")
}
