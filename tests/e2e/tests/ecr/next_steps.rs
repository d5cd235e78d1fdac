//! What is printed to go on with works where it is printed.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::run::{Ended, admin, said};
use e2e::common::terminal::{on_terminal, while_asked};
use e2e::ecr::case::Case;
use e2e::ecr::set_image;
use lab::fixtures::{Behavior, Workload};
use lab::registry::{AccessKey, Fault, Image};
use lab::{Output, Running};

const FOR_EVER: usize = 1000;

/// Runs the plugin while ECR answers nothing.
async fn without_ecr(case: &Case, words: &str) -> Result<Output> {
    let key = AccessKey::fresh();
    key.interceptor().fail("*", FOR_EVER, Fault::Reset).await?;
    let words: Vec<&str> = std::iter::once("ecr-rollback").chain(words.split_whitespace()).collect();
    let mut command = admin(&case.ns).command(&words);
    command.envs(key.environment());
    Running::start(command)?.wait(LIMIT).await
}

/// The words of the only command that a document has as its next step.
fn next(output: &Output) -> Result<String> {
    let document = output.json()?;
    let next = document["next"].as_str().with_context(|| said(output))?;
    ensure!(!next.contains('\n'), "{next}");
    Ok(next.to_owned())
}

/// What "watches on" would end as what printed it, for ever.
#[tokio::test]
async fn what_watches_on_has_more_time_than_what_was_too_short() -> Result<()> {
    let case = Case::new("watch-on").await?;
    case.push_on(1, Image::new("1.0.0").behavior(Behavior::OnDemand)).await?;
    case.push_on(2, Image::new("1.0.1")).await?;
    case.deploy(&["1.0.1"]).await?;
    case.back("--no-wait").await?.ends(0)?;
    for (time, stays) in [("1ms", false), ("1s", false), ("2s", false)] {
        let output = case.back(&format!("--timeout={time} --no-rollback -ojson")).await?.ends(4)?;
        let next = next(&output)?;
        ensure!(next.contains("--timeout") == stays && next.contains("--no-rollback"), "{next}");
    }
    Ok(())
}

/// The way that needs no ECR would have no time either.
#[tokio::test]
async fn the_way_without_ecr_has_more_time_than_what_was_too_short() -> Result<()> {
    let case = Case::new("outage-short").await?;
    case.push(&["1.0.0", "1.0.1"]).await?;
    case.deploy(&["1.0.0", "1.0.1"]).await?;
    let key = AccessKey::fresh();
    key.interceptor().fail("DescribeImages", FOR_EVER, Fault::delay(Duration::from_secs(600))).await?;
    let mut command = admin(&case.ns).command(&["ecr-rollback", "deploy/api", "--yes", "--timeout=2s", "-ojson"]);
    command.envs(key.environment());
    let output = Running::start(command)?.wait(LIMIT).await?.ends(4)?;
    let next = next(&output)?;
    ensure!(next.contains("--from rollout-history") && !next.contains("--timeout"), "{}", said(&output));
    let words: Vec<&str> = next.split_whitespace().skip(2).collect();
    without_ecr(&case, &format!("{} --yes", words.join(" "))).await?.ends(0)?;
    case.asks_for("1.0.0").await
}

/// A look that fails is none.
#[tokio::test]
async fn a_look_at_the_repository_is_offered_only_where_it_answers() -> Result<()> {
    let case = Case::new("look").await?;
    case.push(&["1.0.0"]).await?;
    // Of no ECR, and with nothing before it.
    let foreign = Workload::new("web", "images.example.com/shop/web:1").replicas(1).without_pre_stop();
    case.ns.apply_all(&foreign.objects()).await?;
    case.ns.rolled_out("deployment/web", LIMIT).await?;
    case.deploy(&["1.0.0"]).await?;
    for words in ["deploy/web --yes --from rollout-history", "deploy/api --yes --from rollout-history"] {
        let output = without_ecr(&case, words).await?.ends(1)?.tells("Look: kubectl rollout history")?;
        ensure!(!output.stderr.contains("ecr-rollback history"), "{}", said(&output));
    }
    case.back("").await?.ends(1)?.tells("Look: kubectl ecr-rollback history deploy/api -c api")?;
    // A digest without a tag, and nobody who knows one.
    let digest = case.repository.images().await?[0]["imageDigest"].as_str().context("a digest")?.to_owned();
    set_image(&case.ns, "deployment/web", "web", &case.repository.image(&digest)).await?;
    case.ns.rolled_out("deployment/web", LIMIT).await?;
    without_ecr(&case, "unpin deploy/web --yes").await?.ends(1)?.tells("Look: kubectl rollout history")?;
    case.ecr("unpin deploy/web --yes").await?.ends(1)?.tells("Look: kubectl ecr-rollback history")?;
    Ok(())
}

/// Whoever picked a container would be asked which one is meant, or be refused in a pipeline.
#[tokio::test]
async fn a_look_is_at_the_container_that_was_picked() -> Result<()> {
    let case = Case::new("look-picked").await?;
    case.push(&["1.0.0"]).await?;
    let app = case.app("1.0.0").container("side", &case.repository.image("1.0.0"));
    case.apply(&app).await?;
    let asked = "ecr-rollback deploy/api";
    let picked = on_terminal(&case.ns, asked, &[("Which container", "\r")], true).await?.ends(1)?;
    ensure!(said(&picked).contains("history deploy/api -c "), "{}", said(&picked));
    Ok(())
}

/// What somebody else has put there meanwhile may be of no ECR.
#[tokio::test]
async fn after_a_change_by_somebody_else_the_look_is_at_what_is_there() -> Result<()> {
    let case = Case::new("look-meanwhile").await?;
    case.push(&["1.0.0", "1.0.1"]).await?;
    case.deploy(&["1.0.1"]).await?;
    for (image, look) in [
        ("images.example.com/shop/web:1".to_owned(), "kubectl rollout history"),
        (case.repository.image("1.0.0"), "kubectl ecr-rollback history"),
    ] {
        let meanwhile = async || set_image(&case.ns, "deployment/api", "api", &image).await;
        let words = "ecr-rollback deploy/api --from registry";
        let output = while_asked(&case.ns, words, ("[y/N]", "y"), meanwhile).await?.ends(3)?;
        ensure!(said(&output).contains(look), "{look}\n{}", said(&output));
        case.release("1.0.1").await?;
    }
    Ok(())
}
