//! Two rollbacks at once, or a rollback and any other writer: nobody's write is lost, and nobody
//! goes back twice.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::paste::paste;
use e2e::common::run::{Ended, said};
use e2e::common::stopped_run::StoppedRun;
use e2e::ecr::calls::{is_image_patch, is_result_note, is_take_back};
use e2e::ecr::push_on;
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases, without_secrets};
use k8s_openapi::api::apps::v1::Deployment;
use lab::Output;
use lab::annotations::BEHAVIOR;
use lab::api_proxy::When;
use lab::fixtures::{Behavior, Workload};
use lab::registry::Image;
use serde_json::json;

const WORDS: &str = "deploy/api --yes --timeout=60s -ojson";

async fn go_on(run: StoppedRun) -> Result<Output> {
    without_secrets(run.go_on().await?)
}

async fn deployed(test: &str, previous: Behavior) -> Result<Releases> {
    let releases = Releases::with(test, previous).await?;
    releases.deploy(&releases.app("api")).await?;
    Ok(releases)
}

/// A release that a colleague made a second ago would be undone by somebody who never saw it.
#[tokio::test]
async fn an_image_that_was_set_meanwhile_is_not_overwritten() -> Result<()> {
    let releases = deployed("ecr-race-set", Behavior::Ready).await?;
    let run = releases.stopped_at(WORDS, is_image_patch, When::Before).await?;
    releases.set_image("api", "1.0.2").await?;
    let output = go_on(run).await?.ends(3)?;
    assert_eq!(output.json()?["workloads"][0]["changed"], false, "{}", said(&output));
    assert_eq!(releases.image("api").await?, "1.0.2");
    assert!(releases.written("api").await?.record.is_none());
    Ok(())
}

/// In an outage everything writes to a Deployment: autoscalers, controllers, people's notes. Each
/// of them would stop the way back.
#[tokio::test]
async fn writes_to_anything_else_are_no_conflict() -> Result<()> {
    let releases = deployed("ecr-race-else", Behavior::Ready).await?;
    let run = releases.stopped_at(WORDS, is_image_patch, When::Before).await?;
    releases.ns.annotate::<Deployment>("api", "example.com/note", Some("looking into it")).await?;
    releases.ns.patch::<Deployment>("api", json!({"spec": {"replicas": 2}})).await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    go_on(run).await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    let deployment = releases.ns.api::<Deployment>().get("api").await?;
    assert_eq!(deployment.spec.and_then(|spec| spec.replicas), Some(2));
    Ok(())
}

/// Two on-callers who both press the button would go back two releases.
#[tokio::test]
async fn of_two_rollbacks_at_once_one_writes() -> Result<()> {
    let releases = deployed("ecr-race-two", Behavior::Ready).await?;
    let first = releases.stopped_at(WORDS, is_image_patch, When::Before).await?;
    let second = releases.stopped_at(WORDS, is_image_patch, When::Before).await?;
    let (first, second) = tokio::try_join!(go_on(first), go_on(second))?;
    let mut codes = [first.code, second.code];
    codes.sort_unstable();
    ensure!(codes == [0, 3], "{}\n{}", said(&first), said(&second));
    assert_eq!(releases.image("api").await?, PREVIOUS);
    assert_eq!(releases.record("api").await?["result"], "done");
    Ok(())
}

/// The second on-caller would go further back, or be turned away without knowing how it went.
#[tokio::test]
async fn a_second_rollback_joins_the_one_under_way() -> Result<()> {
    let releases = deployed("ecr-race-join", Behavior::Ready).await?;
    let first = releases.stopped_at(WORDS, is_image_patch, When::After).await?;
    let second = releases.stopped_at("deploy/api --yes --again -ojson", is_result_note, When::Before).await?;
    let third = releases.run("deploy/api --yes --if-running=1.0.6 -ojson").await?.ends(0)?;
    assert_eq!(third.json()?["workloads"][0]["attached"], true, "{}", said(&third));
    let second = go_on(second).await?.ends(0)?;
    assert_eq!(second.json()?["workloads"][0]["attached"], true, "{}", said(&second));
    releases.run("deploy/api --yes --if-running=1.0.6").await?.ends(0)?.tells("nothing to do")?;
    go_on(first).await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    assert_eq!(releases.record("api").await?["result"], "done");
    Ok(())
}

/// A person who steps in by hand while a rollback is watched would have it written over, or be
/// told that the rollback is done.
#[tokio::test]
async fn who_steps_in_while_it_is_watched_is_left_alone() -> Result<()> {
    for by_undo in [false, true] {
        let releases = deployed("ecr-race-watch", Behavior::NeverReady).await?;
        let run = releases.stopped_at(WORDS, is_image_patch, When::After).await?;
        // `rollout undo` needs the controller to have seen the new template.
        releases.ns.wait_for::<Deployment>("api", "it is seen", LIMIT, is_observed).await?;
        let image = if by_undo {
            let kubectl = e2e::common::run::admin(&releases.ns);
            kubectl.must(&["rollout", "undo", "deployment/api"]).await?;
            NEWEST
        } else {
            releases.set_image("api", "1.0.2").await?;
            "1.0.2"
        };
        let output = go_on(run).await?.ends(3)?.tells("someone else")?;
        ensure!(releases.image("api").await? == image, "{}", said(&output));
    }
    Ok(())
}

/// The rollout of a namesake would be called that of the rollback, or be taken back.
#[tokio::test]
async fn a_namesake_that_was_made_meanwhile_is_nobodys_rollback() -> Result<()> {
    let releases = deployed("ecr-race-anew", Behavior::Ready).await?;
    let run = releases.stopped_at(WORDS, is_image_patch, When::After).await?;
    let kubectl = e2e::common::run::admin(&releases.ns);
    kubectl.must(&["delete", "deployment/api"]).await?;
    let image = releases.repository.image(PREVIOUS);
    releases.deploy(&Workload::new("api", &image).replicas(1).without_pre_stop()).await?;
    let before = releases.written("api").await?;
    go_on(run).await?.ends(3)?.tells("made again")?;
    assert_eq!(releases.written("api").await?, before);
    Ok(())
}

fn is_observed(deployment: &Deployment) -> bool {
    let status = deployment.status.as_ref();
    status.and_then(|s| s.observed_generation) == deployment.metadata.generation
        && status.and_then(|s| s.updated_replicas).is_some_and(|updated| updated > 0)
}

/// The fix that somebody deploys while a bad rollback is being taken back would be lost.
#[tokio::test]
async fn a_fix_is_not_lost_to_the_take_back() -> Result<()> {
    let releases = deployed("ecr-race-back", Behavior::NeverReady).await?;
    let words = "deploy/api --yes --timeout=9s -ojson";
    let run = releases.stopped_at(words, is_take_back, When::Before).await?;
    releases.set_image("api", "1.0.2").await?;
    go_on(run).await?.ends(3)?;
    assert_eq!(releases.image("api").await?, "1.0.2");
    Ok(())
}

/// "rolled back to 1.0.4", while pods run what somebody has pushed under that tag after the plan was read.
#[tokio::test]
async fn a_tag_that_is_pushed_again_before_pods_pull_it_is_not_done() -> Result<()> {
    let releases = deployed("ecr-race-tag", Behavior::Ready).await?;
    let run = releases.stopped_at(WORDS, is_image_patch, When::Before).await?;
    let pushed = push_on(&releases.repository, 28, Image::new(PREVIOUS)).await?;
    let output = go_on(run).await?.ends(1)?;
    let document = output.json()?;
    assert_eq!(document["reason"], "OtherImage", "{}", said(&output));
    let planned = document["workloads"][0]["toDigest"].as_str().context("no digest")?.to_owned();
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains(&planned[..19]) && message.contains(&pushed[..19]), "{}", said(&output));
    // What is printed leads to what was shown.
    paste(&releases.ns, document["next"].as_str().context("no next")?).await?.ends(0)?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    let again = releases.ns.kubectl(&["get", "pods", "-lapp=api", "-ojsonpath={..imageID}"]).await?.ends(0)?.stdout;
    ensure!(again.contains(&planned), "{again}");
    Ok(())
}

/// A good release would be called bad, and passed over for good, for what a colleague changed beside it.
#[tokio::test]
async fn what_somebody_else_breaks_meanwhile_is_no_failure_of_the_image() -> Result<()> {
    let releases = deployed("ecr-race-template", Behavior::Ready).await?;
    let run = releases.stopped_at(WORDS, is_image_patch, When::After).await?;
    let broken = json!({"spec": {"template": {"metadata": {"annotations": {BEHAVIOR: "crash-loop"}}}}});
    releases.ns.patch::<Deployment>("api", broken).await?;
    let output = go_on(run).await?.ends(3)?;
    assert_eq!(releases.image("api").await?, PREVIOUS, "{}", said(&output));
    let record = releases.written("api").await?.record.context("no record")?;
    ensure!(!record.contains("failure"), "{record}");
    Ok(())
}
