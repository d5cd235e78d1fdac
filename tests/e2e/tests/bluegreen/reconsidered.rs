//! What changed between a clean-up's proposal and its writes, while a person thought or a budget did not hold:
//! it is read and judged anew.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::{active, api, color, left_blue, replicas, rolled_out, scale};
use e2e::bluegreen::calls::{is_read_of_service, is_resize};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::written::annotation;
use e2e::common::permissions::with_rules;
use e2e::common::run::{Ended, admin};
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::DeleteParams;
use lab::api_proxy::{Action, ApiProxy, Call, When};
use lab::fixtures::{Behavior, budget};
use lab::{Namespace, Output, Running, eventually};
use serde_json::{Value, json};

const TAKE_DOWN: &[&str] = &["cleanup", "api", "--yes", "--timeout=60s", "-ojson"];
const CLEANUP: &str = "kubectl-release.dev/bluegreen-cleanup";

/// A run that is held once it has judged, and lets go after this.
async fn meanwhile(ns: &Namespace, change: impl AsyncFnOnce() -> Result<()>) -> Result<Output> {
    held_at_second(ns, is_read_of_service, change).await
}

/// The same at the second of such calls.
async fn held_at_second(
    ns: &Namespace,
    of_interest: fn(&Call) -> bool,
    change: impl AsyncFnOnce() -> Result<()>,
) -> Result<Output> {
    let proxy = ApiProxy::start(ns.lab()).await?;
    let reads = AtomicUsize::new(0);
    let second = move |call: &Call| of_interest(call) && reads.fetch_add(1, Ordering::Relaxed) == 1;
    let hold = proxy.hold(When::Before, second);
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let running = Running::start(ns.kubectl_as(proxy.kubeconfig()).plugin(&plugin, TAKE_DOWN))?;
    hold.arrived(LIMIT).await?;
    change().await?;
    hold.release();
    running.wait(LIMIT).await
}

fn preview(color: &str) -> Value {
    let mut preview = api().service(color);
    preview["metadata"]["name"] = json!("preview");
    preview
}

/// Testers were sent to the idle color while the question stood open: all their pods would be gone.
#[tokio::test]
async fn a_service_that_came_to_the_color_keeps_it() -> Result<()> {
    let ns = left_blue("again-service", 2).await?;
    let ended = meanwhile(&ns, async || ns.apply(&preview("blue")).await.map(drop)).await?.ends(3)?;
    let document = ended.json()?;
    ensure!(document["message"].to_string().contains("service/preview"), "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    ensure!(annotation(&ns, "api", CLEANUP).await?.is_none(), "a note says that it is taken down");
    Ok(())
}

/// The next release was deployed to the idle color meanwhile.
#[tokio::test]
async fn a_release_that_came_to_the_color_keeps_it() -> Result<()> {
    let ns = left_blue("again-release", 2).await?;
    let deploy = async || {
        admin(&ns).run(&["set", "image", "deploy/api-blue", "*=registry.example.com/api:next"]).await?.ends(0).map(drop)
    };
    let document = meanwhile(&ns, deploy).await?.ends(3)?.json()?;
    ensure!(document["message"].to_string().contains("not what was left"), "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    Ok(())
}

/// Another Deployment joined the color: nobody agreed to its going.
#[tokio::test]
async fn what_nobody_agreed_to_is_not_taken_down() -> Result<()> {
    let ns = left_blue("again-more", 2).await?;
    let more = async || {
        let mut worker = api().color(color("blue", 1, Behavior::Ready)).objects().remove(1);
        worker["metadata"]["name"] = json!("api-blue-worker");
        worker["spec"]["selector"]["matchLabels"]["part"] = json!("worker");
        worker["spec"]["template"]["metadata"]["labels"]["part"] = json!("worker");
        ns.apply(&worker).await.map(drop)
    };
    meanwhile(&ns, more).await?.ends(3)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    Ok(())
}

/// Somebody else's clean-up was faster: that is what was asked for.
#[tokio::test]
async fn what_somebody_took_down_meanwhile_is_down() -> Result<()> {
    let ns = left_blue("again-down", 2).await?;
    let down = async || {
        scale(&ns, "api-blue", 0).await?;
        e2e::common::pods::gone(&ns, "version=blue").await
    };
    meanwhile(&ns, down).await?.ends(0)?;
    assert_eq!((replicas(&ns, "api-blue").await?, active(&ns, "api").await?), (0, "green".to_owned()));
    Ok(())
}

/// A budget that doesn't hold yet is a pause like any other.
#[tokio::test]
async fn it_is_judged_anew_once_a_budget_holds() -> Result<()> {
    let ns = left_blue("again-budget", 2).await?;
    ns.apply(&budget("api-budget", &json!({"app": "api"}), 3)).await?;
    let observed = |b: &k8s_openapi::api::policy::v1::PodDisruptionBudget| {
        b.status.as_ref().is_some_and(|s| s.current_healthy == 4)
    };
    ns.wait_for("api-budget", "four healthy pods", LIMIT, observed).await?;
    let held = async || {
        ns.apply(&preview("blue")).await?;
        scale(&ns, "api-green", 3).await
    };
    let ended = held_at_second(&ns, |call| call.is_about("/poddisruptionbudgets"), held).await?;
    ended.ends(3)?.tells("service/preview")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 2);
    Ok(())
}

/// A Deployment of the same name that was made since is somebody's, and not what was read.
#[tokio::test]
async fn a_namesake_is_not_scaled() -> Result<()> {
    let setup = Setup::new("again-namesake", &["api"]).await?;
    setup.must(&["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--retain=0s"]).await?;
    let ns = &setup.ns;
    let cleanup = setup.stopped_before(TAKE_DOWN, is_resize).await?;
    let deployments = ns.api::<Deployment>();
    deployments.delete("api-blue", &DeleteParams::background()).await?;
    eventually("it is gone", LIMIT, || async { Ok(deployments.get_opt("api-blue").await?.is_none().then_some(())) })
        .await?;
    ns.apply(&api().color(color("blue", 2, Behavior::Ready)).objects()[1]).await?;
    let overtaken = cleanup.go_on().await?.ends(3)?.json()?;
    ensure!(overtaken["message"].to_string().contains("made anew"), "{overtaken:#}");
    assert_eq!(replicas(ns, "api-blue").await?, 2);
    Ok(())
}

/// `status` would say "taken down", with name and time, of a color that runs.
#[tokio::test]
async fn nothing_says_taken_down_of_what_was_not() -> Result<()> {
    let ns = left_blue("again-note", 2).await?;
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["patch"]},
    ]);
    let user = ns.kubectl_as(with_rules(&ns, "no-scaling", &rules).await?.kubeconfig);
    user.run(&["bluegreen", "cleanup", "api", "--yes"]).await?.ends(1)?;
    ensure!(annotation(&ns, "api", CLEANUP).await?.is_none(), "the note stays");
    let state = async || {
        let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
        anyhow::Ok(status["services"][0]["colors"][1]["state"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(state().await?, "previous");
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(state().await?, "takenDown");
    // The note stands; the color was brought up again for the next release.
    scale(&ns, "api-blue", 1).await?;
    assert_eq!(state().await?, "previous");
    Ok(())
}

/// One Service that can't be read would stop the nightly job for the others.
#[tokio::test]
async fn one_service_that_cannot_be_read_stops_no_other() -> Result<()> {
    let ns = left_blue("again-others", 2).await?;
    let web = lab::fixtures::App::new("web").key("version");
    let web = web.color(color("blue", 1, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &web).await?;
    bluegreen(&ns, "switch web --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let of_web = |call: &Call| is_read_of_service(call) && call.is_about("/services/web");
    proxy.on_times(usize::MAX, of_web, Action::fail(403, "Forbidden", "not yours"));
    let nightly = ns.kubectl_as(proxy.kubeconfig()).run(&["bluegreen", "cleanup", "--due", "--yes", "-ojson"]).await?;
    let document = nightly.ends(1)?.json()?;
    ensure!(document["message"].to_string().contains("service/web"), "{document:#}");
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "web-blue").await?), (0, 1));
    Ok(())
}

/// A load balancer's own binding to the color's Service, and a route of another namespace that is let in,
/// would lead to nothing.
#[tokio::test]
async fn what_sends_to_a_colors_own_service_keeps_it() -> Result<()> {
    let ns = left_blue("again-sends", 2).await?;
    let mut own = api().service("blue");
    own["metadata"]["name"] = json!("api-blue");
    ns.apply(&own).await?;
    let binding = json!({"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": {"name": "edge"},
        "spec": {"serviceRef": {"name": "api-blue", "port": 80}, "targetType": "ip",
            "targetGroupARN": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/edge/1"}});
    ns.apply(&binding).await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("targetgroupbinding/edge by service/api-blue")?;
    admin(&ns).run(&["delete", "targetgroupbinding", "edge"]).await?.ends(0)?;

    let edge = namespace("again-edge").await?;
    let route = json!({"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "old"},
        "spec": {"rules": [{"backendRefs": [{"name": "api-blue", "namespace": ns.name(), "port": 80}]}]}});
    edge.apply(&route).await?;
    let grant = json!({"apiVersion": "gateway.networking.k8s.io/v1beta1", "kind": "ReferenceGrant", "metadata": {"name": "edge"},
        "spec": {"from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": edge.name()}],
            "to": [{"group": "", "kind": "Service"}]}});
    ns.apply(&grant).await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(1)?.tells("httproute/old of namespace")?;
    // Who may not look there doesn't know.
    let cleaner = ns.kubectl_as(e2e::common::permissions::bound_to(&ns, "bluegreen-cleanup").await?.kubeconfig);
    let words = ["bluegreen", "cleanup", "api", "--yes", "-ojson"];
    let document = cleaner.run(&words).await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], "unread", "{document:#}");
    admin(&ns).run(&["delete", "referencegrant", "edge"]).await?.ends(0)?;
    // Without a grant no route of another namespace gets through.
    cleaner.run(&words).await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    let note = ns.api::<Service>().get("api").await?;
    ensure!(note.metadata.annotations.unwrap_or_default().contains_key(CLEANUP));
    Ok(())
}
