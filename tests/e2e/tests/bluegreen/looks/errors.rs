//! Errors: what happened, and what to do next.

use anyhow::Result;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;

use super::{LOOKS, ci_bot, shop};

/// An error without a next step leaves a person searching.
#[tokio::test]
async fn errors_people_meet() -> Result<()> {
    let ns = shop(1, 1).await?;
    let user = ci_bot(&ns).await?;
    for (name, words) in [
        ("error_no_such_service", "status web"),
        ("error_no_such_color", "switch api --to red --yes"),
        ("error_not_a_service", "switch deploy/api --to green --yes"),
        ("error_no_target", "switch api --yes"),
        ("error_not_confirmed", "switch api --to green"),
        ("error_forbidden", "status api -n kube-system"),
        ("error_unreachable", "status api --server https://127.0.0.1:1"),
        ("error_wait_for", "status api --wait-for green"),
        ("error_no_record", "cleanup api --yes"),
    ] {
        LOOKS.see(&user, name, words).await?;
    }
    // What is to be undone was done before: the command that is named goes through.
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --force=twin-service").await?.ends(0)?;
    LOOKS.see(&user, "error_undo", "undo api").await?;
    Ok(())
}
