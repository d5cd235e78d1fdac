//! Going back from a rollback: to what ran, whatever its tag means by then.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use lab::eventually;
use lab::fixtures::Behavior;
use lab::registry::Image;
use serde_json::json;

/// Two images of a tag, of which the second runs; what it goes back to behaves like this. Gives their digests.
async fn on_the_second(test: &str, tag: &str, before: Behavior) -> Result<(Case, [String; 2])> {
    let case = Case::new(test).await?;
    let first = case.push_on(1, Image::new(tag).tag("1.0.1").behavior(before)).await?;
    let second = case.push_on(2, Image::new(tag).tag("1.0.2")).await?;
    case.apply(&case.app(tag).probed_every(1)).await?;
    case.runs(&second).await?;
    Ok((case, [first, second]))
}

async fn paste(case: &Case, command: &str) -> Result<()> {
    let words: Vec<&str> = command.split_whitespace().skip(1).collect();
    case.ns.kubectl(&words).await?.ends(0)?;
    case.ns.rolled_out("deployment/api", LIMIT).await
}

/// The undo that was printed would deploy what never ran, in the middle of an outage.
#[tokio::test]
async fn the_printed_undo_goes_to_what_ran() -> Result<()> {
    for (test, tag, moves_before) in [("undo-moved", "latest", true), ("undo-moves", "latest", false)] {
        let (case, [_, ran]) = on_the_second(test, tag, Behavior::Ready).await?;
        if moves_before {
            case.push_on(3, Image::new(tag)).await?;
        }
        let back = case.back("-ojson").await?.ends(0)?.json()?;
        let undo = back["workloads"][0]["undo"].as_str().context("no undo")?.to_owned();
        if !moves_before {
            case.push_on(3, Image::new(tag)).await?;
        }
        paste(&case, &undo).await?;
        case.runs(&ran).await?;
        case.asks_for(&ran).await?;
        // It is pinned by then, and its tag is known still.
        case.ecr("unpin deploy/api --yes").await?.ends(0)?.tells("unpinned to api:latest")?;
        case.asks_for("latest").await?;
    }
    Ok(())
}

/// A release that was pushed over is no other than `latest`; one that wasn't goes by its tag as ever.
#[tokio::test]
async fn a_tag_that_stays_is_gone_back_to_by_itself() -> Result<()> {
    let case = Case::new("undo-release").await?;
    let digests = case.push(&["1.0.4", "1.0.5"]).await?;
    case.deploy(&["1.0.5"]).await?;
    let plan = case.plan("").await?;
    ensure!(plan["workloads"][0]["undo"].as_str().is_some_and(|undo| undo.contains(":1.0.5 ")), "{plan:#}");
    case.push_on(9, Image::new("1.0.5")).await?;
    let plan = case.plan("").await?;
    let by_digest = case.repository.image(&digests[1]);
    ensure!(plan["workloads"][0]["undo"].as_str().is_some_and(|undo| undo.contains(&by_digest)), "{plan:#}");
    Ok(())
}

/// A release that is pushed again while its rollback fails would be deployed by the taking back.
#[tokio::test]
async fn what_is_pushed_over_meanwhile_is_not_taken_back_to() -> Result<()> {
    let case = Case::new("taken-back-meanwhile").await?;
    case.push_on(1, Image::new("1.0.4").behavior(Behavior::NeverReady)).await?;
    let ran = case.push_on(2, Image::new("1.0.5")).await?;
    case.apply(&case.app("1.0.5").probed_every(1)).await?;
    let running = case.start_back("--timeout=12s")?;
    eventually("it is written", LIMIT, || async { Ok(case.asks_for("1.0.4").await.ok()) }).await?;
    case.push_on(3, Image::new("1.0.5")).await?;
    running.wait(LIMIT).await?.ends(5)?.tells("taken back")?;
    case.ns.rolled_out("deployment/api", LIMIT).await?;
    case.asks_for(&ran).await?;
    case.runs(&ran).await
}

/// "taken back … as before" would be said of an image that was never deployed.
#[tokio::test]
async fn a_failed_rollback_is_taken_back_to_what_ran() -> Result<()> {
    let (case, [bad, ran]) = on_the_second("taken-back-moved", "latest", Behavior::NeverReady).await?;
    case.push_on(3, Image::new("latest")).await?;
    let failed = case.back("--timeout=9s").await?.ends(5)?.tells("taken back")?;
    ensure!(!failed.stderr.contains("asks for api:latest again"), "{}", said(&failed));
    case.ns.rolled_out("deployment/api", LIMIT).await?;
    assert_eq!(case.running().await?, BTreeSet::from([ran.clone()]));
    case.asks_for(&ran).await?;
    let record = case.record().await?;
    assert_eq!((&record["result"], &record["toDigest"]), (&"rolled back".into(), &bad.as_str().into()));
    // A job that is retried neither tries it again nor goes anywhere else.
    case.back("--timeout=9s").await?.ends(1)?.tells("failed-before")?;
    case.asks_for(&ran).await?;
    // The tag is followed again by whoever wants that.
    case.ecr("unpin deploy/api --yes").await?.ends(0)?.tells("unpinned to api:latest")?;
    Ok(())
}

/// Pasted, the printed undo would lead to pods that nobody can pull.
#[tokio::test]
async fn a_tag_that_is_on_nothing_any_more_is_undone_by_its_digest() -> Result<()> {
    let case = Case::new("undo-untagged").await?;
    case.push_on(1, Image::new("1.0.3")).await?;
    case.push_on(2, Image::new("1.0.4").tag("kept")).await?;
    case.deploy(&["1.0.3", "1.0.4"]).await?;
    let left = case.running().await?.into_iter().next().context("no digest")?;
    case.repository.ask("BatchDeleteImage", json!({"imageIds": [{"imageTag": "1.0.4"}]})).await?;
    let document = case.back("-ojson").await?.ends(0)?.json()?;
    let undo = document["workloads"][0]["undo"].as_str().context("no undo")?;
    ensure!(undo.contains(&format!("@{left}")), "{undo}");
    Ok(())
}
