//! What is so: status, history, preflight.

use anyhow::Result;
use e2e::bluegreen::run::bluegreen_as;
use e2e::common::run::Ended;
use lab::fixtures::budget;
use serde_json::json;

use super::{LOOKS, ci_bot, settled, shop};

/// Which color has the traffic, and the way back, must be seen in a second.
#[tokio::test]
async fn status_before_after_and_cleaned_up() -> Result<()> {
    let ns = shop(3, 3).await?;
    let user = ci_bot(&ns).await?;
    LOOKS.see(&user, "status_idle", "status api").await?;
    bluegreen_as(&user, "switch api --to green --yes --verify-for=0 --reason release-42").await?.ends(0)?;
    LOOKS.see(&user, "status_warm", "status api").await?;
    LOOKS.see(&user, "status_all", "status").await?;
    LOOKS.see(&user, "cleanup_too_early", "cleanup api --yes").await?;
    LOOKS.see(&user, "cleanup_plan", "cleanup api --before-due --dry-run").await?;
    bluegreen_as(&user, "cleanup api --before-due --yes").await?.ends(0)?;
    settled(&ns, "blue").await?;
    LOOKS.see(&user, "status_after_cleanup", "status api").await?;
    bluegreen_as(&user, "rollback api --yes").await?.ends(0)?;
    LOOKS.see(&user, "status_rolled_back", "status api").await?;
    LOOKS.see(&user, "rollback_second_time", "rollback api --yes").await?;
    LOOKS.see(&user, "history", "history api").await
}

/// Findings must say what is wrong, with numbers, and what to do.
#[tokio::test]
async fn preflight_with_and_without_findings() -> Result<()> {
    let ns = shop(3, 3).await?;
    let user = ci_bot(&ns).await?;
    LOOKS.see(&user, "preflight_clean", "preflight api").await?;
    ns.apply(&budget("api-pdb", &json!({"app": "api"}), 1)).await?;
    ns.annotate::<k8s_openapi::api::core::v1::Service>("api", "meta.helm.sh/release-name", Some("shop")).await?;
    LOOKS.see(&user, "preflight_findings", "preflight api --min-ready 4").await
}
