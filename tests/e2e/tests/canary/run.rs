//! Whole releases.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::canary::stage::{BREAKS, CRASHES, GOOD, NEVER_READY, SERVES, Stage};
use e2e::canary::watched::watched;
use e2e::common::run::{Ended, said};
use serde_json::json;

/// Users would be served by fewer pods than before, or more of them by an untested version than was asked for.
#[tokio::test]
async fn a_good_version_goes_through_its_shares_and_is_promoted() -> Result<()> {
    let stage = Stage::of("canary-whole", 10).await?;
    let image = stage.repository.image(GOOD);
    let words = format!(
        "run deploy/api --image api={image} --router replicas --steps 10,20,50,100 --pause 4m --time-scale 120 --yes -ojson"
    );
    let (output, seen) = watched(&stage, stage.canary(&words)).await?;
    let document = output.ends(0)?.json()?;
    stage.is_alone(GOOD).await?;
    let weights: Vec<_> =
        document["release"]["weights"].as_array().into_iter().flatten().map(|w| &w["weight"]).collect();
    assert_eq!(json!(weights), json!([10, 20, 50, 100]));
    assert_eq!((&document["release"]["phase"], &document["release"]["result"]), (&json!("over"), &json!("done")));
    let (least, most) = (seen.iter().map(|now| now.all).min(), seen.iter().map(|now| now.all).max());
    ensure!(least == Some(10), "{least:?} pods served at the least: {seen:?}");
    ensure!(most <= Some(13), "{most:?} pods served at the most: {seen:?}");
    for canary in [1, 2, 5, 10] {
        ensure!(seen.iter().any(|now| now.canary == canary && now.all == 10), "never {canary} of 10: {seen:?}");
    }
    assert_eq!(stage.record().await?["result"], "done");
    let history = stage.canary("history api").await?.ends(0)?;
    ensure!(history.stdout.contains("done") && history.stdout.contains(GOOD), "{}", said(&history));
    Ok(())
}

/// A version that can't even start would keep its share of users until somebody looks.
#[tokio::test]
async fn a_version_that_crashes_is_taken_back_by_itself() -> Result<()> {
    let stage = Stage::of("canary-crash", 4).await?;
    let (output, seen) = watched(&stage, stage.canary(&stage.release("run", CRASHES))).await?;
    let output = output.ends(5)?;
    ensure!(output.stderr.contains("CrashLoopBackOff"), "{}", said(&output));
    stage.is_alone(SERVES).await?;
    ensure!(seen.iter().all(|now| now.all >= 4 && now.canary == 0), "{seen:?}");
    assert_eq!(stage.record().await?["result"], "rolled back");
    Ok(())
}

/// The same of one that starts and never gets ready, which its Deployment waits for for ten minutes.
#[tokio::test]
async fn a_version_that_is_never_ready_is_taken_back_once_time_is_over() -> Result<()> {
    let stage = Stage::of("canary-unready", 4).await?;
    stage.canary(&format!("{} --timeout 3s", stage.release("run", NEVER_READY))).await?.ends(5)?;
    stage.is_alone(SERVES).await
}

/// argo-rollouts#4839: it would wait in silence; going back would leave nobody to serve.
#[tokio::test]
async fn a_stable_version_that_breaks_in_the_middle_is_told_and_the_canary_serves() -> Result<()> {
    let stage = Stage::of("canary-breaks", 2).await?;
    let image = stage.repository.image(GOOD);
    stage.kubectl(&format!("set image deploy/api api={}", stage.repository.image(BREAKS))).await?;
    stage.ns.rolled_out("deployment/api", LIMIT).await?;
    stage.serve(2).await?;
    let plan = "--router replicas --steps 50,100 --pause 1000m --time-scale 10 --yes";
    let ended = stage.canary(&format!("run api --image api={image} {plan}")).await?.ends(1)?;
    ended.tells("OOMKilled")?.tells("promote deploy/api")?;
    stage.serve(1).await?;
    stage.canary("promote api --full --yes").await?.ends(0)?;
    stage.canary("run api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await
}

/// argo-rollouts#4461: a person who takes it back would wait for what never comes.
#[tokio::test]
async fn an_abort_is_heard_while_a_promotion_waits_for_a_canary_that_is_never_ready() -> Result<()> {
    let stage = Stage::of("canary-waits", 4).await?;
    let image = stage.repository.image(NEVER_READY);
    let words =
        format!("run api --image api={image} --router replicas --steps 50,100 --pause 1m --time-scale 60 --yes");
    let running = stage.start(&words)?;
    stage.until("it has begun", |record| record["state"]["at"] == 0).await?;
    stage.canary("promote api --full --yes").await?.ends(0)?;
    stage.canary("abort api --yes").await?.ends(0)?;
    running.wait(LIMIT).await?.ends(1)?;
    stage.is_alone(SERVES).await
}

/// A pipeline would think that something was released.
#[tokio::test]
async fn a_dry_run_writes_nothing() -> Result<()> {
    let stage = Stage::of("canary-dry", 4).await?;
    for mode in ["client", "server"] {
        stage.canary(&format!("{} --dry-run={mode}", stage.release("run", GOOD))).await?.ends(0)?;
        stage.is_alone(SERVES).await?;
        assert!(stage.record().await?.is_null(), "{mode}");
        assert!(stage.kubectl("get lease -oname").await?.is_empty(), "{mode}");
    }
    let refused = stage.canary(&stage.release("run", GOOD).replace(" --yes", "")).await?;
    refused.ends(6)?;
    assert!(stage.record().await?.is_null());
    Ok(())
}

/// Whoever releases by hand wants the first share, looks, and goes on later, from another machine.
#[tokio::test]
async fn a_release_is_started_and_gone_on_with_by_somebody_else() -> Result<()> {
    let stage = Stage::of("canary-start", 4).await?;
    let image = stage.repository.image(GOOD);
    let plan = format!("--image api={image} --router replicas --steps 25,50,100 --pause 100m --time-scale 6000 --yes");
    stage.canary(&format!("start api {plan}")).await?.ends(0)?;
    let status = stage.status().await?;
    assert_eq!((&status["canary"]["serving"], &status["stable"]["serving"]), (&json!(1), &json!(3)));
    // No word of the plan: it is in the record.
    stage.canary("run api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await?;
    stage.canary("run api --yes").await?.ends(1)?.tells("no release")?;
    Ok(())
}

/// Without pauses the plan's next share would come at once, and all of it be promoted.
#[tokio::test]
async fn a_share_by_hand_holds_in_a_plan_without_pauses() -> Result<()> {
    let stage = Stage::of("canary-hand", 4).await?;
    let image = stage.repository.image(GOOD);
    let words = format!("start api --image api={image} --router replicas --steps 50,100 --yes -ojson");
    let begun = stage.canary(&words).await?.ends(0)?.json()?;
    assert_eq!(begun["release"]["weights"][0]["weight"], 50, "{begun:#}");
    stage.canary("set-weight api 25 --yes").await?.ends(0)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 3, Some(1)));
    stage.canary("run api --yes").await?.ends(6)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 3, Some(1)));
    stage.canary("promote api --yes").await?.ends(0)?;
    stage.canary("run api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await
}

/// A pipeline that somebody paused would run for ever.
#[tokio::test]
async fn a_release_that_stays_paused_ends_a_run_without_a_terminal() -> Result<()> {
    let stage = Stage::of("canary-paused", 4).await?;
    let image = stage.repository.image(GOOD);
    let words = format!("start api --image api={image} --router replicas --steps 50,100 --pause 1h --yes");
    stage.canary(&words).await?.ends(0)?;
    stage.canary("pause api --yes").await?.ends(0)?;
    let paused = stage.canary("run api --yes --timeout 3s -ojson").await?.ends(6)?.json()?;
    ensure!(paused["next"].as_str().is_some_and(|next| next.contains("resume")), "{paused:#}");
    stage.canary("abort api --yes").await?.ends(0)?;
    stage.is_alone(SERVES).await
}

/// A share that is held by hand has no end by itself.
#[tokio::test]
async fn a_share_by_hand_holds_until_somebody_says_more() -> Result<()> {
    let stage = Stage::of("canary-weight", 4).await?;
    let image = stage.repository.image(GOOD);
    stage.canary(&format!("set-weight api 25 --image api={image} --router replicas --yes")).await?.ends(0)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 3, Some(1)));
    stage.canary("set-weight api 10 --yes").await?.ends(1)?;
    stage.canary("set-weight api 50 --yes").await?.ends(0)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 2, Some(2)));
    stage.canary("set-weight api 25 --yes").await?.ends(0)?;
    assert_eq!(stage.stands().await?, (SERVES.to_owned(), 3, Some(1)));
    stage.canary("run api --yes").await?.ends(6)?;
    stage.canary("promote api --full --yes").await?.ends(0)?;
    stage.canary("run api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await?;
    stage.ns.rolled_out("deployment/api", LIMIT).await
}
