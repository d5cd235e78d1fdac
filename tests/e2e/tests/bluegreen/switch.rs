//! The main job: `kubectl bluegreen switch` and back.

use anyhow::Result;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::document;
use e2e::namespace;

/// A user loses the release itself if a plain switch doesn't arrive.
#[tokio::test]
async fn a_switch_moves_the_service_and_a_rollback_brings_it_back() -> Result<()> {
    let ns = namespace("switch").await?;
    blue_green(&ns, 2).await?;

    let switched = ns.kubectl(&["bluegreen", "switch", "api", "--to", "green", "--yes", "--verify-for=0"]).await?;
    assert_eq!(switched.code, 0, "{}", switched.stderr);
    assert_eq!(active(&ns, "api").await?, "green");

    let back = ns.kubectl(&["bluegreen", "rollback", "api", "--yes", "-ojson"]).await?;
    assert_eq!(back.code, 0, "{}", back.stderr);
    assert_eq!(active(&ns, "api").await?, "blue");
    assert_eq!(document(&back.stdout)?["services"][0]["to"], "blue");
    Ok(())
}
