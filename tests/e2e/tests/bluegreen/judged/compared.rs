//! The color that serves beside what the other one did just before.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::common::run::Ended;

use super::{LONG, Watched, verification, watched};

fn words(watched: &Watched, seconds: u32) -> String {
    let (all, bad) = ("http_requests_total{service=\"api\"}", "http_requests_total{service=\"api\",status=~\"5..\"}");
    format!("{} --compare-requests={all} --compare-errors={bad} --verify-for={seconds}s -ojson", watched.prometheus())
}

/// No threshold has to be guessed: what is worse than before is left.
#[tokio::test]
async fn a_color_with_more_errors_than_the_one_before_is_left() -> Result<()> {
    let Some(watched) = watched("compared-bad").await? else { return Ok(()) };
    watched.green_fails().await?;
    let document = watched.switching(&words(&watched, 150)).await?.wait(LONG).await?.ends(5)?.json()?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("more than 2 times the rate"), "{document:#}");
    let compared = &verification(&document)["comparison"];
    ensure!(compared["phase"] == "Failed" && compared["errorsBefore"] == 0.0, "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "blue");
    Ok(())
}

/// A color that is as the one before would be taken back by chance.
#[tokio::test]
async fn a_color_that_is_as_the_one_before_stays() -> Result<()> {
    let Some(watched) = watched("compared-good").await? else { return Ok(()) };
    let document = watched.switching(&words(&watched, 30)).await?.wait(LONG).await?.ends(0)?.json()?;
    let compared = &verification(&document)["comparison"];
    ensure!(compared["phase"] == "Successful" && compared["requestsAfter"].as_f64() > Some(100.0), "{document:#}");
    assert_eq!(active(&watched.ns, "api").await?, "green");
    Ok(())
}

/// flagger#1011: traffic that ends would be taken for a good version.
#[tokio::test]
async fn a_color_that_nobody_asks_is_not_called_good() -> Result<()> {
    let Some(watched) = watched("compared-idle").await? else { return Ok(()) };
    let words = words(&watched, 30);
    let Watched { ns, prometheus, traffic } = watched;
    traffic.stop().await;
    let running = e2e::bluegreen::run::start(&ns, &format!("switch api --to green --yes {words}"))?;
    let document = running.wait(LONG).await?.ends(6)?.json()?;
    ensure!(document["message"].to_string().contains("no requests since the switch"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    drop(prometheus);
    Ok(())
}
