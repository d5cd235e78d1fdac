//! What others do while a hook runs.

use super::*;

const SLOW: Duration = Duration::from_secs(6);

async fn slow(test: &str) -> Result<Namespace> {
    with_jobs(test, &[Job::new("slow").ends_after(SLOW)]).await
}

async fn is_running(ns: &Namespace) -> Result<()> {
    eventually("the Job is there", LIMIT, || async { Ok((!jobs(ns).await?.is_empty()).then_some(())) }).await
}

/// "switched", while a colleague's rollback is what users have (argo-rollouts#3724 is an analysis that ends early).
#[tokio::test]
async fn a_rollback_while_the_last_hook_runs_is_seen() -> Result<()> {
    let ns = slow("hooks-overtaken").await?;
    let running = start(&ns, &format!("{TO_GREEN} --after-switch=cronjob/slow"))?;
    is_running(&ns).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    running.wait(LIMIT).await?.ends(3)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Users would stay on a color that lost its pods while the last hook ran.
#[tokio::test]
async fn a_color_that_goes_down_while_the_last_hook_runs_is_left() -> Result<()> {
    let ns = slow("hooks-emptied").await?;
    let running = start(&ns, &format!("{TO_GREEN} --after-switch=cronjob/slow"))?;
    is_running(&ns).await?;
    ns.kubectl(&["scale", "deployment", "api-green", "--replicas=0"]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// The color that a colleague has just put live would be overwritten (flagger#550 is a change while a hook runs).
#[tokio::test]
async fn a_color_that_became_live_while_a_migration_ran_is_not_overwritten() -> Result<()> {
    let ns = slow("hooks-live").await?;
    let before = image(&ns, "api-green").await?;
    let running = start(&ns, &format!("{NEXT} --migrate=cronjob/slow"))?;
    is_running(&ns).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    running.wait(LIMIT).await?.ends(3)?;
    assert_eq!((image(&ns, "api-green").await?, active(&ns, "api").await?), (before, "green".to_owned()));
    Ok(())
}

/// Somebody tried the color and went back from it: a job that only waited would put it live again, without a word.
#[tokio::test]
async fn what_somebody_went_back_from_meanwhile_is_not_gone_to() -> Result<()> {
    let ns = slow("hooks-aba").await?;
    let running = start(&ns, &format!("{TO_GREEN} --before-switch=cronjob/slow"))?;
    is_running(&ns).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes --reason carts-are-lost").await?.ends(0)?;
    running.wait(LIMIT).await?.ends(3)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
