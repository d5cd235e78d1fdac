//! A version that turns bad once it has the traffic, and one that doesn't.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::written::record;
use e2e::common::run::Ended;
use serde_json::json;

use super::{ERRORS, FEW, LONG, RATE, template, verification, watched};

/// Users would get errors until somebody wakes up. Prometheus is asked through the API server, as a person's machine
/// has no other way.
#[tokio::test]
async fn a_color_that_turns_bad_after_the_switch_is_left_by_itself() -> Result<()> {
    let Some(watched) = watched("turns-bad").await? else { return Ok(()) };
    let file = template(ERRORS, FEW, "")?;
    let running = watched.switching(&format!("{} --verify-for=150s -ojson", file.flag())).await?;
    let bad = Instant::now();
    watched.green_fails().await?;
    let document = running.wait(LONG).await?.ends(5)?.json()?;
    let left = bad.elapsed();
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("metric error-rate: failed once (limit 0): ["), "{document:#}");
    ensure!(message.contains("result[0] < 5") && document["reason"] == "RolledBack", "{document:#}");
    let metric = &verification(&document)["metrics"][0];
    ensure!(metric["phase"] == "Failed" && metric["failed"] == 1, "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "blue");
    let undone = record(&watched.ns, "api").await?;
    assert_eq!((&undone["verb"], &undone["result"]), (&json!("rollback"), &json!("done")));
    let traffic = watched.traffic.stop().await;
    let failed = traffic.failures().len();
    println!("from the first error to blue: {left:?}; {failed} requests failed of {}", traffic.total());
    // kube-proxy sends new connections elsewhere within 2 s of the write.
    let most = RATE * (left + Duration::from_secs(2)).as_secs_f64();
    ensure!(
        failed > 0 && (failed as f64) <= most && traffic.last_fresh("1.4.0").is_some(),
        "at most {most}: {traffic}"
    );
    Ok(())
}

/// A good release would be taken back for nothing, or called good without a number.
#[tokio::test]
async fn a_color_that_stays_good_passes_with_its_numbers() -> Result<()> {
    let Some(watched) = watched("stays-good").await? else { return Ok(()) };
    let file = template(ERRORS, FEW, "    count: 3\n")?;
    let running =
        watched.switching(&format!("{} {} --verify-for=6s -ojson", file.flag(), watched.prometheus())).await?;
    let document = running.wait(LONG).await?.ends(0)?.json()?;
    let metric = &verification(&document)["metrics"][0];
    ensure!(metric["phase"] == "Successful" && metric["successful"] == 3, "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "green");
    Ok(())
}

/// Who wants to look at it in place would have it taken away.
#[tokio::test]
async fn with_no_rollback_a_bad_color_stays_and_the_run_fails() -> Result<()> {
    let Some(watched) = watched("bad-stays").await? else { return Ok(()) };
    watched.green_fails().await?;
    let file = template(ERRORS, FEW, "")?;
    let words = format!("{} --no-rollback --verify-for=150s", file.flag());
    watched.switching(&words).await?.wait(LONG).await?.ends(1)?.tells("error-rate")?.tells("stays on green")?;
    assert_eq!(active(&watched.ns, "api").await?, "green");
    Ok(())
}

/// Whoever runs it again after a crash would have a color that nobody has judged called done.
#[tokio::test]
async fn a_run_that_was_killed_is_judged_again() -> Result<()> {
    let Some(watched) = watched("judged-again").await? else { return Ok(()) };
    let file = template(ERRORS, FEW, "")?;
    let words = format!("{} --verify-for=150s", file.flag());
    watched.switching(&words).await?.kill().await?;
    watched.green_fails().await?;
    watched.switching(&words).await?.wait(LONG).await?.ends(5)?.tells("error-rate")?;
    assert_eq!(active(&watched.ns, "api").await?, "blue");
    Ok(())
}
