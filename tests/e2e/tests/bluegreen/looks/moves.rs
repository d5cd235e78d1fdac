//! What happens: switches, refusals, and what is taken back.

use anyhow::Result;
use e2e::bluegreen::app::api;
use e2e::bluegreen::run::bluegreen_as;
use e2e::common::permissions::documented;
use e2e::common::pods::{all_waiting, annotate_pods};
use e2e::common::run::Ended;
use lab::fixtures::budget;
use serde_json::json;

use super::{LOOKS, ci_bot, shop, with_role};

/// The plan is what a person agrees to.
#[tokio::test]
async fn a_switch_and_a_rollback() -> Result<()> {
    let ns = shop(3, 3).await?;
    let user = ci_bot(&ns).await?;
    LOOKS.see(&user, "switch_plan", "switch api --to green --dry-run").await?;
    LOOKS.see(&user, "switch", "switch api --to green --yes --verify-for=1s --reason release-42").await?;
    LOOKS.see(&user, "switch_again", "switch api --to green --yes").await?;
    LOOKS.see(&user, "rollback", "rollback api --yes").await
}

/// What is written, what follows, and what ends with it: a person agrees to all of it at once.
#[tokio::test]
async fn a_deploy() -> Result<()> {
    let ns = shop(3, 1).await?;
    let user = with_role(&ns, &documented("bluegreen-deploy")?).await?;
    let words = |tag: &str| format!("deploy api --image app=registry.example.com/api:{tag}");
    LOOKS.see(&user, "deploy_plan", &format!("{} --dry-run", words("1.6.0"))).await?;
    LOOKS.see(&user, "deploy", &format!("{} --yes --verify-for=1s", words("1.6.0"))).await?;
    LOOKS.see(&user, "deploy_again", &format!("{} --yes", words("1.6.0"))).await?;
    LOOKS.see(&user, "deploy_next_plan", &format!("{} --dry-run", words("1.7.0"))).await?;
    // Its pods are told of for as long as they are there.
    ns.kubectl(&["delete", "deployment", "api-blue", "--cascade=foreground"]).await?.ends(0)?;
    LOOKS.see(&user, "deploy_new_plan", &format!("{} --dry-run --no-switch", words("1.7.0"))).await?;
    LOOKS.see(&user, "error_no_container", "deploy api --image ap=registry.example.com/api:1.7.0 --yes").await
}

/// A refusal shows everything that is in the way at once, and the command that gets past it.
#[tokio::test]
async fn a_refused_switch() -> Result<()> {
    let ns = shop(6, 2).await?;
    let mut twin = api().service("blue");
    twin["metadata"]["name"] = json!("api-headless");
    ns.apply(&twin).await?;
    ns.apply(&budget("api-pdb", &json!({"app": "api"}), 3)).await?;
    let blind = documented("bluegreen")?.replace("resources: [horizontalpodautoscalers]", "resources: [none]");
    let user = with_role(&ns, &blind).await?;
    LOOKS.see(&user, "switch_refused", "switch api --to green --yes").await
}

/// At three in the morning, the log of the job is all that there is.
#[tokio::test]
async fn a_switch_that_is_taken_back() -> Result<()> {
    let ns = shop(3, 3).await?;
    let user = ci_bot(&ns).await?;
    let running = user.start(&["bluegreen", "switch", "api", "--to=green", "--yes", "--verify-for=80s"])?;
    bluegreen_as(&user, "status api --wait-for active=green").await?.ends(0)?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "out-of-memory")]).await?;
    all_waiting(&ns, "version=green", "CrashLoopBackOff").await?;
    let output = running.wait(e2e::LIMIT).await?;
    LOOKS.compare("switch_taken_back", &output);
    LOOKS.see(&user, "status_taken_back", "status api").await?;
    LOOKS.see(&user, "history_taken_back", "history api").await
}

/// A rollback to a color that was scaled down shows what it waits for.
#[tokio::test]
async fn a_cold_rollback_plan() -> Result<()> {
    let ns = shop(2, 2).await?;
    let user = ci_bot(&ns).await?;
    bluegreen_as(&user, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen_as(&user, "cleanup api --yes").await?.ends(0)?;
    LOOKS.see(&user, "rollback_cold_plan", "rollback api --dry-run").await
}
