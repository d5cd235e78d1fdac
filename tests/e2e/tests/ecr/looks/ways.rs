//! The ways back: plans, what happens, and the list of images.

use anyhow::Result;
use e2e::ecr::case::Case;
use e2e::{LIMIT, namespace};
use lab::registry::Image;

use super::{LOOKS, ci_bot, shop};

/// The plan is what a person agrees to, and the log is all that is left at three in the morning.
#[tokio::test]
async fn a_rollback_and_its_history() -> Result<()> {
    let case = shop().await?;
    let user = ci_bot(&case)?;
    let workload = "deployment/ms-account-management";
    LOOKS.see(&user, "plan", &format!("{workload} --dry-run")).await?;
    LOOKS.see(&user, "rollback", &format!("{workload} --yes --reason PROD-4711")).await?;
    case.ns.rolled_out(workload, LIMIT).await?;
    LOOKS.see(&user, "rollback_again", &format!("{workload} --yes")).await?;
    LOOKS.see(&user, "plan_further", &format!("{workload} --again --dry-run")).await?;
    LOOKS.see(&user, "history", &format!("history {workload}")).await
}

/// What a pinned digest means for the next push must be known before it happens.
#[tokio::test]
async fn a_moved_tag_and_the_way_back_to_it() -> Result<()> {
    let case = Case::of("deployment", "api", namespace("shop").await?).await?;
    let user = ci_bot(&case)?;
    for day in 1..=3 {
        let digest = case.push_on(day, Image::new("latest")).await?;
        case.push_on(day, Image::signature_of(&digest)).await?;
        if day == 2 {
            case.deploy(&["latest"]).await?;
        }
    }
    LOOKS.see(&user, "plan_moved", "deploy/api --dry-run").await?;
    LOOKS.see(&user, "history_wide", "history deploy/api -o wide").await?;
    LOOKS.see(&user, "moved", "deploy/api --yes").await?;
    case.ns.rolled_out("deployment/api", LIMIT).await?;
    LOOKS.see(&user, "unpin", "unpin deploy/api --yes").await
}
