//! How large each workload of a color becomes, and floors of autoscalers that were raised for it.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{replicas, scale, taken_down};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use lab::fixtures::autoscaler;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

fn workload(name: &str, labels: &Value, size: u32) -> Value {
    let container = json!({"name": "app", "image": "registry.example.com/app:1", "ports": [{"name": "http", "containerPort": 8080}]});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": size, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}})
}

fn service(selector: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "app"},
        "spec": {"selector": selector, "ports": [{"port": 80, "targetPort": "http"}]}})
}

/// With colors `a` and `b`, the letters in a name were exchanged, and a worker got the web's size.
#[tokio::test]
async fn names_are_paired_by_whole_parts() -> Result<()> {
    let ns = namespace("letters").await?;
    let labels = |color: &str, part: &str| json!({"app": "app", "slot": color, "part": part});
    ns.apply_all(&[
        workload("web-a", &labels("a", "x1"), 3),
        workload("wea-a", &labels("a", "x2"), 1),
        workload("web-b", &labels("b", "x3"), 0),
        workload("wea-b", &labels("b", "x4"), 0),
        service(&json!({"app": "app", "slot": "a"})),
    ])
    .await?;
    for name in ["web-a", "wea-a"] {
        ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
    }
    bluegreen(&ns, "switch app --to b --scale --yes --verify-for=0").await?.ends(0)?;
    assert_eq!((replicas(&ns, "web-b").await?, replicas(&ns, "wea-b").await?), (3, 1));
    Ok(())
}

/// Names that say nothing: the other labels do.
#[tokio::test]
async fn what_is_called_differently_is_paired_by_its_other_labels() -> Result<()> {
    let ns = namespace("labels-pair").await?;
    let labels = |color: &str, part: &str| json!({"app": "app", "slot": color, "part": part});
    ns.apply_all(&[
        workload("first", &labels("blue", "web"), 3),
        workload("second", &labels("blue", "jobs"), 1),
        workload("third", &labels("green", "jobs"), 0),
        workload("fourth", &labels("green", "web"), 0),
        service(&json!({"app": "app", "slot": "blue"})),
    ])
    .await?;
    for name in ["first", "second"] {
        ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
    }
    bluegreen(&ns, "switch app --to green --scale --yes --verify-for=0").await?.ends(0)?;
    assert_eq!((replicas(&ns, "third").await?, replicas(&ns, "fourth").await?), (1, 3));
    Ok(())
}

async fn floor(ns: &Namespace, name: &str) -> Result<Option<i32>> {
    let hpa = ns.api::<HorizontalPodAutoscaler>().get(name).await?;
    Ok(hpa.spec.and_then(|spec| spec.min_replicas))
}

/// A floor that was raised for the move stays raised for years, and the nights are paid for.
#[tokio::test]
async fn a_raised_floor_is_shown_and_lowered_with_the_color_that_was_left() -> Result<()> {
    let ns = namespace("floors").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    assert_eq!(floor(&ns, "api-green").await?, Some(2));
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    let note = notes.iter().find(|note| note["id"] == "floor-raised").with_context(|| format!("{status:#}"))?;
    ensure!(note["fix"].as_str().is_some_and(|fix| fix.starts_with("kubectl patch hpa/api-green")), "{note:#}");
    bluegreen(&ns, "cleanup --due --yes").await?.ends(0)?;
    assert_eq!((floor(&ns, "api-green").await?, replicas(&ns, "api-blue").await?), (Some(1), 0));
    let after = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!after.stdout.contains("floor-raised"), "{}", said(&after));
    Ok(())
}

/// After growing in vain nothing was switched, and the floor would stay where it is unseen.
#[tokio::test]
async fn a_floor_that_was_raised_in_vain_is_shown_with_what_lowers_it() -> Result<()> {
    let ns = namespace("floor-in-vain").await?;
    let app = e2e::bluegreen::app::api()
        .color(e2e::bluegreen::app::color("blue", 2, lab::fixtures::Behavior::Ready))
        .color(e2e::bluegreen::app::color("green", 1, lab::fixtures::Behavior::NeverReady));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    bluegreen(&ns, "switch api --to green --scale --yes --timeout=3s").await?.ends(4)?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    let fix = notes.iter().find(|note| note["id"] == "floor-raised").and_then(|note| note["fix"].as_str());
    let fix = fix.with_context(|| format!("{status:#}"))?;
    let shell = ns.lab().kubectl(ns.lab().kubeconfig());
    ensure!(shell.plugin("/bin/sh".as_ref(), &["-c", fix]).status().await?.success(), "{fix}");
    assert_eq!(floor(&ns, "api-green").await?, Some(1));
    let after = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(!after.stdout.contains("floor-raised"), "{}", said(&after));
    Ok(())
}

/// One of two was scaled by hand after the other version was left: the color came back with more pods than
/// anybody had asked for, and the other half of them in the wrong place.
#[tokio::test]
async fn a_rollback_brings_each_workload_to_its_own_size() -> Result<()> {
    let ns = namespace("own-sizes").await?;
    let labels = |color: &str, part: &str| json!({"app": "app", "slot": color, "part": part});
    ns.apply_all(&[
        workload("first", &labels("blue", "web"), 3),
        workload("second", &labels("blue", "jobs"), 1),
        workload("all", &labels("green", "all"), 4),
        service(&json!({"app": "app", "slot": "blue"})),
    ])
    .await?;
    for name in ["first", "second", "all"] {
        ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
    }
    for (by_hand, sizes) in [(("first", 0), (3, 1)), (("second", 0), (3, 1))] {
        bluegreen(&ns, "switch app --to green --yes --verify-for=0").await?.ends(0)?;
        scale(&ns, by_hand.0, by_hand.1).await?;
        eventually("its pods are gone", LIMIT, || async {
            let left = if by_hand.0 == "first" { 1 } else { 3 };
            Ok((e2e::common::pods::pods(&ns, "slot=blue").await?.len() == left).then_some(()))
        })
        .await?;
        bluegreen(&ns, "rollback app --yes").await?.ends(0)?;
        assert_eq!((replicas(&ns, "first").await?, replicas(&ns, "second").await?), sizes, "{by_hand:?}");
    }
    Ok(())
}

/// What has to run once would run twice.
#[tokio::test]
async fn a_rollback_brings_each_workload_back_to_its_own_size() -> Result<()> {
    let ns = namespace("own-sizes").await?;
    let labels = |color: &str, part: &str| json!({"app": "app", "version": color, "part": part});
    ns.apply_all(&[
        workload("app-blue", &labels("blue", "web"), 2),
        workload("app-blue-once", &labels("blue", "once"), 1),
        workload("app-green", &labels("green", "web"), 2),
        workload("app-green-once", &labels("green", "once"), 1),
        service(&json!({"app": "app", "version": "blue"})),
    ])
    .await?;
    for name in ["app-blue", "app-blue-once", "app-green", "app-green-once"] {
        ns.rolled_out(&format!("deployment/{name}"), LIMIT).await?;
    }
    bluegreen(&ns, "switch app --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup app --yes").await?.ends(0)?;
    bluegreen(&ns, "rollback app --yes").await?.ends(0)?;
    assert_eq!((replicas(&ns, "app-blue").await?, replicas(&ns, "app-blue-once").await?), (2, 1));
    Ok(())
}

/// Production would run on somebody's debug pod, and end with it.
#[tokio::test]
async fn a_pod_that_nothing_keeps_is_no_reason_not_to_scale() -> Result<()> {
    let ns = namespace("size-stray").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "debug", "labels": {"app": "api", "version": "blue"}},
        "spec": {"containers": [{"name": "app", "image": "registry.example.com/debug:1", "ports": [{"name": "http", "containerPort": 8080}]}]}});
    ns.apply(&pod).await?;
    ns.wait_for::<k8s_openapi::api::core::v1::Pod>("debug", "ready", LIMIT, e2e::common::pods::is_ready).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// "Left scaled", with an undo, of what somebody scaled down meanwhile.
#[tokio::test]
async fn what_somebody_scaled_down_again_is_not_left_scaled() -> Result<()> {
    let ns = namespace("left-not-scaled").await?;
    blue_green(&ns, 1).await?;
    taken_down(&ns, "green").await?;
    let proxy = lab::api_proxy::ApiProxy::start(ns.lab()).await?;
    let hold = proxy
        .hold(lab::api_proxy::When::After, |call| call.is_write() && call.is_about("/deployments/api-green/scale"));
    let words = ["bluegreen", "switch", "api", "--to=green", "--scale", "--yes", "--verify-for=0", "-ojson"];
    let running = ns.kubectl_as(proxy.kubeconfig()).start(&words)?;
    hold.arrived(LIMIT).await?;
    scale(&ns, "api-green", 0).await?;
    hold.release();
    let ended = running.wait(LIMIT).await?.ends(3)?;
    let document = ended.json()?;
    ensure!(
        !document.to_string().contains("leftScaled") && !document.to_string().contains("left scaled"),
        "{document:#}"
    );
    Ok(())
}
