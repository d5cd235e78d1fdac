//! Bringing a color to size where the API server doesn't let pods be made.

use anyhow::{Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::app::{active, api, blue_green, color, replicas, rolled_out, scale, taken_down};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::pods;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use lab::fixtures::Behavior;
use lab::{Namespace, Output, eventually};
use serde_json::{Value, json};

async fn quota(ns: &Namespace, pods: u32) -> Result<()> {
    let hard = json!({"pods": pods.to_string()});
    ns.apply(
        &json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "small"}, "spec": {"hard": hard}}),
    )
    .await?;
    // The quota counts from its first status on.
    eventually("the quota is observed", LIMIT, || async {
        let read = ns.kubectl(&["get", "resourcequota", "small", "-ojsonpath={.status.hard.pods}"]).await?;
        Ok((read.stdout == pods.to_string()).then_some(()))
    })
    .await
}

fn message(output: &Output) -> Result<(String, Value)> {
    let document = output.json()?;
    Ok((document["message"].to_string(), document["next"].clone()))
}

/// Five minutes of `waiting 1/3 ready` without the word quota.
#[tokio::test]
async fn growing_under_a_full_quota_ends_with_its_name() -> Result<()> {
    let ns = namespace("quota").await?;
    let app = api().color(color("blue", 3, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    quota(&ns, 4).await?;
    let output = bluegreen(&ns, "switch api --to green --scale --yes -ojson").await?.ends(1)?;
    let (message, _) = message(&output)?;
    ensure!(
        message.contains("quota") && message.contains("left scaled: deploy/api-green replicas: 1 -> 3"),
        "{}",
        said(&output)
    );
    ensure!(message.contains("kubectl scale deploy/api-green"), "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// The same where a LimitRange refuses what the template asks for.
#[tokio::test]
async fn a_limit_range_is_named_too() -> Result<()> {
    let ns = namespace("limit-range").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    let limits = json!([{"type": "Pod", "max": {"memory": "1Ki"}}]);
    ns.apply(
        &json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "tiny"}, "spec": {"limits": limits}}),
    )
    .await?;
    let output = bluegreen(&ns, "switch api --to green --scale --yes -ojson").await?.ends(1)?;
    let (message, _) = message(&output)?;
    ensure!(message.contains("not created") && message.contains("memory"), "{}", said(&output));
    Ok(())
}

/// A StatefulSet has no condition that says it; its Events do. Five minutes of waiting change nothing.
#[tokio::test]
async fn a_stateful_set_that_gets_no_pods_says_why() -> Result<()> {
    let ns = namespace("quota-sts").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready).stateful());
    rolled_out(&ns, &app).await?;
    quota(&ns, 3).await?;
    let output = bluegreen(&ns, "switch api --to green --scale --yes --timeout 90s -ojson").await?.ends(1)?;
    ensure!(message(&output)?.0.contains("quota"), "{}", said(&output));
    Ok(())
}

/// A namespace whose pods have to meet a standard lets the ones in that are there already, and no more.
#[tokio::test]
async fn pod_security_is_named_too() -> Result<()> {
    let ns = namespace("pod-security").await?;
    blue_green(&ns, 2).await?;
    scale(&ns, "api-green", 1).await?;
    let enforce = "pod-security.kubernetes.io/enforce=restricted";
    ns.kubectl(&["label", "namespace", ns.name(), enforce]).await?.ends(0)?;
    let output = bluegreen(&ns, "switch api --to green --scale --yes --timeout 90s -ojson").await?.ends(1)?;
    let (message, _) = message(&output)?;
    ensure!(message.contains("PodSecurity") && message.contains("left scaled"), "{}", said(&output));
    Ok(())
}

/// A policy or a webhook of the administrators says no to the pods: waiting changes nothing.
#[tokio::test]
async fn an_admission_policy_that_refuses_pods_is_named_too() -> Result<()> {
    let ns = namespace("policy-pods").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    let policy = Policy::deny_pods(&ns, "object.metadata.labels['version'] != 'green'", "no green pods today").await?;
    let output = bluegreen(&ns, "switch api --to green --scale --yes --timeout 90s -ojson").await?.ends(1)?;
    let (message, _) = message(&output)?;
    ensure!(message.contains("no green pods today") && message.contains("left scaled"), "{}", said(&output));
    policy.remove().await
}

/// A quota is freed while others are going: a refusal that passes is no reason to give up.
#[tokio::test]
async fn a_quota_that_is_freed_in_time_only_takes_longer() -> Result<()> {
    let ns = namespace("quota-freed").await?;
    let app = api().color(color("blue", 2, Behavior::Ready)).color(color("green", 1, Behavior::Ready));
    rolled_out(&ns, &app).await?;
    quota(&ns, 3).await?;
    let running = start(&ns, "switch api --to green --scale --yes --verify-for=0s")?;
    eventually("the quota refuses a pod", LIMIT, || async {
        let told = ns.kubectl(&["get", "deployment", "api-green", "-ojsonpath={.status.conditions}"]).await?;
        Ok(told.stdout.contains("exceeded quota").then_some(()))
    })
    .await?;
    quota(&ns, 9).await?;
    running.wait(LIMIT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Blue has one of three pods, and no room for more: there is a way that doesn't wait.
#[tokio::test]
async fn a_rollback_without_room_names_the_way_that_does_not_wait() -> Result<()> {
    let ns = namespace("quota-back").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    scale(&ns, "api-blue", 1).await?;
    eventually("one blue pod is left", LIMIT, || async {
        Ok((pods(&ns, "version=blue").await?.len() == 1).then_some(()))
    })
    .await?;
    quota(&ns, 4).await?;
    let output = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(1)?;
    let (message, next) = message(&output)?;
    ensure!(message.contains("quota") && next.to_string().contains("rollback api --now"), "{}", said(&output));
    bluegreen(&ns, "rollback api --now --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// One pod of four would carry the load of four until somebody looks.
#[tokio::test]
async fn a_rollback_that_does_not_wait_brings_the_color_to_size_meanwhile() -> Result<()> {
    let ns = namespace("now-grows").await?;
    blue_green(&ns, 4).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    scale(&ns, "api-blue", 1).await?;
    eventually("one blue pod is left", LIMIT, || async {
        Ok((pods(&ns, "version=blue").await?.len() == 1).then_some(()))
    })
    .await?;
    bluegreen(&ns, "rollback api --now --yes").await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-blue").await?), ("blue", 4));
    Ok(())
}

/// "Starts 3 pods" was a promise that the namespace's quota breaks.
#[tokio::test]
async fn status_promises_no_pods_that_a_quota_refuses() -> Result<()> {
    let ns = namespace("quota-line").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0s").await?.ends(0)?;
    taken_down(&ns, "blue").await?;
    quota(&ns, 4).await?;
    let line = way_back(&ns).await?;
    ensure!(line.contains("starts 3 pods, if quota"), "nothing says that it can: {line}");
    // Once the API server has refused, it is known.
    bluegreen(&ns, "rollback api --yes").await?.ends(1)?;
    // The one for which there is room may still be starting.
    eventually("it says how many there are, and why not more", LIMIT, || async {
        let line = way_back(&ns).await?;
        Ok((line.contains("1 of 3 pods") && line.contains("exceeded quota")).then_some(()))
    })
    .await
}

async fn way_back(ns: &Namespace) -> Result<String> {
    let status = bluegreen(ns, "status api").await?.ends(0)?;
    let line = status.stdout.lines().find(|line| line.starts_with("Back: "));
    Ok(line.map(str::to_owned).unwrap_or_else(|| said(&status)))
}
