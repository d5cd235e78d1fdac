//! `api` in its two colors, in the states that tests begin with.

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::{App, Behavior, Workload};
use lab::{Namespace, eventually};
use serde_json::json;

use super::run::bluegreen;
use crate::common::nodes::OwnNode;
use crate::common::pods::{gone, pods};
use crate::common::run::{Ended, admin};
use crate::{LIMIT, namespace};

/// Versions as people tag them.
pub const BLUE: &str = "registry.example.com/api:1.4.0";
/// The version after [`BLUE`].
pub const GREEN: &str = "registry.example.com/api:1.5.0";

/// `api`, whose colors differ in the label `version`.
#[must_use]
pub fn api() -> App {
    App::new("api").key("version")
}

/// A color of `api` with so many pods, which behave like this.
#[must_use]
pub fn color(name: &str, replicas: u32, behavior: Behavior) -> Workload {
    Workload::color(name, if name == "blue" { BLUE } else { GREEN }).replicas(replicas).behavior(behavior)
}

/// `api` with `version: blue|green`, so many pods each, Service on blue, all rolled out.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn blue_green(ns: &Namespace, replicas: u32) -> Result<()> {
    let ready = |name| color(name, replicas, Behavior::Ready);
    rolled_out(ns, &api().color(ready("blue")).color(ready("green"))).await
}

/// The same with a green that was deployed at least a second after blue: the API server keeps no finer times.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn blue_before_green(ns: &Namespace, replicas: u32) -> Result<()> {
    let ready = |name| color(name, replicas, Behavior::Ready);
    rolled_out(ns, &api().color(ready("blue"))).await?;
    let created = ns.api::<Deployment>().get("api-blue").await?.metadata.creation_timestamp;
    eventually("a second has gone by", LIMIT, || async {
        let second = |at: jiff::Timestamp| at.as_second();
        Ok(created.as_ref().is_some_and(|at| second(jiff::Timestamp::now()) > second(at.0) + 1).then_some(()))
    })
    .await?;
    rolled_out(ns, &api().color(ready("blue")).color(ready("green"))).await
}

/// Applies an application with a blue and a green Deployment, and waits for both.
///
/// # Errors
/// Where the pods don't become ready.
pub async fn rolled_out(ns: &Namespace, app: &App) -> Result<()> {
    let objects = app.objects();
    ns.apply_all(&objects).await?;
    for workload in objects.iter().filter(|object| object["kind"] != "Service") {
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_lowercase();
        let resource = format!("{}/{}", text(&workload["kind"]), text(&workload["metadata"]["name"]));
        ns.rolled_out(&resource, LIMIT).await?;
    }
    Ok(())
}

/// Blue as it should be, and a green of this behavior; waits for blue, and for green's pods to exist.
///
/// # Errors
/// Where the pods don't come.
pub async fn with_green(ns: &Namespace, replicas: u32, behavior: Behavior) -> Result<()> {
    let app = api().color(color("blue", replicas, Behavior::Ready)).color(color("green", replicas, behavior));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    eventually("green's pods exist", LIMIT, || async {
        Ok((pods(ns, "version=green").await?.len() == replicas as usize).then_some(()))
    })
    .await
}

/// What the Service selects by the label `version`.
///
/// # Errors
/// Where it can't be read.
pub async fn active(ns: &Namespace, service: &str) -> Result<String> {
    let service = ns.api::<Service>().get(service).await?;
    let selector = service.spec.and_then(|s| s.selector).unwrap_or_default();
    Ok(selector.get("version").cloned().unwrap_or_default())
}

/// Moves `api` as people do, with `kubectl patch`.
///
/// # Errors
/// Where the API server refuses.
pub async fn moved_by_hand(ns: &Namespace, color: &str) -> Result<()> {
    let patch = json!({"spec": {"selector": {"version": color}}}).to_string();
    admin(ns).run(&["patch", "service", "api", "-p", &patch]).await?.ends(0).map(drop)
}

/// Scales a Deployment by hand.
///
/// # Errors
/// Where the API server refuses.
pub async fn scale(ns: &Namespace, deployment: &str, replicas: i32) -> Result<()> {
    ns.patch::<Deployment>(deployment, json!({"spec": {"replicas": replicas}})).await.map(drop)
}

/// Scales a color of `api` to zero, and waits until its pods are gone.
///
/// # Errors
/// Where they stay.
pub async fn taken_down(ns: &Namespace, color: &str) -> Result<()> {
    scale(ns, &format!("api-{color}"), 0).await?;
    gone(ns, &format!("version={color}")).await
}

/// Replicas that a Deployment asks for.
///
/// # Errors
/// Where it can't be read.
pub async fn replicas(ns: &Namespace, deployment: &str) -> Result<i32> {
    Ok(ns.api::<Deployment>().get(deployment).await?.spec.and_then(|s| s.replicas).unwrap_or_default())
}

/// A namespace in which `api` has left blue for green, with so many pods each: blue's retention has passed.
///
/// # Errors
/// Where the set-up or the switch fails.
pub async fn left_blue(test: &str, replicas: u32) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, replicas).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    Ok(ns)
}

/// Green's pods on a node of their own, which blue doesn't share; both colors ready.
///
/// # Errors
/// Where they don't become ready.
pub async fn green_on_its_own_node(ns: &Namespace) -> Result<OwnNode> {
    let node = OwnNode::join(ns).await?;
    let app = api().color(color("blue", 2, Behavior::Ready));
    rolled_out(ns, &app).await?;
    ns.apply(&node.pinned(app.workload(&color("green", 2, Behavior::Ready)))).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    Ok(node)
}
