//! Rollouts that go on, or that a person holds up: neither done nor failed, and never taken back.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::{is_waiting, pods};
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::case::Case;
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ResourceQuota;
use kube::api::DeleteParams;
use lab::fixtures::Behavior;
use lab::registry::Image;
use lab::{Output, eventually};
use serde_json::{Value, json};

/// It ended out of time with this reason, stays on the image, and nothing is held against that image.
async fn is_unfinished(case: &Case, output: Output, reason: &str, tag: &str) -> Result<Value> {
    let output = output.ends(4)?;
    let document = output.json()?;
    ensure!(document["reason"] == reason, "{}", said(&output));
    ensure!(document["workloads"][0]["state"] == "underWay", "{}", said(&output));
    case.asks_for(tag).await.with_context(|| said(&output))?;
    let record = case.record().await?;
    ensure!(record["result"] == "unfinished" && record["failure"].is_null(), "{record}");
    Ok(document)
}

/// A good release that is slow, or has many pods, would be taken away while it came up, and never be gone
/// back to again.
#[tokio::test]
async fn what_goes_well_stays_when_time_is_over() -> Result<()> {
    let case = Case::of("statefulset", "db", namespace("goes-well").await?).await?;
    let slow = Behavior::ReadyAfter(Duration::from_secs(5));
    let digest = case.push_on(1, Image::new("1.0.3").behavior(slow)).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    case.apply(&case.app("1.0.4").replicas(3).probed_every(1)).await?;
    let ended = case.back("--timeout=12s -ojson").await?;
    let document = is_unfinished(&case, ended, "OutOfTime", "1.0.3").await?;
    ensure!(document["next"].as_str().is_some_and(|next| next.contains("ecr-rollback")), "{document:#}");
    case.back("").await?.ends(0)?.tells("begun at")?;
    case.runs(&digest).await
}

/// A release that its own probes still give time would be called a bad one.
#[tokio::test]
async fn a_start_that_probes_allow_is_no_failure() -> Result<()> {
    let case = Case::new("slow-start").await?;
    let slow = Behavior::ReadyAfter(Duration::from_secs(12));
    case.push_on(1, Image::new("1.0.3").behavior(slow)).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    case.apply(&case.app("1.0.4").replicas(1)).await?;
    is_unfinished(&case, case.back("--timeout=5s -ojson").await?, "OutOfTime", "1.0.3").await?;
    case.back("").await?.ends(0)?;
    assert_eq!(case.record().await?["result"], "done");
    Ok(())
}

/// A rollback that was written on purpose would be called failed because nobody had resumed it yet, and be
/// refused afterwards.
#[tokio::test]
async fn a_paused_rollout_waits_for_whoever_resumes_it() -> Result<()> {
    let case = Case::new("paused").await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    case.kubectl(&["rollout", "pause", "deployment/api"]).await?;
    case.back("").await?.ends(1)?.tells("--no-wait")?;
    let document = is_unfinished(&case, case.back("--force=paused -ojson").await?, "Paused", "1.0.3").await?;
    ensure!(document["next"].as_str().is_some_and(|next| next.contains("rollout resume")), "{document:#}");
    case.kubectl(&["rollout", "resume", "deployment/api"]).await?;
    case.back("").await?.ends(0)?;
    assert_eq!(case.record().await?["result"], "done");
    Ok(())
}

/// A job that is retried would go one further back, past a release that was good: of what was set while the rollout was
/// paused there is no revision, and the record would pass for somebody's invention.
#[tokio::test]
async fn what_never_came_to_run_is_left_once_by_the_same_words() -> Result<()> {
    let case = Case::new("paused-set").await?;
    case.push(&["1.0.1", "1.0.2", "1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.1"]).await?;
    case.kubectl(&["rollout", "pause", "deployment/api"]).await?;
    case.set_image("1.0.4").await?;
    for _ in 0..3 {
        is_unfinished(&case, case.back("--force=paused --from=registry -ojson").await?, "Paused", "1.0.3").await?;
    }
    case.kubectl(&["rollout", "resume", "deployment/api"]).await?;
    case.back("--from=registry").await?.ends(0)?;
    assert_eq!(case.record().await?["result"], "done");
    // What is gone back to may be what runs still.
    case.deploy(&["1.0.3"]).await?;
    case.kubectl(&["rollout", "pause", "deployment/api"]).await?;
    case.set_image("1.0.4").await?;
    for _ in 0..2 {
        case.back("--force=paused --from=registry").await?.ends(0)?;
        case.asks_for("1.0.3").await?;
    }
    Ok(())
}

/// Somebody who stops a rollout to look at it would have it taken from under their eyes.
#[tokio::test]
async fn a_rollout_that_somebody_pauses_stays() -> Result<()> {
    let case = Case::new("pauses").await?;
    case.push_on(1, Image::new("1.0.3").behavior(Behavior::OnDemand)).await?;
    case.push_on(2, Image::new("1.0.4")).await?;
    case.apply(&case.app("1.0.4").replicas(1).probed_every(1)).await?;
    let run = case.start_back("--timeout=15s -ojson")?;
    eventually("it is written", LIMIT, || async { Ok(case.record().await.ok()) }).await?;
    case.kubectl(&["rollout", "pause", "deployment/api"]).await?;
    is_unfinished(&case, run.wait(LIMIT).await?, "Paused", "1.0.3").await?;
    Ok(())
}

/// A full namespace would show as "0 of 1 updated" for five minutes, without the word quota; and the good
/// release be called a bad one.
#[tokio::test]
async fn a_quota_is_named_and_is_no_fault_of_the_image() -> Result<()> {
    let releases = Releases::pushed("ecr-quota").await?;
    releases.deploy(&releases.app("api")).await?;
    let quota = json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "full"},
        "spec": {"hard": {"pods": "1"}}});
    releases.ns.apply(&quota).await?;
    let counted = |quota: &ResourceQuota| {
        quota.status.as_ref().and_then(|s| s.used.as_ref()).is_some_and(|used| used.contains_key("pods"))
    };
    releases.ns.wait_for::<ResourceQuota>("full", "the pods are counted", LIMIT, counted).await?;
    let output = releases.run("deploy/api --yes -ojson --timeout=8s").await?.ends(4)?;
    let document = output.json()?;
    ensure!(document["reason"] == "PodsRefused", "{}", said(&output));
    ensure!(document["message"].as_str().is_some_and(|m| m.contains("exceeded quota")), "{}", said(&output));
    assert_eq!(releases.image("api").await?, PREVIOUS);
    releases.ns.api::<ResourceQuota>().delete("full", &DeleteParams::default()).await?;
    // The controller tries again after a while of its own; a new generation is a reason to try at once.
    releases.ns.patch::<Deployment>("api", json!({"spec": {"minReadySeconds": 1}})).await?;
    releases.run("deploy/api --yes --timeout=100s").await?.ends(0)?;
    assert_eq!(releases.record("api").await?["result"], "done");
    Ok(())
}

/// A bad release whose deadline has passed could not be left: the condition of its rollout stands until the
/// next one makes progress.
#[tokio::test]
async fn the_deadline_of_the_rollout_before_is_not_this_ones() -> Result<()> {
    let case = Case::new("old-deadline").await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    case.push_on(5, Image::new("1.0.5").behavior(Behavior::NeverReady)).await?;
    case.deploy(&["1.0.4"]).await?;
    case.ns.patch::<Deployment>("api", json!({"spec": {"progressDeadlineSeconds": 3}})).await?;
    case.set_image("1.0.5").await?;
    let passed = |deployment: &Deployment| {
        let mut conditions = deployment.status.iter().flat_map(|s| s.conditions.iter().flatten());
        conditions.any(|c| c.reason.as_deref() == Some("ProgressDeadlineExceeded"))
    };
    case.ns.wait_for::<Deployment>("api", "the deadline passes", LIMIT, passed).await?;
    let document = case.back("-ojson").await?.ends(0)?.json()?;
    ensure!(finding(&document, "rollout-failed").is_some(), "{document:#}");
    case.asks_for("1.0.4").await
}

/// Production would go back and forth between two bad releases.
#[tokio::test]
async fn nothing_is_taken_back_to_what_was_failing_too() -> Result<()> {
    let releases = Releases::with("ecr-both", Behavior::CrashLoop).await?;
    releases.repository.push(Image::new("1.0.7").behavior(Behavior::CrashLoop)).await?;
    releases.deploy(&releases.app("api")).await?;
    releases.set_image("api", "1.0.7").await?;
    eventually("the new pod crashes", LIMIT, || async {
        let pods = pods(&releases.ns, "app=api").await?;
        Ok(pods.iter().any(|pod| is_waiting(pod, "CrashLoopBackOff")).then_some(()))
    })
    .await?;
    let output = releases.run(&format!("deploy/api --yes -ojson --to-tag {PREVIOUS}")).await?.ends(1)?;
    ensure!(releases.image("api").await? == PREVIOUS, "{}", said(&output));
    let record = releases.record("api").await?;
    ensure!(record["result"] == "failed" && record["leftFailing"].is_string(), "{record}");
    releases.run(&format!("deploy/api --yes --to-tag {NEWEST}")).await?.ends(0)?;
    Ok(())
}

/// A job's log would be a hundred lines that say the same.
#[tokio::test]
async fn waiting_is_told_where_it_is_new() -> Result<()> {
    let releases = Releases::with("ecr-flood", Behavior::NeverReady).await?;
    releases.deploy(&releases.app("api")).await?;
    let output = releases.run("deploy/api --yes --timeout=20s").await?.ends(5)?;
    let waiting = output.stderr.lines().filter(|line| line.contains("rolling") || line.contains("not ready"));
    let waiting = waiting.count();
    ensure!((2..=12).contains(&waiting), "{waiting} lines\n{}", said(&output));
    Ok(())
}
