//! SIGKILL between any two calls of a rollback, to the API server or to ECR: the cluster alone says
//! where things stand, and the same command typed again finishes, and never goes back twice.

use anyhow::Result;
use e2e::ecr::kill_points::{ONCE, Point, Scenario, Step};
use e2e::ecr::releases::{NEWEST, ONE_FURTHER, PREVIOUS};
use lab::fixtures::Behavior;
use lab::registry::When;

/// A CI job that is evicted and retried would go back two releases, or leave production on an
/// image that nobody watches.
#[tokio::test]
async fn a_rollback() -> Result<()> {
    let killed = ONCE.kill_everywhere().await?;
    assert!(killed >= 24, "a clean run has more points than {killed}");
    Ok(())
}

/// Once the result is recorded, the first run is over: only `--if-running` tells a retry from the
/// wish to go further.
fn one_further(point: &Point) -> &'static str {
    match (point.step, point.when) {
        (Step::Result, When::After) => "deploy/APP --again --if-running=1.0.5 --yes --timeout=60s",
        _ => "deploy/APP --again --yes --timeout=60s",
    }
}

/// Who goes back one further on purpose, and whose terminal dies, would end two further back.
#[tokio::test]
async fn a_rollback_one_further() -> Result<()> {
    let killed = Scenario {
        name: "kill-ecr-again",
        before: Some("deploy/APP --yes --timeout=60s"),
        verb: "deploy/APP --again --yes --timeout=60s",
        again: one_further,
        only: |point| point.step != Step::Read && !point.is_a_look(),
        images: [PREVIOUS, ONE_FURTHER],
        ends_on: ONE_FURTHER,
        ..ONCE
    }
    .kill_everywhere()
    .await?;
    assert!(killed >= 6, "a clean run has more points than {killed}");
    Ok(())
}

/// A release that fails at night would stay, because the one who was to take it back was killed.
#[tokio::test]
async fn a_rollback_that_is_taken_back() -> Result<()> {
    let killed = Scenario {
        name: "kill-ecr-bad",
        // It fails by what is seen of its pods, however long that takes; a time is only a limit.
        previous: Behavior::CrashLoop,
        verb: "deploy/APP --yes --timeout=50s",
        // Where it was taken back before the kill, it is tried again on purpose only.
        again: |_| "deploy/APP --yes --timeout=50s --force=failed-before",
        only: |point| point.step != Step::Read,
        exit: 5,
        ends_on: NEWEST,
        result: "rolled back",
        ..ONCE
    }
    .kill_everywhere()
    .await?;
    assert!(killed >= 8, "a clean run has more points than {killed}");
    Ok(())
}
