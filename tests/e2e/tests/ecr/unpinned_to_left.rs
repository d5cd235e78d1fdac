//! `unpin` to a tag that is still on what a rollback left.

use anyhow::{Context, Result, ensure};
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
