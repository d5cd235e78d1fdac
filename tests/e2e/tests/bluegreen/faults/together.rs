//! Three Services that move as one, and a fault in the middle.

use anyhow::Result;
use e2e::bluegreen::calls::{color_moved_to, is_move};
use e2e::bluegreen::claims::true_document;
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::trial::Trial;
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::{Action, Call};

const SWITCH: &[&str] = &[
    "switch",
    "api",
    "admin",
    "grpc",
    "--to",
    "green",
    "--yes",
    "--verify-for=0",
    "--timeout=20s",
    "--request-timeout=5s",
    "-ojson",
];

fn moves_admin(call: &Call) -> bool {
    is_move(call) && call.is_about("/services/admin")
}

fn moves_grpc(call: &Call) -> bool {
    is_move(call) && call.is_about("/services/grpc")
}

async fn three(test: &str) -> Result<Trial> {
    Trial::of(Setup::new(test, &["api", "admin", "grpc"]).await?).await
}

/// A user would be left with one Service on the new version and two on the old.
#[tokio::test]
async fn all_move_or_none() -> Result<()> {
    const FAULTS: [Fault; 9] = [
        fault("the second 403", |p| p.on(moves_admin, refused(403)), 5, "blue"),
        fault("the third 403", |p| p.on(moves_grpc, refused(403)), 5, "blue"),
        fault("the third 500, not done", |p| p.once(moves_grpc, refused(500)), 5, "blue"),
        fault("the second reset, not done", |p| p.once(moves_admin, Action::Reset), 5, "blue"),
        fault("the third 409 for ever", |p| p.on(moves_grpc, Action::conflict()), 3, "blue"),
        fault("the third 409 once", |p| p.once(moves_grpc, Action::conflict()), 0, "green"),
        fault("the second 504, done", |p| p.once(moves_admin, Action::timeout_after_commit()), 0, "green"),
        fault("the third reset, done", |p| p.once(moves_grpc, Action::ForwardThenReset), 0, "green"),
        fault(
            "the third 403, taking back 504, done",
            |p| {
                p.on(moves_grpc, refused(403));
                p.once(|call| color_moved_to(call).as_deref() == Some("blue"), Action::timeout_after_commit());
            },
            5,
            "blue",
        ),
    ];
    three("fault-three").await?.with_each(SWITCH, &FAULTS).await
}

/// A user would not learn which of three Services is where, after going back failed as well.
#[tokio::test]
async fn one_that_cannot_be_taken_back_is_named() -> Result<()> {
    let trial = three("fault-three-stuck").await?;
    let stuck = fault(
        "the third 403, taking back the first 403",
        |p| {
            p.on(moves_grpc, refused(403));
            p.on(
                |call| call.is_about("/services/api") && color_moved_to(call).as_deref() == Some("blue"),
                refused(403),
            );
        },
        1,
        "",
    );
    let output = trial.run(SWITCH, &stuck).await?;
    assert_eq!(output.code, 1, "{}", output.stdout);
    assert_eq!(trial.setup.colors().await?, ["green", "blue", "blue"]);
    let said = true_document(&trial.setup, &output).await?;
    assert!(said["message"].as_str().is_some_and(|text| text.contains("service/api")), "{said}");
    assert!(said["next"].is_string(), "{said}");
    Ok(())
}
