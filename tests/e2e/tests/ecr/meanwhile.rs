//! What happens while a person thinks about the question: the answer is to what was shown, and to nothing else.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::common::terminal::while_asked;
use e2e::ecr::case::{Case, RELEASES};
use lab::Output;
use lab::registry::Image;

const AGREE: &str = "[y/N]";

/// Answers yes, once that has happened.
async fn asked(case: &Case, flags: &str, meanwhile: impl AsyncFnOnce() -> Result<()>) -> Result<Output> {
    let words = format!("ecr-rollback {} {flags}", case.resource());
    while_asked(&case.ns, &words, (AGREE, "y"), meanwhile).await
}

/// Pods would be told to pull what is gone.
#[tokio::test]
async fn an_image_that_is_gone_by_the_time_of_the_answer_is_not_written() -> Result<()> {
    let case = Case::new("asked-gone").await?;
    let digests = case.push(&["1.0.4", "1.0.5"]).await?;
    case.deploy(&["1.0.5"]).await?;
    let before = case.written().await?;
    let gone = async || case.repository.delete(&digests[0]).await;
    let output = asked(&case, "--to-tag 1.0.4", gone).await?.ends(3)?;
    ensure!(output.stdout.contains("not in the repository any more"), "{}", said(&output));
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// Another image would run than the one that was shown, under its name.
#[tokio::test]
async fn a_tag_that_was_moved_by_the_time_of_the_answer_is_not_written() -> Result<()> {
    let case = Case::new("asked-moved").await?;
    case.push(&["1.0.4", "1.0.5"]).await?;
    case.deploy(&["1.0.5"]).await?;
    let before = case.written().await?;
    let moved = async || case.push_on(9, Image::new("1.0.4")).await.map(drop);
    let output = asked(&case, "--to-tag 1.0.4", moved).await?.ends(3)?;
    ensure!(output.stdout.contains("1.0.4 is on sha256:"), "{}", said(&output));
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// The image would be written, and nothing roll out.
#[tokio::test]
async fn what_blocks_by_the_time_of_the_answer_blocks() -> Result<()> {
    let case = Case::released("asked-paused").await?;
    let pause = async || case.kubectl(&["rollout", "pause", "deployment/api"]).await.map(drop);
    let output = asked(&case, "--to-tag latest-release-1.0.3", pause).await?.ends(3)?;
    ensure!(output.stdout.contains("paused"), "{}", said(&output));
    case.asks_for(RELEASES[5]).await
}

/// The fix that a colleague deployed meanwhile would be undone by somebody who never saw it.
#[tokio::test]
async fn an_image_that_was_deployed_by_the_time_of_the_answer_stays() -> Result<()> {
    let case = Case::released("asked-deployed").await?;
    let output = asked(&case, "--to-tag latest-release-1.0.3", async || case.set_image(RELEASES[4]).await).await?;
    let output = output.ends(3)?;
    ensure!(output.stdout.contains("by someone else"), "{}", said(&output));
    case.asks_for(RELEASES[4]).await
}

/// A namesake has nothing of what was shown but its name.
#[tokio::test]
async fn a_workload_that_was_made_anew_by_the_time_of_the_answer_stays_as_it_is() -> Result<()> {
    let case = Case::released("asked-anew").await?;
    let anew = async || {
        case.kubectl(&["delete", "deployment/api"]).await?;
        case.deploy(&[RELEASES[5]]).await
    };
    let output = asked(&case, "--to-tag latest-release-1.0.3", anew).await?.ends(3)?;
    ensure!(output.stdout.contains("made again"), "{}", said(&output));
    case.asks_for(RELEASES[5]).await
}

/// `unpin` shows which image its tag is on, and another one would start.
#[tokio::test]
async fn a_tag_that_moves_while_unpin_is_asked_is_not_gone_back_to() -> Result<()> {
    let case = Case::new("asked-unpin").await?;
    case.push(&["latest"]).await?;
    case.deploy(&["latest"]).await?;
    let newer = case.push_on(3, Image::new("latest")).await?;
    case.release(&newer).await?;
    case.release("latest").await?;
    case.back("--pin-digest").await?.ends(0)?;
    let before = case.written().await?;
    let words = format!("ecr-rollback unpin {}", case.resource());
    let moved = async || case.push_on(5, Image::new("latest")).await.map(drop);
    while_asked(&case.ns, &words, (AGREE, "y"), moved).await?.ends(3)?;
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// In an outage everything writes to a Deployment, and each write would stop the way back.
#[tokio::test]
async fn notes_and_sizes_of_others_are_no_reason_to_stop() -> Result<()> {
    let case = Case::released("asked-noted").await?;
    let noted = async || {
        case.kubectl(&["annotate", "deployment/api", "example.com/note=looking"]).await?;
        case.kubectl(&["scale", "deployment/api", "--replicas=3"]).await.map(drop)
    };
    asked(&case, "--to-tag latest-release-1.0.3", noted).await?.ends(0)?;
    case.asks_for(RELEASES[3]).await
}
