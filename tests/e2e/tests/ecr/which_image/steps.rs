//! `--steps N`: who counts several back counts what lies on the way.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::case::{Case, RELEASES};
use lab::registry::Image;

/// The doubt that stops one step back would be gone three steps back, and nobody be asked.
#[tokio::test]
async fn where_pushes_and_deployments_part_on_the_way_nobody_goes_past_it_unasked() -> Result<()> {
    let case = Case::new("steps-part").await?;
    case.push(&["1.0.0", "1.0.1", "1.0.2", "1.0.3", "1.0.4"]).await?;
    // Pushed before 1.0.4 are 3, 2, 1; deployed were 2, 3, 1.
    case.deploy(&["1.0.1", "1.0.3", "1.0.2", "1.0.4"]).await?;
    let before = case.written().await?;
    for steps in 1..=3 {
        let refused = case.back(&format!("--steps {steps} -ojson")).await?.ends(1)?.json()?;
        assert_eq!(refused["reason"], "Disagree", "{refused:#}");
        let next = refused["next"].as_str().unwrap_or_default();
        let both = next.contains("--from registry") && next.contains("--from rollout-history");
        ensure!(both && (steps == 1 || next.contains(&format!("--steps={steps}"))), "{refused:#}");
    }
    assert_eq!(case.written().await?, before);
    case.back("--steps 3 --from registry").await?.ends(0)?;
    case.asks_for("1.0.1").await
}

/// The same where the rollout history is shorter: no way is offered that there is not.
#[tokio::test]
async fn a_history_that_ends_before_is_not_offered() -> Result<()> {
    let case = Case::new("steps-short").await?;
    case.push(&["1.0.0", "1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.1", "1.0.3"]).await?;
    let refused = case.back("--steps 2 -ojson").await?.ends(1)?.json()?;
    let next = refused["next"].as_str().unwrap_or_default();
    assert_eq!(refused["reason"], "Disagree", "{refused:#}");
    ensure!(next.contains("--from registry") && !next.contains("--from rollout-history"), "{refused:#}");
    case.asks_for("1.0.3").await?;
    // What agrees for as long as it lasts is no doubt.
    let agreed = Case::new("steps-agree").await?;
    agreed.push(&["1.0.0", "1.0.1", "1.0.2", "1.0.3"]).await?;
    agreed.deploy(&["1.0.2", "1.0.3"]).await?;
    agreed.back("--steps 3").await?.ends(0)?;
    agreed.asks_for("1.0.0").await
}

/// "Two back" from a hotfix would be counted over a higher version, a pull request's build or another application's.
#[tokio::test]
async fn what_nobody_means_by_back_is_no_step_unasked() -> Result<()> {
    // A filter that leaves out what runs makes every form within it a step.
    for (id, tags, filter) in [
        ("higher-version", ["1.4.0", "1.5.0", "1.4.1"], ""),
        (
            "pull-request-build",
            ["main-abc1234", "pr-12-abc2345", "main-bcd2345"],
            "--tag-filter *-abc* --from registry",
        ),
        ("other-application", ["api-1.0", "web-3.0", "api-1.1"], "--tag-filter *.0 --from registry"),
    ] {
        let case = Case::new("steps-odd").await?;
        case.push(&tags).await?;
        case.deploy(&[tags[2]]).await?;
        let refused = case.back(&format!("--steps 2 -ojson {filter}")).await?.ends(1)?;
        let found = finding(&refused.json()?, id).with_context(|| said(&refused))?;
        ensure!(found["severity"] == "block", "{found:#}");
        ensure!(found["message"].as_str().is_some_and(|text| text.contains("on the way")), "{found:#}");
        case.asks_for(tags[2]).await?;
        case.back(&format!("--steps 2 {filter} --force={id}")).await?.ends(0)?;
        case.asks_for(tags[0]).await?;
    }
    Ok(())
}

/// A build without a tag of the form is no step, and no doubt either.
#[tokio::test]
async fn what_is_no_candidate_is_no_step() -> Result<()> {
    let case = Case::new("steps-form").await?;
    case.push_on(1, Image::new("1.4.0")).await?;
    case.push_on(2, Image::new("pr-7")).await?;
    case.push_on(3, Image::new("1.4.1")).await?;
    case.push_on(4, Image::new("1.4.2")).await?;
    case.deploy(&["1.4.2"]).await?;
    case.back("--steps 2").await?.ends(0)?;
    case.asks_for("1.4.0").await
}

/// A job that asks for two back would go on as if that had been done.
#[tokio::test]
async fn other_steps_than_those_that_were_gone_are_no_repetition() -> Result<()> {
    let case = Case::released("other-steps").await?;
    case.back("").await?.ends(0)?;
    let before = case.written().await?;
    case.back("--steps 2").await?.ends(1)?.tells("went back 1, and not 2")?.tells("--again")?;
    case.back(&format!("--if-running {}", RELEASES[4])).await?.ends(1)?.tells("nothing was written")?;
    case.back("--steps 1").await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(case.written().await?, before);
    case.back("--steps 2 --again").await?.ends(0)?;
    case.asks_for(RELEASES[2]).await?;
    case.back("--steps 2").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}
