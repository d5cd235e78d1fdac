//! Rights: the documented Roles are enough.

use anyhow::Result;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::permissions::bound_to;
use e2e::common::run::Ended;
use lab::Identity;

async fn run_as(stage: &Stage, user: &Identity, words: &str) -> Result<lab::Output> {
    stage.start_through(&user.kubeconfig, words)?.wait(e2e::LIMIT).await
}

/// A pipeline with the documented Role would stop halfway.
#[tokio::test]
async fn the_documented_roles_are_enough() -> Result<()> {
    let stage = Stage::of("canary-role", 2).await?;
    let (reader, writer) = (bound_to(&stage.ns, "canary-read").await?, bound_to(&stage.ns, "canary").await?);
    let plan = stage.release("plan", GOOD).replace(" --yes", "");
    run_as(&stage, &reader, &plan).await?.ends(0)?;
    run_as(&stage, &reader, &stage.release("run", GOOD)).await?.ends(1)?;
    assert!(stage.record().await?.is_null());
    run_as(&stage, &writer, &format!("{} --strict", stage.release("run", GOOD))).await?.ends(0)?;
    stage.is_alone(GOOD).await?;
    assert_eq!(stage.record().await?["by"], writer.user);
    run_as(&stage, &reader, "status api").await?.ends(0)?;
    run_as(&stage, &reader, "history api").await?.ends(0)?;
    let image = stage.repository.image(SERVES);
    let weight = format!("set-weight api 50 --image {image} --router replicas --yes");
    run_as(&stage, &writer, &weight).await?.ends(0)?;
    run_as(&stage, &writer, "abort api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await
}
