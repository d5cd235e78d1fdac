//! Clean-up spares what others need, whichever way it shows.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{api, left_blue, replicas};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::common::pods::{is_ready, pods};
use e2e::common::run::{Ended, admin};
use e2e::{LIMIT, namespace};
use kube::ResourceExt;
use lab::fixtures::autoscaler;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

/// A nightly run keeps blue, for this reason.
async fn keeps(ns: &Namespace, reason: &str) -> Result<Value> {
    let document = bluegreen(ns, "cleanup --due --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["services"][0]["reason"], reason, "{document:#}");
    ensure!(replicas(ns, "api-blue").await? > 0);
    Ok(document)
}

/// Pods that were given to the active color in an incident would go with the Deployment that runs them.
#[tokio::test]
async fn a_workload_whose_pods_serve_the_active_color_stays() -> Result<()> {
    let ns = namespace("given-pods").await?;
    let objects: Vec<Value> = [("blue", "1.4.0"), ("green", "1.5.0")]
        .into_iter()
        .map(|(color, version)| {
            let labels = json!({"instance": color, "app": "api", "version": color});
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": format!("api-{color}")}, "spec": {
                "replicas": 2, "selector": {"matchLabels": {"instance": color}},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app",
                    "image": format!("registry.example.com/api:{version}"),
                    "ports": [{"name": "http", "containerPort": 8080}]}]}}}})
        })
        .chain([api().service("blue")])
        .collect();
    ns.apply_all(&objects).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    let given = pods(&ns, "version=blue").await?[0].name_any();
    admin(&ns).run(&["label", "pod", &given, "version=green", "--overwrite"]).await?.ends(0)?;
    let document = keeps(&ns, "inUse").await?;
    ensure!(document["message"].to_string().contains("service/api"), "{document:#}");
    Ok(())
}

/// A label that only pods have, as an admission policy or a hand gives it.
#[tokio::test]
async fn a_service_that_selects_by_a_label_of_pods_alone_keeps_them() -> Result<()> {
    let ns = left_blue("pods-label", 2).await?;
    admin(&ns).run(&["label", "pods", "-l", "version=blue", "legacy=yes"]).await?.ends(0)?;
    let mut legacy = api().service("blue");
    legacy["metadata"]["name"] = json!("legacy");
    legacy["spec"]["selector"] = json!({"legacy": "yes"});
    ns.apply(&legacy).await?;
    let document = keeps(&ns, "inUse").await?;
    ensure!(document["message"].to_string().contains("service/legacy"), "{document:#}");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    assert_eq!(status["services"][0]["colors"][1]["state"], "inUse", "{status:#}");
    Ok(())
}

/// The way back of another Service over the same workloads would be gone in its first minute.
#[tokio::test]
async fn what_another_service_left_just_now_is_kept_for_it() -> Result<()> {
    let ns = namespace("others-retention").await?;
    blue_green(&ns, 1).await?;
    let mut other = api().service("blue");
    other["metadata"]["name"] = json!("other");
    ns.apply(&other).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s --force=twin-service").await?.ends(0)?;
    bluegreen(&ns, "switch other --to green --yes --verify-for=0 --retain=1h").await?.ends(0)?;
    let document = keeps(&ns, "notDue").await?;
    ensure!(document["message"].to_string().contains("service/other"), "{document:#}");
    Ok(())
}

/// A rollback waits for the pods that it asked for, and the nightly job takes them away. The API server keeps
/// no time of what is written to `scale`.
#[tokio::test]
async fn a_color_that_was_given_its_pods_again_stays() -> Result<()> {
    let ns = left_blue("brought-back", 2).await?;
    for size in ["1", "2"] {
        admin(&ns).run(&["scale", "deploy/api-blue", "--replicas", size]).await?.ends(0)?;
        ns.rolled_out("deployment/api-blue", LIMIT).await?;
    }
    keeps(&ns, "changedSince").await?;
    Ok(())
}

/// An operator, or Flux, would bring it up again, and the job would wait for pods that come back.
#[tokio::test]
async fn what_somebody_else_keeps_at_size_is_theirs_to_take_down() -> Result<()> {
    let ns = left_blue("kept-at-size", 2).await?;
    let owner = json!([{"apiVersion": "example.com/v1", "kind": "WebApp", "name": "api",
        "uid": "5a0f3f3e-0000-4000-8000-000000000002", "controller": true}]);
    // The garbage collector takes what has only owners that aren't there.
    let held = json!({"metadata": {"ownerReferences": owner, "finalizers": ["lab.kubectl-release.dev/held"]}});
    patched(&ns, &held).await?;
    let document = keeps(&ns, "putBack").await?;
    ensure!(document["message"].to_string().contains("WebApp/api"), "{document:#}");
    bluegreen(&ns, "cleanup api --yes --dry-run=client --force=owned-by-controller").await?.ends(0)?;
    patched(&ns, &json!({"metadata": {"ownerReferences": null, "finalizers": null}})).await?;
    let labels = json!({"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux"});
    let flux = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "api-blue", "labels": labels},
        "spec": {"replicas": 2}});
    let file = ns.lab().dir().join(format!("{}.json", ns.name()));
    std::fs::write(&file, flux.to_string())?;
    let apply = ["apply", "--server-side", "--force-conflicts", "--field-manager=kustomize-controller", "-f"];
    admin(&ns).run(&[&apply[..], &[&file.display().to_string()]].concat()).await?.ends(0)?;
    // It has just written the size, too.
    let document = bluegreen(&ns, "cleanup api --yes --force=changed-since -ojson").await?.ends(1)?.json()?;
    let entry = &document["services"][0];
    ensure!(entry["reason"] == "putBack" && entry["why"].to_string().contains("Flux"), "{document:#}");
    Ok(())
}

/// By a field manager that has nothing to do with the size.
async fn patched(ns: &Namespace, patch: &Value) -> Result<()> {
    let words = ["patch", "deploy/api-blue", "--type=merge", "-p", &patch.to_string()];
    admin(ns).run(&words).await?.ends(0).map(drop)
}

/// "Down already" would be said of pods that run, night after night.
#[tokio::test]
async fn pods_of_an_operators_object_are_not_down() -> Result<()> {
    let ns = namespace("controllers").await?;
    for color in ["blue", "green"] {
        let labels = json!({"app": "api", "version": color});
        let container = json!({"name": "app", "image": "registry.example.com/api:1", "ports": [{"name": "http", "containerPort": 8080}]});
        ns.apply(
            &json!({"apiVersion": "v1", "kind": "ReplicationController", "metadata": {"name": format!("api-{color}")},
            "spec": {"replicas": 2, "selector": labels,
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}}),
        )
        .await?;
        eventually("its pods are ready", LIMIT, || async {
            let ready = pods(&ns, &format!("version={color}")).await?.iter().filter(|pod| is_ready(pod)).count();
            Ok((ready == 2).then_some(()))
        })
        .await?;
    }
    ns.apply(&api().service("blue")).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    for words in ["cleanup --due --yes", "cleanup api --before-due --yes"] {
        let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(document["services"][0]["reason"], "notOurs", "{document:#}");
        ensure!(document["services"][0].to_string().contains("api-blue"), "{document:#}");
    }
    Ok(())
}

/// Whoever is in no hurry would lose the way back that whoever is in one gave away.
#[tokio::test]
async fn the_way_back_of_another_service_is_kept_for_its_own_time() -> Result<()> {
    let ns = namespace("others-way-back").await?;
    blue_green(&ns, 1).await?;
    let mut other = api().service("blue");
    other["metadata"]["name"] = json!("other");
    ns.apply(&other).await?;
    bluegreen(&ns, "switch api other --to green --yes --verify-for=0").await?.ends(0)?;
    let document = bluegreen(&ns, "cleanup api --before-due --yes -ojson").await?.ends(1)?.json()?;
    ensure!(document["next"].to_string().contains("cleanup api other --before-due"), "{document:#}");
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    bluegreen(&ns, "cleanup api other --before-due --yes").await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    Ok(())
}

/// Clients of a broker's own load balancer would be cut off: its Service selects one pod by its name.
#[tokio::test]
async fn a_pod_that_is_reached_from_outside_by_its_own_service_keeps_its_color() -> Result<()> {
    let ns = left_blue("own-broker", 1).await?;
    let pod = pods(&ns, "version=blue").await?[0].name_any();
    admin(&ns).run(&["label", "pod", &pod, &format!("statefulset.kubernetes.io/pod-name={pod}")]).await?.ends(0)?;
    let mut broker = api().service("blue");
    broker["metadata"]["name"] = json!("broker-0");
    broker["spec"]["selector"] = json!({"statefulset.kubernetes.io/pod-name": pod});
    ns.apply(&broker).await?;
    bluegreen(&ns, "cleanup --due --dry-run=client").await?.ends(0)?;
    broker["spec"]["type"] = json!("LoadBalancer");
    ns.apply(&broker).await?;
    let document = keeps(&ns, "inUse").await?;
    ensure!(document["message"].to_string().contains("service/broker-0"), "{document:#}");
    Ok(())
}

/// "Taken down" would be said every night of what is up again a minute later, and paid for.
#[tokio::test]
async fn a_color_that_keda_scales_is_not_taken_down_in_vain() -> Result<()> {
    let ns = left_blue("keda", 1).await?;
    let mut scaler = autoscaler("api-blue", 2, 5);
    scaler["metadata"]["ownerReferences"] = json!([{"apiVersion": "keda.sh/v1alpha1", "kind": "ScaledObject",
        "name": "api-blue", "uid": "5a0f3f3e-0000-4000-8000-000000000002", "controller": true}]);
    ns.apply(&scaler).await?;
    let document = keeps(&ns, "putBack").await?;
    ensure!(document["message"].to_string().contains("ScaledObject/api-blue"), "{document:#}");
    bluegreen(&ns, "cleanup api --yes --force=owned-by-controller").await?.ends(0)?;
    Ok(())
}
