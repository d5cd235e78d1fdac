//! A previous release that doesn't come up: said with the pods' own reason, and taken back.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::pods::annotate_pods;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use k8s_openapi::api::apps::v1::Deployment;
use lab::annotations::READY;
use lab::eventually;
use lab::fixtures::Behavior;
use lab::registry::Image;
use serde_json::json;

/// The rollback to the previous release fails for this reason and is taken back, and a job that is
/// retried doesn't expose users to it again.
async fn is_taken_back(releases: &Releases, words: &str, reason: &str) -> Result<()> {
    let output = releases.run(&format!("deploy/api --yes -ojson {words}")).await?.ends(5)?;
    let document = output.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains(reason), "{reason:?} is not said\n{}", said(&output));
    ensure!(document["workloads"][0]["changed"] == false, "{}", said(&output));
    ensure!(releases.image("api").await? == NEWEST, "it is not taken back\n{}", said(&output));
    let record = releases.record("api").await?;
    ensure!(record["result"] == "rolled back", "{record}");
    ensure!(releases.events("api").await?.contains(&"RollbackTakenBack".to_owned()), "no Event");
    // Not by `kubectl rollout status`: a short deadline may pass once more before the bad pod is gone.
    releases.ns.wait_for::<Deployment>("api", "only good pods are left", LIMIT, is_whole).await?;
    let before = releases.written("api").await?;
    let again = releases.run(&format!("deploy/api --yes -ojson {words}")).await?.ends(1)?.json()?;
    ensure!(finding(&again, "failed-before").is_some_and(|f| f["severity"] == "block"), "{again:#}");
    ensure!(releases.written("api").await? == before, "it is tried again");
    releases.run("deploy/api --yes --dry-run --force=failed-before").await?.ends(0)?;
    Ok(())
}

fn is_whole(deployment: &Deployment) -> bool {
    let Some(status) = &deployment.status else { return false };
    let counts = [status.replicas, status.updated_replicas, status.available_replicas];
    status.observed_generation == deployment.metadata.generation && counts == [Some(1); 3]
}

/// Production would stay on a release that crashes, and nobody be told that it crashes.
#[tokio::test]
async fn a_crash_loop_is_taken_back() -> Result<()> {
    let releases = Releases::with("ecr-crash", Behavior::CrashLoop).await?;
    releases.deploy(&releases.app("api")).await?;
    is_taken_back(&releases, "", "CrashLoopBackOff").await
}

/// A release that needs more memory than it may have would look like one that is merely slow.
#[tokio::test]
async fn out_of_memory_is_taken_back() -> Result<()> {
    let releases = Releases::with("ecr-memory", Behavior::OutOfMemory).await?;
    releases.deploy(&releases.app("api")).await?;
    is_taken_back(&releases, "", "OOMKilled").await
}

/// A job would wait until its own runner's limit kills it.
#[tokio::test]
async fn what_never_gets_ready_is_taken_back_when_time_is_over() -> Result<()> {
    let releases = Releases::with("ecr-never", Behavior::NeverReady).await?;
    releases.deploy(&releases.app("api")).await?;
    is_taken_back(&releases, "--timeout=9s", "out of time").await
}

/// The workload's own deadline would be ignored, and five minutes be lost in an outage.
#[tokio::test]
async fn the_workloads_own_deadline_counts() -> Result<()> {
    let releases = Releases::with("ecr-deadline", Behavior::NeverReady).await?;
    releases.deploy(&releases.app("api")).await?;
    releases.ns.patch::<Deployment>("api", json!({"spec": {"progressDeadlineSeconds": 3}})).await?;
    is_taken_back(&releases, "", "ProgressDeadlineExceeded").await
}

/// An image that a lifecycle policy has deleted would be waited for until time is over, and the
/// rollout stay stuck.
#[tokio::test]
async fn an_image_that_is_gone_is_taken_back() -> Result<()> {
    let releases = Releases::pushed("ecr-gone").await?;
    let gone = releases.repository.push(Image::new("1.0.7")).await?;
    releases.deploy(&lab::fixtures::Workload::new("api", &releases.repository.image("1.0.7")).replicas(1)).await?;
    releases.set_image("api", NEWEST).await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    releases.repository.delete(&gone).await?;
    releases.run("deploy/api --yes --from rollout-history").await?.ends(1)?;
    // Whoever insists finds out by pods.
    let output = releases.run("deploy/api --yes -ojson --from rollout-history --force=tag-moved").await?.ends(5)?;
    let message = output.json()?["message"].as_str().unwrap_or_default().to_owned();
    ensure!(message.contains("ImagePullBackOff") || message.contains("ErrImagePull"), "{}", said(&output));
    ensure!(releases.image("api").await? == NEWEST, "{}", said(&output));
    assert_eq!(releases.record("api").await?["result"], "rolled back");
    Ok(())
}

/// Who wants to look at the broken pods would have them taken away, or be told that all is well;
/// and once they came up by themselves, the same command would go back a second release.
#[tokio::test]
async fn a_failed_rollback_can_be_left_and_taken_up_again() -> Result<()> {
    let releases = Releases::with("ecr-left", Behavior::OnDemand).await?;
    releases.deploy(&releases.app("api")).await?;
    let words = "deploy/api --yes --no-rollback --timeout=9s -ojson";
    let output = releases.run(words).await?.ends(1)?;
    let document = output.json()?;
    assert_eq!(document["workloads"][0]["changed"], true, "{}", said(&output));
    assert_eq!(
        (releases.image("api").await?.as_str(), &releases.record("api").await?["result"]),
        (PREVIOUS, &json!("failed"))
    );
    // Still stuck: it is taken up, not begun anew.
    let attached = releases.run(words).await?.ends(1)?.json()?;
    assert_eq!((&attached["workloads"][0]["attached"], releases.image("api").await?), (&json!(true), PREVIOUS.into()));
    // Pods of the previous release become ready.
    annotate_pods(&releases.ns, "app=api", &[(READY, "true")]).await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    releases.run("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS, "the same command went back a second release");
    releases.run("deploy/api --yes").await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(releases.record("api").await?["result"], "done");
    Ok(())
}

/// `--no-rollback` would take back all the same, or call it exit 0.
#[tokio::test]
async fn a_crash_loop_that_is_to_stay_stays() -> Result<()> {
    let releases = Releases::with("ecr-stays", Behavior::CrashLoop).await?;
    releases.deploy(&releases.app("api")).await?;
    let output = releases.run("deploy/api --yes --no-rollback -ojson").await?.ends(1)?;
    let document = output.json()?;
    assert_eq!(document["reason"], "RolloutFailed", "{}", said(&output));
    assert_eq!(releases.image("api").await?, PREVIOUS);
    releases.run("deploy/api --yes").await?.ends(5)?.tells("CrashLoopBackOff")?;
    assert_eq!(
        (releases.image("api").await?, &releases.record("api").await?["result"]),
        (NEWEST.into(), &json!("rolled back"))
    );
    Ok(())
}

/// Right after a bad deployment a rollback would be refused, because "a rollout is under way".
#[tokio::test]
async fn a_stuck_rollout_is_left_backwards() -> Result<()> {
    let releases = Releases::pushed("ecr-stuck").await?;
    releases.repository.push(Image::new("1.0.7").behavior(Behavior::CrashLoop)).await?;
    releases.deploy(&releases.app("api")).await?;
    releases.set_image("api", "1.0.7").await?;
    eventually("the new pod crashes", LIMIT, || async {
        let listed = releases.ns.kubectl(&["get", "pods"]).await?;
        Ok(listed.stdout.contains("CrashLoopBackOff").then_some(()))
    })
    .await?;
    let document = releases.run("deploy/api --yes -ojson").await?.ends(0)?.json().context("stuck")?;
    assert!(finding_ids(&document).contains(&"rollout-in-progress".to_owned()), "{document:#}");
    assert_eq!(releases.image("api").await?, NEWEST);
    Ok(())
}
