//! Images of several platforms, of which the nodes' own may not be one.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, finding};
use e2e::ecr::case::Case;
use lab::registry::Image;

/// A release that was pushed from a laptop of another platform would be gone back to at night, and no pod of it start.
#[tokio::test]
async fn an_image_that_no_node_can_start_is_not_gone_to() -> Result<()> {
    let case = Case::new("platform").await?;
    case.push_on(1, Image::index("1.0.0", &["amd64", "arm64"])).await?;
    case.push_on(2, Image::index("1.0.1", &["s390x"])).await?;
    case.push_on(3, Image::index("1.0.2", &["amd64", "arm64"])).await?;
    case.deploy(&["1.0.2"]).await?;
    let refused = case.back("-ojson").await?.ends(1)?.json()?;
    let told = finding(&refused, "platform-missing").context("nothing is said")?;
    let message = told["message"].to_string();
    ensure!(told["severity"] == "block" && message.contains("built for linux/s390x"), "{told}");
    case.back("--force=platform-missing --dry-run").await?.ends(0)?;
    let past = case.back("--to-tag=1.0.0 --dry-run -ojson").await?.ends(0)?.json()?;
    ensure!(finding(&past, "platform-missing").is_none(), "{past:#}");
    Ok(())
}

/// The rollback would be undone at night for pods of which none starts.
#[tokio::test]
async fn a_tag_on_what_no_node_can_start_is_not_followed() -> Result<()> {
    let case = Case::new("unpin-platform").await?;
    let mut digests = Vec::new();
    for day in 1..=2 {
        digests.push(case.push_on(day, Image::index("latest", &["amd64", "arm64"])).await?);
        if day == 1 {
            case.deploy(&["latest"]).await?;
        } else {
            case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
            case.ns.rolled_out("deployment/api", LIMIT).await?;
        }
    }
    case.back("").await?.ends(0)?;
    case.push_on(3, Image::index("latest", &["s390x"])).await?;
    let refused = case.ecr("unpin deploy/api --yes -ojson").await?.ends(1)?.json()?;
    let told = finding(&refused, "platform-missing").context("nothing is said")?;
    ensure!(told["severity"] == "block", "{told}");
    case.runs(&digests[0]).await?;
    case.push_on(4, Image::index("latest", &["amd64", "arm64"])).await?;
    let passes = case.ecr("unpin deploy/api --yes --dry-run -ojson").await?.ends(0)?.json()?;
    ensure!(finding(&passes, "platform-missing").is_none(), "{passes:#}");
    Ok(())
}
