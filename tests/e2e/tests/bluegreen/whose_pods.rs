//! What a Service selects is what carries its traffic, whoever made it: ownership explains, and
//! is followed by UID.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, blue_green, color, rolled_out};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::{active, app};
use e2e::common::pods::{gone, is_ready, pods};
use e2e::common::run::{Ended, finding, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PropagationPolicy};
use lab::fixtures::{Behavior, Workload};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

/// A pod, or what makes pods, of a color's own template.
fn template(name: &str) -> Value {
    api().workload(&color(name, 1, Behavior::Ready))["spec"]["template"].clone()
}

fn replica_set(name: &str, of: &str, replicas: u32) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "api", "version": of}}, "template": template(of)}})
}

fn lone_pod(name: &str, of: &str) -> Value {
    let template = template(of);
    json!({"apiVersion": "v1", "kind": "Pod", "spec": template["spec"],
        "metadata": {"name": name, "labels": template["metadata"]["labels"]}})
}

async fn ready(ns: &Namespace, labels: &str, wanted: usize) -> Result<()> {
    eventually(&format!("{wanted} ready pods {labels}"), LIMIT, || async {
        Ok((pods(ns, labels).await?.iter().filter(|pod| is_ready(pod)).count() == wanted).then_some(()))
    })
    .await
}

async fn only_green(ns: &Namespace, replicas: u32) -> Result<()> {
    let app = api().color(color("green", replicas, Behavior::Ready));
    rolled_out(ns, &app).await?;
    ns.apply(&api().service("blue")).await.map(drop)
}

async fn color_in_status(ns: &Namespace, name: &str) -> Result<Value> {
    let status = bluegreen(ns, "status api -ojson").await?.ends(0)?.json()?;
    let colors = status["services"][0]["colors"].as_array().context("no colors")?;
    Ok(colors.iter().find(|color| color["name"] == name).context("no such color")?.clone())
}

/// One pod would get the load of four, because nobody counted pods without a Deployment.
#[tokio::test]
async fn a_bare_replica_set_is_capacity() -> Result<()> {
    let ns = namespace("bare-set").await?;
    only_green(&ns, 1).await?;
    ns.apply(&replica_set("blue-by-hand", "blue", 4)).await?;
    ready(&ns, "version=blue", 4).await?;
    let shown = color_in_status(&ns, "blue").await?;
    assert_eq!((&shown["ready"], &shown["workloads"][0]["kind"]), (&json!(4), &json!("ReplicaSet")), "{shown:#}");
    let refused = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert!(finding(&refused, "ready-below-active").is_some(), "{refused:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(app::replicas(&ns, "api-green").await?, 4);
    bluegreen(&ns, "cleanup api --before-due --yes").await?.ends(0)?;
    gone(&ns, "version=blue").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(pods(&ns, "version=blue").await?.len(), 4, "a ReplicaSet can be brought back to size, too");
    Ok(())
}

/// A node that was shut down leaves pods that are Failed and Ready: the color would seem larger than it
/// is, and a switch would wait for endpoints that never come, and go back.
#[tokio::test]
async fn pods_that_ended_are_no_capacity() -> Result<()> {
    let ns = namespace("ended").await?;
    blue_green(&ns, 2).await?;
    let pod = pods(&ns, "version=green").await?.into_iter().next().context("no green pod")?;
    let ended = Patch::Merge(json!({"status": {"phase": "Failed", "reason": "Terminated"}}));
    ns.api::<Pod>().patch_status(&pod.name_any(), &PatchParams::default(), &ended).await?;
    ready(&ns, "version=green", 3).await?;
    assert_eq!(color_in_status(&ns, "green").await?["ready"], 2);
    bluegreen(&ns, "switch api --to green --yes --verify-for=1s --timeout=20s").await?.ends(0)?;
    Ok(())
}

/// A debug copy or a migration's pod would serve customers, and nobody would know.
#[tokio::test]
async fn strays_are_named() -> Result<()> {
    let ns = namespace("strays").await?;
    blue_green(&ns, 2).await?;
    ns.apply(&lone_pod("api-green-debug", "green")).await?;
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "migrate"}, "spec": {"template": template("green")}});
    job["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
    ns.apply(&job).await?;
    ready(&ns, "version=green", 4).await?;
    let document = bluegreen(&ns, "preflight api --to green -ojson").await?.ends(0)?.json()?;
    let stray = finding(&document, "stray-pods").context("nothing is said")?;
    let message = stray["message"].as_str().unwrap_or_default();
    ensure!(message.contains("api-green-debug") && message.contains("migrate-"), "{message}");
    let shown = color_in_status(&ns, "green").await?;
    let named = |name: &str| shown["others"].to_string().contains(name);
    // The Job's pod may have ended meanwhile.
    assert!(named("pod/api-green-debug"), "{shown:#}");
    // The stray may end at any time, and the switch doesn't depend on it.
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    Ok(())
}

/// A color would seem large enough with a pod that nothing replaces.
#[tokio::test]
async fn a_stray_doesn_t_make_a_color_large_enough() -> Result<()> {
    let ns = namespace("stray-blocks").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    ns.apply(&lone_pod("api-green-debug", "green")).await?;
    ready(&ns, "version=green", 2).await?;
    let document = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert_eq!(finding(&document, "stray-pods").context("nothing is said")?["severity"], "block", "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A stray without the Service's port never becomes an endpoint: waiting for it would never end.
#[tokio::test]
async fn a_stray_is_not_waited_for() -> Result<()> {
    let ns = namespace("stray-portless").await?;
    blue_green(&ns, 1).await?;
    let mut stray = lone_pod("api-green-debug", "green");
    for container in stray["spec"]["containers"].as_array_mut().context("containers")? {
        container["ports"] = json!([]);
        container["readinessProbe"] = json!(null);
        container["livenessProbe"] = json!(null);
    }
    ns.apply(&stray).await?;
    ready(&ns, "version=green", 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --timeout=20s").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A Deployment whose ReplicaSet was adopted would count as empty for ever, with every pod ready.
#[tokio::test]
async fn an_adopted_replica_set_is_its_deployment_s() -> Result<()> {
    let ns = namespace("adopted").await?;
    blue_green(&ns, 2).await?;
    let orphaned = DeleteParams { propagation_policy: Some(PropagationPolicy::Orphan), ..DeleteParams::default() };
    ns.api::<Deployment>().delete("api-green", &orphaned).await?;
    eventually("the ReplicaSet is nobody's", LIMIT, || async {
        let sets = ns.api::<ReplicaSet>().list(&ListParams::default().labels("version=green")).await?;
        let gone = ns.api::<Deployment>().get_opt("api-green").await?.is_none();
        Ok((gone && sets.items.iter().all(|set| set.owner_references().is_empty())).then_some(()))
    })
    .await?;
    let shown = color_in_status(&ns, "green").await?;
    assert_eq!((&shown["ready"], &shown["workloads"][0]["kind"]), (&json!(2), &json!("ReplicaSet")), "{shown:#}");
    let mut renamed = api().workload(&color("green", 2, Behavior::Ready));
    renamed["metadata"]["name"] = json!("green-anew");
    ns.apply(&renamed).await?;
    ns.rolled_out("deployment/green-anew", LIMIT).await?;
    eventually("it is adopted", LIMIT, || async {
        let sets = ns.api::<ReplicaSet>().list(&ListParams::default().labels("version=green")).await?;
        Ok(sets
            .items
            .iter()
            .any(|set| set.name_any().starts_with("api-green-") && !set.owner_references().is_empty())
            .then_some(()))
    })
    .await?;
    let shown = color_in_status(&ns, "green").await?;
    assert_eq!((&shown["ready"], &shown["workloads"][0]["ready"]), (&json!(2), &json!(2)), "{shown:#}");
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    Ok(())
}

/// A node agent in two versions could not be switched at all.
#[tokio::test]
async fn daemon_sets_can_be_colors() -> Result<()> {
    let ns = namespace("daemon-sets").await?;
    let of = |name: &str, image| Workload::color(name, image).daemon();
    rolled_out(&ns, &api().color(of("blue", app::BLUE)).color(of("green", app::GREEN))).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let shown = color_in_status(&ns, "green").await?;
    assert_eq!(shown["workloads"][0]["kind"], "DaemonSet", "{shown:#}");
    assert_eq!(shown["ready"], shown["endpoints"]);
    let kept = bluegreen(&ns, "cleanup api --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(kept["services"][0]["verdict"], "kept", "a DaemonSet has no size: {kept:#}");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Pods of a Deployment that was deleted are gone a moment after a switch to them.
#[tokio::test]
async fn pods_of_a_deleted_deployment_are_no_capacity() -> Result<()> {
    let ns = namespace("deleted-owner").await?;
    let slow = Behavior::SlowTermination(std::time::Duration::from_secs(5));
    let app = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 1, slow));
    rolled_out(&ns, &app).await?;
    ns.api::<Deployment>().delete("api-green", &DeleteParams::background()).await?;
    let refused = bluegreen(&ns, "switch api --to green --yes --verify-for=0 -ojson").await?.ends(1)?.json()?;
    assert_eq!(active(&ns, "api").await?, "blue", "{refused:#}");
    Ok(())
}

/// After the Deployment went, its color's pods that somebody keeps would be called no way back.
#[tokio::test]
async fn a_color_without_a_workload_can_be_gone_back_to() -> Result<()> {
    let ns = namespace("pods-alone").await?;
    only_green(&ns, 2).await?;
    for name in ["one", "two"] {
        ns.apply(&lone_pod(name, "blue")).await?;
    }
    ready(&ns, "version=blue", 2).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    let status = bluegreen(&ns, "status api").await?.ends(0)?;
    ensure!(status.stdout.contains("pod/one"), "{}", said(&status));
    Ok(())
}

/// A cleanup would wait for a debug copy that nobody deletes, and end out of time with all done.
#[tokio::test]
async fn cleanup_waits_for_its_workloads_pods_alone() -> Result<()> {
    let ns = namespace("cleanup-stray").await?;
    blue_green(&ns, 1).await?;
    ns.apply(&lone_pod("api-blue-debug", "blue")).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --min-ready 1 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes --timeout=30s").await?.ends(0)?;
    let left: Vec<String> = pods(&ns, "version=blue").await?.iter().map(ResourceExt::name_any).collect();
    assert_eq!(left, ["api-blue-debug"]);
    Ok(())
}

/// A pod that a Job ended in the hold would count as the release failing.
#[tokio::test]
async fn a_stray_that_ends_is_no_failure() -> Result<()> {
    let ns = namespace("stray-ends").await?;
    blue_green(&ns, 1).await?;
    ns.apply(&lone_pod("api-green-debug", "green")).await?;
    ready(&ns, "version=green", 2).await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=8s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    ns.api::<Pod>().delete("api-green-debug", &DeleteParams::default().grace_period(0)).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
