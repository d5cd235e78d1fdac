//! An endpoint controller that stands still: what is published stays as it was, whatever is selected.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, said};
use e2e::namespace;
use serde_json::Value;

/// A color that never got a request would be held to have failed, and block the next release.
#[tokio::test]
async fn a_color_that_the_endpoints_never_followed_to_has_not_failed() -> Result<()> {
    let ns = namespace("lagging").await?;
    blue_green(&ns, 2).await?;
    let policy = Policy::keep_slices(&ns).await?;
    let words = "switch api --to green --yes --verify-for=1s --timeout=5s";
    let ended = bluegreen(&ns, words).await?.ends(5)?.tells("green had no traffic")?;
    ensure!(!ended.stderr.contains("had traffic for"), "{}", said(&ended));
    assert_eq!(active(&ns, "api").await?, "blue");
    policy.remove().await?;
    let checked = bluegreen(&ns, "preflight api --to green -ojson").await?.ends(0)?.json()?;
    ensure!(!checked["findings"].to_string().contains("failed-before"), "{checked:#}");
    Ok(())
}

/// Users are served by the color that was left, while somebody reads that connections are refused.
#[tokio::test]
async fn status_says_who_answers_while_the_endpoints_are_behind() -> Result<()> {
    let ns = namespace("lagging-status").await?;
    blue_green(&ns, 2).await?;
    let policy = Policy::keep_slices(&ns).await?;
    let words = "switch api --to green --yes --verify-for=0 --timeout=3s --no-rollback -ojson";
    let document = bluegreen(&ns, words).await?.ends(4)?.json()?;
    assert_eq!(document["reason"], "NotFollowed", "{document:#}");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    let behind = notes.iter().find(|note| note["id"] == "no-endpoints").context("no note")?;
    ensure!(behind["message"].to_string().contains("requests go to blue"), "{behind:#}");
    assert_eq!(behind["fix"], Value::Null, "{behind:#}");
    policy.remove().await?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    Ok(())
}
