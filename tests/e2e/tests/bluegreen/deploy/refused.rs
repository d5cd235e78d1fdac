//! What keeps a color from being prepared: the traffic stays where it is, and what is left is said.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{active, api, blue_green, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, finding_ids, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::Behavior;
use lab::{Namespace, Output, eventually};
use serde_json::{Value, json};

use super::{NEXT, images};

/// An image that no node can pull: the lab's registry has no such repository.
const MISSING: &str =
    "deploy api --image app=123456789012.dkr.ecr.us-east-1.amazonaws.com/no-such-repository:1 --yes --verify-for=0";

async fn only_blue(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready))).await?;
    Ok(ns)
}

/// It ended with 1 without a switch, says what is left, and is about this.
async fn left_behind(ns: &Namespace, output: Output, about: &str) -> Result<Value> {
    let document = output.ends(1)?.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains(about), "nothing about {about}: {document:#}");
    ensure!(message.contains("no Service was switched") && message.contains("left: deploy/api-green"), "{document:#}");
    assert_eq!(document["services"][0]["changed"], false, "{document:#}");
    assert_eq!(active(ns, "api").await?, "blue");
    Ok(document)
}

async fn quota(ns: &Namespace, pods: &str) -> Result<()> {
    let object = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": {"pods": pods}}});
    ns.apply(&object).await?;
    eventually("the quota is observed", LIMIT, || async {
        let read = ns.kubectl(&["get", "resourcequota", "small", "-ojsonpath={.status.hard.pods}"]).await?;
        Ok((read.stdout == pods).then_some(()))
    })
    .await
}

/// Two colors need twice the room: five minutes of waiting would change nothing. And once there is room, the
/// same words go on.
#[tokio::test]
async fn a_quota_for_one_color_is_named_and_the_same_words_go_on() -> Result<()> {
    let ns = only_blue("deploy-quota").await?;
    quota(&ns, "3").await?;
    let output = bluegreen(&ns, &format!("{NEXT} -ojson")).await?;
    left_behind(&ns, output, "quota").await?;
    quota(&ns, "9").await?;
    bluegreen(&ns, NEXT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A quota that is full while the old pods of the color itself still serve: the rollout sticks half way.
#[tokio::test]
async fn a_full_quota_in_the_middle_of_a_rollout_is_named() -> Result<()> {
    let ns = namespace("deploy-quota-full").await?;
    blue_green(&ns, 2).await?;
    ns.patch::<Deployment>(
        "api-green",
        json!({"spec": {"strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}}}),
    )
    .await?;
    quota(&ns, "4").await?;
    let output = bluegreen(&ns, &format!("{NEXT} -ojson")).await?;
    left_behind(&ns, output, "quota").await?;
    Ok(())
}

/// The same where a LimitRange refuses what the template asks for.
#[tokio::test]
async fn a_limit_range_is_named() -> Result<()> {
    let ns = only_blue("deploy-limits").await?;
    let limits = json!([{"type": "Pod", "max": {"memory": "1Ki"}}]);
    ns.apply(
        &json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tiny"}, "spec": {"limits": limits}}),
    )
    .await?;
    let output = bluegreen(&ns, &format!("{NEXT} -ojson")).await?;
    left_behind(&ns, output, "memory").await?;
    Ok(())
}

/// And where a namespace's standard does.
#[tokio::test]
async fn pod_security_is_named() -> Result<()> {
    let ns = only_blue("deploy-standard").await?;
    ns.kubectl(&["label", "namespace", ns.name(), "pod-security.kubernetes.io/enforce=restricted"]).await?.ends(0)?;
    let output = bluegreen(&ns, &format!("{NEXT} -ojson")).await?;
    left_behind(&ns, output, "PodSecurity").await?;
    Ok(())
}

/// A tag that was never pushed: traffic stays, the pods are left for a look, and mending it is one command.
#[tokio::test]
async fn an_image_that_can_not_be_pulled_leaves_the_traffic_alone() -> Result<()> {
    let ns = namespace("deploy-pull").await?;
    blue_green(&ns, 1).await?;
    let output = bluegreen(&ns, &format!("{MISSING} -ojson")).await?;
    let document = left_behind(&ns, output, "ImagePullBackOff").await?;
    ensure!(document["message"].as_str().is_some_and(|m| m.contains("kubectl patch deploy/api-green")), "{document:#}");
    bluegreen(&ns, NEXT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A version that crashes never gets a request; with little time the run ends out of time.
#[tokio::test]
async fn pods_that_never_become_ready_end_the_run_in_time() -> Result<()> {
    let ns = namespace("deploy-never").await?;
    let app = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 0, Behavior::NeverReady));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    let document = bluegreen(&ns, &format!("{NEXT} --timeout 8s -ojson")).await?.ends(4)?.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("no Service was switched") && message.contains("left: deploy/api-green"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Somebody's clients would get the new version as soon as its pods are ready.
#[tokio::test]
async fn a_color_that_others_send_to_is_not_overwritten() -> Result<()> {
    let ns = namespace("deploy-in-use").await?;
    blue_green(&ns, 1).await?;
    let mut partner = api().service("green");
    partner["metadata"]["name"] = json!("partners");
    ns.apply(&partner).await?;
    let before = versions(&ns).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(
        (&document["reason"], finding_ids(&document)[0].as_str()),
        (&json!("Blocked"), "color-in-use"),
        "{document:#}"
    );
    assert_eq!(versions(&ns).await?, before);
    // A preview is there to show what comes.
    ns.kubectl(&["delete", "service", "partners"]).await?.ends(0)?;
    partner["metadata"]["name"] = json!("api-preview");
    ns.apply(&partner).await?;
    let mut both = api().service("green");
    both["metadata"]["name"] = json!("api-metrics");
    both["spec"]["selector"] = json!({"app": "api"});
    ns.apply(&both).await?;
    let document = super::deployed(&ns, NEXT).await?;
    let told = document["findings"].as_array().into_iter().flatten().filter(|f| f["id"] == "color-in-use").count();
    assert_eq!(told, 2, "{document:#}");
    Ok(())
}

/// A rollout that never begins, an owner that puts the image back, a route that decides: each is found before
/// the first write, and not after minutes of waiting.
#[tokio::test]
async fn what_would_stop_it_later_stops_it_before_the_first_write() -> Result<()> {
    let ns = namespace("deploy-before").await?;
    blue_green(&ns, 1).await?;
    let refused = async |id: &str| -> Result<()> {
        let before = versions(&ns).await?;
        let output = bluegreen(&ns, &format!("{NEXT} -ojson")).await?;
        ensure!(
            output.code == 1 && finding_ids(&output.json()?).iter().any(|known| known == id),
            "{id}\n{}",
            said(&output)
        );
        assert_eq!(versions(&ns).await?, before);
        Ok(())
    };
    ns.patch::<Deployment>("api-green", json!({"spec": {"paused": true}})).await?;
    refused("paused").await?;
    ns.patch::<Deployment>("api-green", json!({"spec": {"paused": false}, "metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": "shop", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}}})).await?;
    refused("gitops").await?;
    ns.patch::<Deployment>("api-green", json!({"metadata": {"labels": {"kustomize.toolkit.fluxcd.io/name": null, "kustomize.toolkit.fluxcd.io/namespace": null}}})).await?;
    ns.annotate::<Service>("api", "configmanagement.gke.io/managed", Some("enabled")).await?;
    refused("gitops").await?;
    ns.annotate::<Service>("api", "configmanagement.gke.io/managed", None).await?;
    let mut twin = api().service("blue");
    twin["metadata"]["name"] = json!("api-headless");
    ns.apply(&twin).await?;
    refused("twin-service").await?;
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.5.0"]);
    Ok(())
}

/// What can't be deployed by rolling out is said, and so is a color that Argo or an operator runs.
#[tokio::test]
async fn a_daemon_set_is_not_prepared() -> Result<()> {
    let ns = namespace("deploy-ds").await?;
    rolled_out(&ns, &api().color(color("blue", 1, Behavior::Ready).daemon())).await?;
    let document = bluegreen(&ns, &format!("{NEXT} -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NotDeployable", "{document:#}");
    Ok(())
}

/// A version that was taken back because it failed would be released again by a job that is retried.
#[tokio::test]
async fn what_failed_and_was_taken_back_is_not_deployed_again() -> Result<()> {
    let ns = namespace("deploy-failed").await?;
    let late = Behavior::UnreadyLater(std::time::Duration::from_secs(6));
    let app = api().color(color("blue", 1, Behavior::Ready)).color(color("green", 0, late));
    ns.apply_all(&app.objects()).await?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    let words = "deploy api --image app=registry.example.com/api:1.6.0 --yes --verify-for=30s -ojson";
    let document = bluegreen(&ns, words).await?.ends(5)?.json()?;
    assert_eq!(
        (document["services"][0]["changed"].as_bool(), active(&ns, "api").await?.as_str()),
        (Some(false), "blue"),
        "{document:#}"
    );
    // The same words are refused from now on: they are no next step.
    ensure!(document["next"].as_str().is_some_and(|next| !next.contains("bluegreen deploy")), "{document:#}");
    let again = bluegreen(&ns, words).await?.ends(1)?.json()?;
    ensure!(finding_ids(&again).iter().any(|id| id == "failed-before"), "{again:#}");
    Ok(())
}
