//! `unpin` to a tag that is still on what a rollback left, or on what is no better.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, finding};
use e2e::ecr::case::Case;
use lab::fixtures::Behavior;
use lab::registry::Image;

/// A person would be back on the image that crashes, and be told that it is unpinned.
#[tokio::test]
async fn a_tag_that_nobody_pushed_since_is_not_gone_back_to_unasked() -> Result<()> {
    let case = Case::new("unpin-left").await?;
    case.push_on(1, Image::new("latest")).await?;
    case.deploy(&["latest"]).await?;
    let bad = case.push_on(2, Image::new("latest").behavior(Behavior::CrashLoop)).await?;
    case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
    let back = case.back("").await?.ends(0)?;
    back.tells("pinned to the digest")?;
    let refused = case.ecr("unpin deploy/api --yes -ojson").await?.ends(1)?.json()?;
    let told = finding(&refused, "nothing-pushed").context("nothing is said")?;
    assert_eq!(told["severity"], "block");
    let message = told["message"].to_string();
    ensure!(message.contains("latest is still on sha256:") && message.contains("nothing was pushed since"), "{told}");
    case.ecr("unpin deploy/api --yes --dry-run --force=nothing-pushed").await?.ends(0)?;
    // Something new under the tag is what is waited for.
    let mended = case.push_on(3, Image::new("latest")).await?;
    ensure!(mended != bad);
    case.ecr("unpin deploy/api --yes").await?.ends(0)?.tells("unpinned to api:latest")?;
    Ok(())
}

/// `latest` on three days; the last is gone back from. Gives the digests, oldest first.
async fn gone_back(test: &str) -> Result<(Case, Vec<String>)> {
    let case = Case::new(test).await?;
    let mut digests = Vec::new();
    for day in 1..=3 {
        digests.push(case.push_on(day, Image::new("latest")).await?);
        if day == 1 {
            case.deploy(&["latest"]).await?;
        } else {
            case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
            case.ns.rolled_out("deployment/api", LIMIT).await?;
        }
    }
    case.back("").await?.ends(0)?;
    case.runs(&digests[1]).await?;
    Ok((case, digests))
}

/// A job would put an image live that is older than the one that runs, and say that it is unpinned.
#[tokio::test]
async fn a_tag_that_was_moved_back_is_not_followed_unasked() -> Result<()> {
    let (case, digests) = gone_back("unpin-older").await?;
    case.repository.tag(&digests[0], "latest").await?;
    let refused = case.ecr("unpin deploy/api --yes -ojson").await?.ends(1)?.json()?;
    let told = finding(&refused, "nothing-pushed").context("nothing is said")?;
    ensure!(told["severity"] == "block" && told["message"].to_string().contains("it was moved back"), "{told}");
    // On the very image that runs nothing changes.
    case.repository.tag(&digests[1], "latest").await?;
    case.ecr("unpin deploy/api --yes").await?.ends(0)?;
    case.runs(&digests[1]).await
}

/// Pods of a chart never start, and the rollback would be undone for nothing.
#[tokio::test]
async fn a_tag_on_what_is_no_image_is_not_followed() -> Result<()> {
    let (case, digests) = gone_back("unpin-chart").await?;
    for image in [Image::chart("latest"), Image::provenance().tag("latest")] {
        case.push_on(4, image).await?;
        let refused = case.ecr("unpin deploy/api --yes -ojson").await?.ends(1)?.json()?;
        assert_eq!(refused["reason"], "NotDeployable", "{refused:#}");
        case.runs(&digests[1]).await?;
    }
    Ok(())
}
