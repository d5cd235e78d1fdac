//! Others who write what a release relies on.

use anyhow::{Context, Result};
use e2e::LIMIT;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::run::Ended;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::json;

/// A quarter of the pods, held, with nobody who runs it.
async fn held(test: &str) -> Result<Stage> {
    let stage = Stage::of(test, 4).await?;
    let image = stage.repository.image(GOOD);
    stage.canary(&format!("set-weight api 25 --image api={image} --router replicas --yes")).await?.ends(0)?;
    Ok(stage)
}

/// The share would be another one than people believe, or what somebody did in an outage would be undone.
#[tokio::test]
async fn a_size_of_another_hand_stops_a_run_and_no_abort() -> Result<()> {
    let stage = held("canary-scaled").await?;
    stage.kubectl("scale deploy/api --replicas=6").await?;
    stage.canary("run api --yes").await?.ends(3)?.tells("from 3 to 6")?;
    stage.canary("abort api --yes").await?.ends(0)?;
    stage.ns.rolled_out("deployment/api", LIMIT).await?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 6, None));
    Ok(())
}

#[tokio::test]
async fn a_canary_that_somebody_scaled_or_deleted_is_noticed() -> Result<()> {
    let stage = held("canary-deleted").await?;
    stage.kubectl("scale deploy/api-canary --replicas=3").await?;
    stage.canary("run api --yes").await?.ends(3)?.tells("from 1 to 3")?;
    stage.kubectl("scale deploy/api-canary --replicas=1").await?;
    stage.canary("run api --yes").await?.ends(6)?;
    stage.kubectl("delete deploy/api-canary").await?;
    stage.canary("run api --yes").await?.ends(5)?.tells("deleted")?;
    stage.is_alone(SERVES).await
}

/// Another version would be given a part of the requests beside both, or be overwritten in the end.
#[tokio::test]
async fn another_template_of_stable_stops_a_run() -> Result<()> {
    let stage = held("canary-template").await?;
    stage.kubectl("set env deploy/api NEW=1").await?;
    stage.ns.rolled_out("deployment/api", LIMIT).await?;
    stage.canary("run api --yes").await?.ends(3)?.tells("template")?;
    stage.canary("abort api --yes").await?.ends(0)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 4, None));
    Ok(())
}

/// Somebody else's pods would be scaled, and deleted in the end.
#[tokio::test]
async fn a_canary_that_is_somebody_elses_is_left_alone() -> Result<()> {
    let stage = Stage::of("canary-taken", 4).await?;
    stage.strangers_canary().await?;
    let output = stage.canary(&format!("{} -ojson", stage.release("run", GOOD))).await?.ends(1)?;
    assert_eq!(output.json()?["findings"][0]["id"], "canary-name-taken");
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 4, Some(1)));
    // In the middle of a release, too.
    let stage = held("canary-swapped").await?;
    stage.kubectl("delete deploy/api-canary").await?;
    stage.strangers_canary().await?;
    stage.canary("run api --yes").await?.ends(3)?;
    assert_eq!(stage.marker().await?, None);
    Ok(())
}

/// `kubectl rollout undo` puts a ReplicaSet's annotations back, and an old release with them.
#[tokio::test]
async fn a_record_that_an_undo_put_back_is_of_no_release() -> Result<()> {
    let stage = Stage::of("canary-undo", 2).await?;
    stage.canary(&stage.release("run", GOOD)).await?.ends(0)?;
    stage.kubectl("rollout undo deploy/api").await?;
    stage.ns.rolled_out("deployment/api", LIMIT).await?;
    stage.serve(2).await?;
    let risen = stage.record().await?;
    assert_ne!(risen["state"]["phase"], json!("over"), "the undo put no record back: {risen}");
    let status = stage.canary("status api").await?.ends(0)?;
    status.tells("undo of a rollout")?;
    for verb in ["run api --yes", "abort api --yes", "pause api --yes"] {
        stage.canary(verb).await?.ends(1)?;
    }
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 2, None));
    stage.canary(&stage.release("run", GOOD)).await?.ends(0)?;
    stage.is_alone(GOOD).await
}

/// Made anew under its name it has another UID, and manifests are copied with their annotations.
#[tokio::test]
async fn a_deployment_that_was_made_anew_has_no_release() -> Result<()> {
    let stage = held("canary-uid").await?;
    let api = stage.deployment("api").await?.context("no api")?;
    let record = stage.record().await?.to_string();
    stage.kubectl("delete deploy/api deploy/api-canary").await?;
    stage.deploy(&stage.app()).await?;
    assert_ne!(stage.deployment("api").await?.and_then(|d| d.metadata.uid), api.metadata.uid);
    stage.ns.annotate::<Deployment>("api", e2e::canary::RECORD, Some(&record)).await?;
    stage.canary("run api --yes").await?.ends(1)?.tells("copy")?;
    stage.canary("abort api --yes").await?.ends(1)?;
    stage.is_alone(SERVES).await
}
