//! A cleanup and a move to the color that it takes down: the color that serves keeps its pods.

use anyhow::Result;
use e2e::bluegreen::calls::{is_cleanup_note, is_deletion, is_move, is_resize};
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::trial::Trial;
use e2e::common::run::document;
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::json;

const TO_GREEN: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
const BACK: &[&str] = &["rollback", "api", "--yes", "--timeout=30s", "-ojson"];
const DELETE: &[&str] = &["cleanup", "api", "--delete", "--before-due", "--yes", "--timeout=30s", "-ojson"];
const TAKE_DOWN: &[&str] = &["cleanup", "api", "--before-due", "--yes", "--timeout=30s", "-ojson"];

/// Green serves, blue is idle.
async fn on_green(test: &str) -> Result<Trial> {
    let setup = Setup::new(test, &["api"]).await?;
    setup.must(TO_GREEN).await?;
    Trial::of(setup).await
}

/// A nightly cleanup that read "blue is idle" a moment ago would take down the version that
/// somebody has just rolled back to: an outage on top of an outage.
#[tokio::test]
async fn a_cleanup_overtaken_by_a_rollback_takes_nothing_down() -> Result<()> {
    let trial = on_green("race-cleanup").await?;
    for _ in 0..3 {
        trial.put_back().await?;
        let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_cleanup_note).await?;
        trial.setup.must(BACK).await?;
        let overtaken = cleanup.go_on().await?;
        assert_eq!(overtaken.code, 3, "{}\n{}", overtaken.stdout, overtaken.stderr);
        assert_eq!(document(&overtaken.stdout)?["reason"], "Changed");
        assert_eq!((trial.setup.colors().await?, trial.setup.size("blue").await?), (vec!["blue"], 2));
    }
    Ok(())
}

/// The same for a cleanup whose machine sleeps after it has announced itself on the Service.
#[tokio::test]
async fn a_cleanup_overtaken_in_the_middle_gives_the_pods_back() -> Result<()> {
    let trial = on_green("race-middle").await?;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_resize).await?;
    trial.setup.must(BACK).await?;
    let overtaken = cleanup.go_on().await?;
    assert_eq!(overtaken.code, 3, "{}\n{}", overtaken.stdout, overtaken.stderr);
    assert_eq!((trial.setup.colors().await?, trial.setup.size("blue").await?), (vec!["blue"], 2));
    trial.setup.settled().await
}

/// A rollback would move the Service to pods that a cleanup took down after it had looked.
#[tokio::test]
async fn a_rollback_overtaken_by_a_cleanup_looks_again() -> Result<()> {
    let trial = on_green("race-rollback").await?;
    let back = trial.setup.stopped_before(BACK, is_move).await?;
    trial.setup.must(TAKE_DOWN).await?;
    let overtaken = back.go_on().await?;
    assert_eq!(overtaken.code, 3, "{}\n{}", overtaken.stdout, overtaken.stderr);
    assert_eq!((trial.setup.colors().await?, trial.setup.size("blue").await?), (vec!["green"], 0));
    trial.setup.must(BACK).await?;
    assert_eq!((trial.setup.colors().await?, trial.setup.size("blue").await?), (vec!["blue"], 2));
    Ok(())
}

/// A deletion is tied to the object that was read, whose version moves with every status and label: a
/// nightly cleanup would fail for nothing, and must not delete what somebody has changed since.
#[tokio::test]
async fn a_deletion_minds_changes_of_the_spec_and_nothing_else() -> Result<()> {
    let trial = on_green("race-delete").await?;
    let deployments = trial.setup.ns.api::<Deployment>();
    let cleanup = trial.setup.stopped_before(DELETE, is_deletion).await?;
    trial.setup.ns.patch::<Deployment>("api-blue", json!({"spec": {"minReadySeconds": 1}})).await?;
    let overtaken = cleanup.go_on().await?;
    assert_eq!(overtaken.code, 3, "{}\n{}", overtaken.stdout, overtaken.stderr);
    assert!(deployments.get_opt("api-blue").await?.is_some(), "it was changed and deleted all the same");
    let cleanup = trial.setup.stopped_before(DELETE, is_deletion).await?;
    let note = json!({"metadata": {"labels": {"example.com/note": "seen"}}});
    trial.setup.ns.patch::<Deployment>("api-blue", note).await?;
    let done = cleanup.go_on().await?;
    assert_eq!(done.code, 0, "{}\n{}", done.stdout, done.stderr);
    assert!(deployments.get_opt("api-blue").await?.is_none_or(|d| d.metadata.deletion_timestamp.is_some()));
    Ok(())
}

/// With nobody held up, whichever comes first: the color that serves in the end has its pods.
#[tokio::test]
async fn at_once_the_serving_color_keeps_its_pods() -> Result<()> {
    let trial = on_green("race-at-once").await?;
    for _ in 0..5 {
        trial.put_back().await?;
        let (cleanup, back) = tokio::try_join!(trial.setup.run(TAKE_DOWN), trial.setup.run(BACK))?;
        let told = format!("cleanup {}: {}\nrollback {}: {}", cleanup.code, cleanup.stdout, back.code, back.stdout);
        assert!([0, 3].contains(&cleanup.code) && [0, 3].contains(&back.code), "{told}");
        let serving = trial.setup.colors().await?[0];
        assert_eq!(trial.setup.size(serving).await?, 2, "{serving} serves\n{told}");
        assert_eq!(serving == "blue", back.code == 0, "{serving} serves\n{told}");
        trial.setup.settled().await?;
    }
    Ok(())
}
