//! A release of several that stops on its way: by a gate, or by a machine that goes away.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::color;
use e2e::bluegreen::run::{bluegreen, killed_at};
use e2e::bluegreen::written::record;
use e2e::common::run::{Ended, said};
use lab::api_proxy::{Call, When};
use lab::fixtures::{Answer, Behavior};

use super::{AT_ONCE, both, colors, images, of_web, parted, ready, two};

/// A person tests all of it before any of it has traffic, and would have to find out what to switch to.
#[tokio::test]
async fn up_to_the_gate_each_has_its_fingerprint_and_its_switch() -> Result<()> {
    let ns = two("several-gate", ready()).await?;
    let file = both("gate", AT_ONCE, AT_ONCE)?;
    let output = bluegreen(&ns, &file.words("--no-switch --yes")).await?.ends(0)?;
    let report = bluegreen(&ns, &file.words("--no-switch --yes -ojson")).await?.ends(0)?.json()?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    for (index, service) in ["api", "web"].into_iter().enumerate() {
        let ready = &report["fingerprints"][index];
        ensure!(ready["service"] == service && ready["color"] == "green", "{report:#}");
        let expected = ready["fingerprint"].as_str().unwrap_or_default();
        let moves = |line: &str| line.contains(&format!("switch {service} --to green "));
        let tested = format!("--expect={expected}");
        ensure!(output.stderr.lines().any(|line| moves(line) && line.contains(&tested)), "{}", said(&output));
        bluegreen(&ns, &format!("switch {service} --to green --expect {expected} --verify-for=0 --yes"))
            .await?
            .ends(0)?;
    }
    assert_eq!(colors(&ns).await?, ["green", "green"]);
    Ok(())
}

/// Writes of a release of two, in their order.
const WRITES: [fn(&Call) -> bool; 4] = [
    |call| call.is_write() && call.is_about("/deployments/api-green"),
    |call| call.is_write() && call.is_about("/deployments/web-green"),
    |call| call.is_write() && call.is_about("/services/api") && !call.line().contains("-notes"),
    |call| call.is_write() && call.is_about("/services/web") && !call.line().contains("-notes"),
];

/// A pipeline's machine goes away: half of the release would be left with the traffic, and nobody could go on.
#[tokio::test]
async fn killed_after_any_write_the_same_words_finish_it() -> Result<()> {
    for (number, write) in WRITES.into_iter().enumerate() {
        let ns = two(&format!("several-kill-{number}"), ready()).await?;
        let file = both(&format!("kill-{number}"), AT_ONCE, AT_ONCE)?;
        let words = file.words("--yes");
        killed_at(&ns, &words, When::After, write).await.with_context(|| format!("write {number}"))?;
        bluegreen(&ns, &words).await?.ends(0)?;
        assert_eq!(colors(&ns).await?, ["green", "green"], "killed after write {number}");
        assert_eq!(images(&ns, "web-green").await?, [super::WEB]);
        bluegreen(&ns, &words).await?.ends(0)?.tells("nothing to do")?;
        bluegreen(&ns, "rollback api web --yes").await?.ends(0)?;
        assert_eq!(colors(&ns).await?, ["blue", "blue"], "killed after write {number}, and taken back");
    }
    Ok(())
}

/// Who finishes half of a release would leave that half on the new version where the other one fails.
#[tokio::test]
async fn what_was_moved_before_the_kill_goes_back_with_the_rest() -> Result<()> {
    let warm = of_web("green").replicas(1).answers(&[("/front", Answer::status(200).body("warm").first(2))]);
    let ns = two("several-kill-back", [color("green", 1, Behavior::Ready), warm]).await?;
    let tests = "verify: {for: 60s}\nsmokeTests: [{name: front, endpoint: /front, retries: 0, expect: {body: warm}}]";
    let file = both("kill-back", AT_ONCE, tests)?;
    let words = file.words("--yes");
    killed_at(&ns, &words, When::After, WRITES[2]).await?;
    assert_eq!(colors(&ns).await?, ["green", "blue"]);
    bluegreen(&ns, &words).await?.ends(5)?.tells("failed a smoke test after the switch: front")?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    Ok(())
}

/// Whoever finds half of it would be told to bring both to one color, which is not what was released.
#[tokio::test]
async fn one_to_different_colors_is_found_and_goes_on_both_ways() -> Result<()> {
    let ns = parted("several-kill-ways").await?;
    let file = both("kill-ways", AT_ONCE, AT_ONCE)?;
    let words = file.words("--yes");
    killed_at(&ns, &words, When::After, WRITES[2]).await?;
    assert_eq!(colors(&ns).await?, ["green", "green"]);
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = &status["services"][0]["notes"];
    ensure!(notes.to_string().contains("kubectl bluegreen rollback api web"), "{status:#}");
    bluegreen(&ns, &words).await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["green", "blue"]);
    killed_at(&ns, "rollback api web --yes", When::After, WRITES[2]).await?;
    assert_eq!(colors(&ns).await?, ["blue", "blue"]);
    bluegreen(&ns, "rollback api web --yes").await?.ends(0)?;
    assert_eq!(colors(&ns).await?, ["blue", "green"]);
    assert_eq!(record(&ns, "api").await?["id"], record(&ns, "web").await?["id"], "one move");
    Ok(())
}
