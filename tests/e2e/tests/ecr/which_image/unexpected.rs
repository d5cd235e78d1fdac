//! Where the order of pushes leads, and nobody would want to be led unasked.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, finding};
use e2e::common::terminal::on_terminal;
use e2e::ecr::case::Case;
use lab::registry::Image;
use serde_json::json;

const AGREE: &str = "[y/N]";

/// The way "back" leads to that tag or digest, which is said; nobody goes there with `--yes` alone.
async fn is_asked_for(case: &Case, id: &str, to: &str) -> Result<()> {
    let before = case.written().await?;
    let refused = case.back("-ojson").await?.ends(1)?.json()?;
    let found = finding(&refused, id).with_context(|| format!("no {id}: {refused:#}"))?;
    assert_eq!((&found["severity"], &refused["reason"]), (&json!("block"), &json!("Blocked")), "{refused:#}");
    let next = refused["next"].as_str().context("no next step")?;
    ensure!(next.contains(&format!("--force={id}")), "{next}");
    // Without it a person is asked, and here is none.
    let waiting = case.ecr("deploy/api -ojson").await?.ends(6)?.json()?;
    ensure!(finding(&waiting, id).is_some_and(|found| found["severity"] == "warn"), "{waiting:#}");
    assert_eq!(case.written().await?, before);
    assert_eq!(case.planned("").await?, case.repository.image(to));
    case.back(&format!("--force={id}")).await?.ends(0)?;
    case.asks_for(to).await
}

/// After a hotfix of an old version, "back" would be a release forward.
#[tokio::test]
async fn a_higher_version_is_not_gone_to_unasked() -> Result<()> {
    let case = Case::new("higher").await?;
    case.push(&["1.4.0", "1.5.0", "1.4.1"]).await?;
    case.deploy(&["1.4.1"]).await?;
    is_asked_for(&case, "higher-version", "1.5.0").await?;
    // Who names it means it.
    case.release("1.4.1").await?;
    case.back("--to-tag 1.5.0").await?.ends(0)?;
    case.asks_for("1.5.0").await?;
    case.release("1.4.1").await?;
    let answers = [("Go back to which image", "\r"), (AGREE, "y")];
    on_terminal(&case.ns, "ecr-rollback deploy/api", &answers, true).await?.ends(0)?.tells("higher-version")?;
    case.asks_for("1.5.0").await
}

/// A build that is done later than the next one would lead to that.
#[tokio::test]
async fn builds_and_release_candidates_have_an_order_too() -> Result<()> {
    for (test, tags) in
        [("builds", ["build-78", "build-80", "build-79"]), ("candidates", ["1.5.0-rc.1", "1.5.0-rc.3", "1.5.0-rc.2"])]
    {
        let case = Case::new(test).await?;
        case.push(&tags).await?;
        case.deploy(&[tags[2]]).await?;
        is_asked_for(&case, "higher-version", tags[1]).await?;
    }
    Ok(())
}

/// With one repository for all, another application would run in the place of this one.
#[tokio::test]
async fn another_applications_image_is_not_gone_to_unasked() -> Result<()> {
    let case = Case::new("one-for-all").await?;
    case.push_on(1, Image::new("api-latest")).await?;
    let web = case.push_on(2, Image::new("web-3.1")).await?;
    case.push_on(3, Image::new("api-latest")).await?;
    case.deploy(&["api-latest"]).await?;
    is_asked_for(&case, "other-application", &format!("web-3.1@{web}")).await?;

    // Nothing says whose an untagged image is; and where no tag of what runs says it, the names do.
    let case = Case::new("untagged-of-whom").await?;
    case.push_on(1, Image::new("web-1.0")).await?;
    let unknown = case.push_on(2, Image::untagged()).await?;
    case.push_on(3, Image::new("api-latest")).await?;
    case.deploy(&["api-latest"]).await?;
    is_asked_for(&case, "other-application", &unknown).await?;

    let case = Case::new("by-name").await?;
    case.push_on(1, Image::new("api-1.0")).await?;
    let web = case.push_on(2, Image::new("web-1.0")).await?;
    case.push_on(3, Image::new("latest")).await?;
    case.deploy(&["latest"]).await?;
    is_asked_for(&case, "other-application", &format!("web-1.0@{web}")).await
}

/// With prefixes that stay, nothing is asked: the common case must not cost a question.
#[tokio::test]
async fn an_application_with_a_prefix_of_its_own_stays_with_it() -> Result<()> {
    let case = Case::new("prefixes").await?;
    case.push(&["api-1.1", "web-3.0", "api-1.2", "web-3.1"]).await?;
    case.deploy(&["api-1.2"]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for("api-1.1").await
}

/// Production would run what nobody has merged.
#[tokio::test]
async fn a_pull_requests_build_is_not_gone_to_unasked() -> Result<()> {
    for (test, newest, build) in [
        ("feature", "latest", "feature-login"),
        ("pull-request", "main-abc1234", "main-bcd2345"),
        ("merge-request", "latest", "mr-12-bcd2345"),
        ("pull", "stable", "pull-77-bcd2345"),
    ] {
        let case = Case::new(test).await?;
        case.push_on(1, Image::new("main-1234abc")).await?;
        let image = Image::new(build);
        let image = if test == "pull-request" { image.tag("pr-123") } else { image };
        let digest = case.push_on(2, image).await?;
        case.push_on(3, Image::new(newest)).await?;
        case.deploy(&[newest]).await?;
        let to = if test == "pull-request" { build.to_owned() } else { format!("{build}@{digest}") };
        is_asked_for(&case, "pull-request-build", &to).await?;
    }
    Ok(())
}

/// Another platform's image, another application's, or the bad release once more would run.
#[tokio::test]
async fn a_variant_that_a_number_tells_stays_with_it() -> Result<()> {
    for (test, tags, before) in [
        ("arm", ["1.2.3-arm64v8", "1.2.3-arm32v7", "1.2.4-arm32v7", "1.2.4-arm64v8"], "1.2.3-arm64v8"),
        ("java", ["1.0.0-java21", "1.0.0-java17", "1.1.0-java17", "1.1.0-java21"], "1.0.0-java21"),
    ] {
        let case = Case::new(test).await?;
        case.push(&tags).await?;
        case.deploy(&[tags[3]]).await?;
        case.back("").await?.ends(0)?;
        case.asks_for(before).await?;
    }
    let case = Case::new("variant-or-not").await?;
    case.push(&["1.0-app1", "1.0-app2", "1.1-app1", "1.1-app2"]).await?;
    case.deploy(&["1.1-app2"]).await?;
    is_asked_for(&case, "other-variant", "1.1-app1").await
}

/// Production would run what development is on, or what nobody has promoted.
#[tokio::test]
async fn the_name_of_another_stage_is_nobodys_way_back() -> Result<()> {
    let case = Case::new("stages").await?;
    let before = case.push_on(1, Image::untagged()).await?;
    case.push_on(2, Image::new("dev")).await?;
    case.push_on(3, Image::new("prod")).await?;
    case.deploy(&["prod"]).await?;
    case.ecr("deploy/api").await?.ends(6)?.tells("passed over dev")?;
    is_asked_for(&case, "other-name", &before).await?;

    let case = Case::new("promoted").await?;
    case.push(&["1a2b3c4", "2b3c4d5"]).await?;
    case.push_on(3, Image::new("3c4d5e6").tag("prod")).await?;
    case.deploy(&["prod"]).await?;
    case.kubectl(&["rollout", "restart", "deployment/api"]).await?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    let refused = case.back("-ojson").await?.ends(1)?.json()?;
    ensure!(finding(&refused, "other-name").is_some_and(|found| found["severity"] == "block"), "{refused:#}");
    Ok(())
}

/// A cache's layer can't run.
#[tokio::test]
async fn a_builders_cache_in_the_same_repository_is_passed_by() -> Result<()> {
    let (old, new) = ("8f14e45fceea167a5a36dedd4bea2543d1a0b2c3", "9f14e45fceea167a5a36dedd4bea2543d1a0b2c4");
    let key = "8f14e45fceea167a5a36dedd4bea2543d1a0b2c38f14e45fceea167a5a36dedd";
    let case = Case::new("kaniko").await?;
    case.push(&[old, key, "buildcache", new]).await?;
    case.deploy(&[new]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for(old).await
}
