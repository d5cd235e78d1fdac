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

/// What the API server stores is written by Go, with `\u003c` for `<`: a record that a person's reason, or a failed
/// condition, is in would be another one than was read, and every later move and clean-up be refused.
#[tokio::test]
async fn no_character_of_a_reason_is_in_the_next_moves_way() -> Result<()> {
    let ns = namespace("switch-reason").await?;
    blue_green(&ns, 1).await?;
    let reason = "p99 < 200ms & errors > 1% \"quoted\" 'it' \\ \u{2028}\u{2029} é 😀";
    for words in [
        &["switch", "api", "--to", "green", "--verify-for=0"][..],
        &["rollback", "api"],
        &["switch", "api", "--to", "green", "--verify-for=0", "--force=failed-before"],
        &["cleanup", "api", "--before-due"],
        &["rollback", "api"],
    ] {
        let words = [&["bluegreen"], words, &["--yes", "--reason", reason]].concat();
        let ended = ns.kubectl(&words).await?;
        assert_eq!(ended.code, 0, "{words:?}\n{}", ended.stderr);
    }
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
