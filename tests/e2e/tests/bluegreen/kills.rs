//! SIGKILL between any two API calls: the cluster alone says where things stand, and the same
//! command typed again finishes, or the opposite one undoes.

use anyhow::Result;
use e2e::bluegreen::kill_points::{Ending, Scenario};

const TO_GREEN: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
const BACK: &[&str] = &["rollback", "api", "--yes"];
const ALL_TO_GREEN: &[&str] = &["switch", "api", "admin", "grpc", "--to", "green", "--yes", "--verify-for=0"];
const ALL_BACK: &[&str] = &["rollback", "api", "admin", "grpc", "--yes"];
/// Between the runs of a test, sizes are put back by hand.
const TAKE_DOWN: &[&str] = &["cleanup", "api", "--before-due", "--force=changed-since", "--yes"];

const ON_BLUE: Ending = Ending { color: "blue", blue: Some(2) };
const ON_GREEN: Ending = Ending { color: "green", blue: Some(2) };

async fn killed_at_every_point(scenario: Scenario) -> Result<()> {
    let tally = scenario.kill_everywhere().await?;
    assert!(tally.calls > 10, "a clean run makes more calls than {}", tally.calls);
    assert_eq!(tally.killed.len(), 2 * tally.calls, "every call is a point before and a point after");
    assert!(
        tally.finished > tally.calls && tally.undone > tally.calls,
        "half are finished, half undone, and writes both"
    );
    Ok(())
}

/// A user whose laptop lid closes in the middle of a switch would be left with a Service that
/// selects nothing, or with no way to find out or to go on.
#[tokio::test]
async fn a_switch() -> Result<()> {
    killed_at_every_point(Scenario {
        name: "kill-switch",
        services: &["api"],
        before: &[TO_GREEN, BACK],
        verb: TO_GREEN,
        undo: BACK,
        finished: ON_GREEN,
        undone: ON_BLUE,
    })
    .await
}

/// A user who moves three Services as one would be left with some here and some there, and
/// neither the same command nor a rollback would bring them together again.
#[tokio::test]
async fn a_switch_of_three_services() -> Result<()> {
    killed_at_every_point(Scenario {
        name: "kill-three",
        services: &["api", "admin", "grpc"],
        before: &[ALL_TO_GREEN, ALL_BACK],
        verb: ALL_TO_GREEN,
        undo: ALL_BACK,
        finished: ON_GREEN,
        undone: ON_BLUE,
    })
    .await
}

/// A user whose connection breaks during a rollback at night would not know which version serves.
#[tokio::test]
async fn a_rollback() -> Result<()> {
    killed_at_every_point(Scenario {
        name: "kill-rollback",
        services: &["api"],
        before: &[TO_GREEN],
        verb: BACK,
        undo: TO_GREEN,
        finished: ON_BLUE,
        undone: ON_GREEN,
    })
    .await
}

/// A user whose old version was scaled down already would be left with pods that start and nobody
/// who moves the Service to them.
#[tokio::test]
async fn a_rollback_to_a_color_that_is_down() -> Result<()> {
    killed_at_every_point(Scenario {
        name: "kill-cold",
        services: &["api"],
        before: &[TO_GREEN, TAKE_DOWN],
        verb: BACK,
        undo: TO_GREEN,
        finished: ON_BLUE,
        undone: Ending { color: "green", blue: None },
    })
    .await
}

/// A user whose cleanup job is evicted would keep paying for half a color, or could not go back
/// to the color that was being taken down.
#[tokio::test]
async fn a_cleanup() -> Result<()> {
    killed_at_every_point(Scenario {
        name: "kill-cleanup",
        services: &["api"],
        before: &[TO_GREEN],
        verb: TAKE_DOWN,
        undo: BACK,
        finished: Ending { color: "green", blue: Some(0) },
        undone: ON_BLUE,
    })
    .await
}
