//! Words of a colleague to a release that somebody runs.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::run::{Ended, said};
use lab::Running;
use serde_json::json;

/// Half of the pods, for as long as the test takes.
async fn running(stage: &Stage) -> Result<Running> {
    let image = stage.repository.image(GOOD);
    let words =
        format!("run api --image api={image} --router replicas --steps 50,100 --pause 300m --time-scale 12 --yes");
    let running = stage.start(&words)?;
    stage.until("half of the pods", |record| record["state"]["weights"][0]["weight"] == 50).await?;
    Ok(running)
}

/// Whoever holds a bad release would find that it went on.
#[tokio::test]
async fn pause_resume_and_promote_are_heard_by_whoever_runs_it() -> Result<()> {
    let stage = Stage::of("canary-words", 4).await?;
    let running = running(&stage).await?;
    stage.canary("pause api --yes --reason looking").await?.ends(0)?;
    let status = stage.status().await?;
    assert_eq!((&status["release"]["phase"], &status["runner"]["fresh"]), (&json!("paused"), &json!(true)));
    assert_eq!(status["release"]["word"]["why"], "looking");
    stage.canary("status api --wait-for=paused --timeout 5s").await?.ends(0)?;
    stage.canary("pause api --yes").await?.ends(0)?.tells("already")?;
    stage.canary("resume api --yes").await?.ends(0)?;
    let said = Instant::now();
    stage.canary("promote api --yes").await?.ends(0)?;
    stage.until("it goes on", |record| record["state"]["at"].as_u64() >= Some(2)).await?;
    running.wait(LIMIT).await?.ends(0)?;
    println!("promoted {:?} after the word", said.elapsed());
    stage.is_alone(GOOD).await?;
    stage.canary("status api --wait-for=done --timeout 5s").await?.ends(0)?;
    stage.canary("pause api --yes").await?.ends(1)?;
    Ok(())
}

/// A bad version would go on serving until its pipeline notices.
#[tokio::test]
async fn an_abort_from_elsewhere_takes_it_back_at_once() -> Result<()> {
    let stage = Stage::of("canary-abort", 4).await?;
    let running = running(&stage).await?;
    let began = Instant::now();
    stage.canary("abort api --yes --reason bad").await?.ends(0)?;
    println!("taken back in {:?}", began.elapsed());
    stage.is_alone(SERVES).await?;
    let ended = running.wait(LIMIT).await?;
    ensure!(ended.code == 1 && ended.stderr.contains("bad"), "{}", said(&ended));
    stage.canary("abort api --yes").await?.ends(1)?;
    assert_eq!(stage.record().await?["result"], "rolled back");
    Ok(())
}

/// Two runners would each believe in their own clock.
#[tokio::test]
async fn a_second_runner_is_refused_while_the_first_is_there() -> Result<()> {
    let stage = Stage::of("canary-second", 4).await?;
    let running = running(&stage).await?;
    let second = stage.canary("run api --yes").await?;
    second.ends(3)?.tells("runs this release")?;
    running.kill().await?;
    stage.heartbeat_is_stale().await?;
    assert_eq!(stage.status().await?["runner"]["fresh"], false);
    let third = stage.start("run api --yes")?;
    stage.canary("promote api --full --yes").await?.ends(0)?;
    third.wait(LIMIT).await?.ends(0)?;
    stage.is_alone(GOOD).await
}

/// Whoever presses Ctrl-C wants to go on later, or somebody else to.
#[tokio::test]
async fn an_interrupted_run_is_gone_on_with_at_once() -> Result<()> {
    let stage = Stage::of("canary-interrupt", 4).await?;
    let running = running(&stage).await?;
    running.signal(rustix::process::Signal::INT)?;
    running.wait(LIMIT).await?.ends(130)?.tells("canary abort")?;
    stage.canary("promote api --full --yes").await?.ends(0)?;
    stage.canary("run api --yes").await?.ends(0)?;
    stage.is_alone(GOOD).await
}

/// A pipeline that waits for something that can't be any more would wait for an hour.
#[tokio::test]
async fn waiting_ends_with_what_became_of_it() -> Result<()> {
    let stage = Stage::of("canary-wait", 4).await?;
    stage.canary("status api --wait-for=done --timeout 1s").await?.ends(1)?;
    let running = running(&stage).await?;
    stage.canary("status api --wait-for=done --timeout 1s").await?.ends(4)?;
    let waiting = stage.start("status api --wait-for=done --timeout 60s")?;
    tokio::time::sleep(Duration::from_millis(300)).await;
    stage.canary("abort api --yes").await?.ends(0)?;
    waiting.wait(LIMIT).await?.ends(1)?;
    running.wait(LIMIT).await?.ends(1)?;
    Ok(())
}
