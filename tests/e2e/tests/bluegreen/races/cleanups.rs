//! A cleanup and a move to the color that it takes down: the color that serves keeps its pods.

use anyhow::{Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::calls::{is_cleanup_note, is_deletion, is_move, is_resize};
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::trial::Trial;
use e2e::common::run::{Ended, admin, document};
use k8s_openapi::api::apps::v1::Deployment;
use lab::Output;
use serde_json::json;

const TO_GREEN: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
const BACK: &[&str] = &["rollback", "api", "--yes", "--timeout=30s", "-ojson"];
/// Between the runs of a test, sizes are put back by hand.
const ALL_THE_SAME: &str = "--force=changed-since";
const DELETE: &[&str] =
    &["cleanup", "api", "--delete", "--before-due", ALL_THE_SAME, "--yes", "--timeout=30s", "-ojson"];
const TAKE_DOWN: &[&str] = &["cleanup", "api", "--before-due", ALL_THE_SAME, "--yes", "--timeout=30s", "-ojson"];

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

/// The API server's own words for a failed condition say neither who was faster nor what to do.
#[tokio::test]
async fn a_cleanup_that_was_overtaken_says_by_what() -> Result<()> {
    let trial = on_green("race-told").await?;
    let ns = &trial.setup.ns;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_resize).await?;
    admin(ns).run(&["scale", "deploy/api-blue", "--replicas=4"]).await?.ends(0)?;
    told(&cleanup.go_on().await?, &["deploy/api-blue was scaled to 4 by kubectl", "it had 2"])?;
    assert_eq!(trial.setup.size("blue").await?, 4);

    trial.put_back().await?;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_cleanup_note).await?;
    trial.setup.must(BACK).await?;
    told(&cleanup.go_on().await?, &["service/api selects app=api,version=blue by kubectl-release"])?;

    trial.put_back().await?;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_resize).await?;
    ns.kubectl(&["delete", "deploy", "api-blue", "--wait=true"]).await?.ends(0)?;
    told(&cleanup.go_on().await?, &["deploy/api-blue was deleted by somebody else"])
}

/// An administrator's policy refuses what is as it was: nobody was faster, and trying again is of no use.
#[tokio::test]
async fn a_cleanup_that_a_policy_refuses_was_not_overtaken() -> Result<()> {
    let trial = on_green("race-policy").await?;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_cleanup_note).await?;
    let frozen = "no changes on Fridays";
    let policy = Policy::deny(&trial.setup.ns, "api", "false", frozen).await?;
    let refused = cleanup.go_on().await?;
    assert_eq!(refused.code, 1, "{}", refused.stdout);
    assert!(document(&refused.stdout)?["message"].as_str().is_some_and(|text| text.contains(frozen)));
    policy.remove().await
}

/// Where somebody was faster, a policy's refusal is not what has to be told.
#[tokio::test]
async fn a_cleanup_that_was_overtaken_and_is_refused_says_that_it_was_overtaken() -> Result<()> {
    let trial = on_green("race-policy-too").await?;
    let cleanup = trial.setup.stopped_before(TAKE_DOWN, is_cleanup_note).await?;
    trial.setup.must(BACK).await?;
    let policy = Policy::deny(&trial.setup.ns, "api", "false", "no changes on Fridays").await?;
    told(&cleanup.go_on().await?, &["service/api selects app=api,version=blue"])?;
    policy.remove().await
}

fn told(ended: &Output, words: &[&str]) -> Result<()> {
    let said = document(&ended.stdout)?;
    ensure!(ended.code == 3 && said["reason"] == "Changed", "{said:#}");
    let message = said["message"].as_str().unwrap_or_default();
    ensure!(words.iter().all(|word| message.contains(word)), "{said:#}");
    ensure!(!message.contains("the server rejected") && !message.contains("Error from server"), "{said:#}");
    ensure!(said["next"].as_str().is_some_and(|next| next.contains("kubectl bluegreen status api")), "{said:#}");
    Ok(())
}
