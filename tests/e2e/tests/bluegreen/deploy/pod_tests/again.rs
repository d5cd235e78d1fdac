//! Smoke tests once more, with the traffic on the color.

use anyhow::Result;
use e2e::bluegreen::app::active;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::namespace;
use lab::fixtures::Answer;

use super::super::document::File;
use super::{RELEASE, with_answers};

fn watched(name: &str, seconds: u32, test: &str) -> Result<File> {
    let text = RELEASE.trim_start().replace("for: 0s", &format!("for: {seconds}s"));
    File::new(name, format!("{text}  smokeTests: [{{name: front, endpoint: /front, retries: 0, {test}}}]\n"))
}

/// What passed alone and fails under traffic would be called verified.
#[tokio::test]
async fn a_color_that_fails_its_smoke_tests_after_the_switch_is_left() -> Result<()> {
    let ns = namespace("smoke-again").await?;
    with_answers(&ns, 1, &[("/front", Answer::status(200).body("warm").first(1))]).await?;
    let file = watched("smoke-again", 60, "expect: {body: warm}")?;
    let output = bluegreen(&ns, &file.words("--yes")).await?.ends(5)?;
    output.tells("failed a smoke test after the switch: front")?.tells("without \"warm\"")?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A color that is well would be taken back, or be tested without being told.
#[tokio::test]
async fn a_color_that_passes_twice_is_verified() -> Result<()> {
    let ns = namespace("smoke-twice").await?;
    with_answers(&ns, 2, &[("/front", Answer::status(200).body("warm"))]).await?;
    let file = watched("smoke-twice", 3, "expect: {body: warm}")?;
    bluegreen(&ns, &file.words("--yes")).await?.ends(0)?.tells("its smoke tests passed again")?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
