//! What others do to the target while it is watched: what was proven is no more than what was watched.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{self, active, color, rolled_out};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::written::record;
use e2e::common::run::{Ended, admin, finding, said};
use e2e::{LIMIT, namespace};
use lab::fixtures::Behavior;
use lab::{Namespace, Output};

/// Blue and green of these sizes; a switch to green that somebody does something beside.
async fn beside(test: &str, sizes: (u32, u32), words: &str, hand: &[&str]) -> Result<(Namespace, Output)> {
    let ns = namespace(test).await?;
    let of = |name, size| color(name, size, Behavior::Ready);
    rolled_out(&ns, &app::api().color(of("blue", sizes.0)).color(of("green", sizes.1))).await?;
    let running = start(&ns, &format!("switch api {words} --yes -ojson"))?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    bluegreen(&ns, "status api --wait-for converged --timeout 60s").await?.ends(0)?;
    admin(&ns).run(hand).await?.ends(0)?;
    let ended = running.wait(LIMIT).await?;
    Ok((ns, ended))
}

/// An image that nobody asked for would be called verified.
#[tokio::test]
async fn a_color_that_is_deployed_anew_is_not_verified() -> Result<()> {
    let image = ["set", "image", "deploy/api-green", "*=registry.example.com/api:bad"];
    let restart = ["rollout", "restart", "deploy/api-green"];
    for (test, words, hand, who) in [
        ("anew-image", "--to-image 1.5.0 --verify-for=12s", image.as_slice(), "kubectl-set"),
        ("anew-restart", "--to green --verify-for=12s", restart.as_slice(), "kubectl-rollout"),
    ] {
        let (ns, ended) = beside(test, (2, 2), words, hand).await?;
        let document = ended.ends(3)?.json()?;
        assert_eq!(active(&ns, "api").await?, "green", "it is ready and has the traffic");
        assert_eq!(document["services"][0]["changed"], true, "{document:#}");
        let next = document["next"].as_str().unwrap_or_default();
        ensure!(next.starts_with("kubectl bluegreen rollback api"), "{document:#}");
        ensure!(document["hint"].to_string().contains("kubectl bluegreen status api"), "{document:#}");
        let result = record(&ns, "api").await?["result"].to_string();
        ensure!(result.contains(who), "{result}");
        let notes = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?["services"][0]["notes"].to_string();
        ensure!(notes.contains("unfinished"), "{notes}");
        bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    }
    Ok(())
}

/// A job that is run again would be told that there is nothing to do, about what nobody has watched.
#[tokio::test]
async fn what_was_not_verified_is_by_the_same_words() -> Result<()> {
    let restart = ["rollout", "restart", "deploy/api-green"];
    let (ns, ended) = beside("anew-again", (2, 2), "--to green --verify-for=12s", &restart).await?;
    ended.ends(3)?;
    admin(&ns).run(&["rollout", "status", "deploy/api-green"]).await?.ends(0)?;
    let words = "switch api --to green --verify-for=4s --yes -ojson";
    let document = bluegreen(&ns, words).await?.ends(0)?.json()?;
    ensure!(document["services"][0]["totalMillis"].as_u64() >= Some(4000), "{document:#}");
    assert_eq!(record(&ns, "api").await?["result"], "done");
    Ok(())
}

/// One that failed and was left, and serves nobody, would be watched for minutes before anybody was told.
#[tokio::test]
async fn what_failed_and_was_left_without_pods_is_told_with_a_way_out() -> Result<()> {
    let stop = r#"{"spec":{"template":{"metadata":{"annotations":{"lab.kubectl-release.dev/behavior":"crash-loop"}}},"strategy":{"type":"Recreate","rollingUpdate":null}}}"#;
    let hand = ["patch", "deploy/api-green", "-p", stop];
    let (ns, ended) = beside("left-again", (2, 2), "--to green --verify-for=30s --no-rollback", &hand).await?;
    ended.ends(1)?;
    assert_eq!(active(&ns, "api").await?, "green");
    let document = bluegreen(&ns, "switch api --to green --yes -ojson").await?.ends(1)?.json()?;
    let next = document["next"].as_str().unwrap_or_default();
    ensure!(next.starts_with("kubectl bluegreen"), "{document:#}");
    Ok(())
}

/// Half of what was asked for would be called verified without a word.
#[tokio::test]
async fn a_target_that_was_scaled_down_is_said_to_be_smaller() -> Result<()> {
    let down = ["scale", "deploy/api-green", "--replicas=1"];
    let (ns, ended) = beside("less-verified", (2, 2), "--to green --verify-for=10s", &down).await?;
    let document = ended.ends(0)?.json()?;
    let found = finding(&document, "scaled-down");
    ensure!(found.is_some_and(|found| found["message"].to_string().contains("1 of 2")), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "green");
    let (ns, ended) = beside("less-strictly", (2, 2), "--to green --verify-for=60s --strict", &down).await?;
    ended.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// An autoscaler that takes away what was too much anyway would make a finding of every switch.
#[tokio::test]
async fn a_target_that_stays_as_large_as_asked_is_as_good() -> Result<()> {
    let down = ["scale", "deploy/api-green", "--replicas=2"];
    for (test, words) in [
        ("enough", "--to green --verify-for=6s --strict"),
        ("enough-by-number", "--to green --verify-for=6s --min-ready=1"),
    ] {
        let (_ns, ended) = beside(test, (2, 4), words, &down).await?;
        let document = ended.ends(0)?.json()?;
        ensure!(finding(&document, "scaled-down").is_none(), "{document:#}");
    }
    Ok(())
}

/// A deployment that fails under traffic would stay, because it wasn't ours.
#[tokio::test]
async fn a_deployment_that_fails_is_taken_back_as_any_failure() -> Result<()> {
    let stop = r#"{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null},"template":{"metadata":{"annotations":{"lab.kubectl-release.dev/behavior":"never-ready"}}}}}"#;
    let hand = ["patch", "deploy/api-green", "-p", stop];
    let (ns, ended) = beside("anew-fails", (2, 2), "--to green --verify-for=60s", &hand).await?;
    ensure!(ended.code == 5, "{}", said(&ended));
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
