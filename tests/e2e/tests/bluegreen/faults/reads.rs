//! Reads that fail, once or for ever, and a slow API server.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::calls::{is_optional_read, is_read_of_service};
use e2e::bluegreen::trial::{SWITCH, Trial};
use e2e::common::calls::is_read;
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::{Action, Answer};

use super::first_of_each;

/// A user would have to type the command again for a hiccup that every API server has now and then.
#[tokio::test]
async fn a_read_that_fails_once_is_made_again() -> Result<()> {
    const FAULTS: [Fault; 6] = [
        fault("each read 500 once", |p| first_of_each(p, is_read, refused(500)), 0, "green"),
        fault("each read 503 once", |p| first_of_each(p, is_read, refused(503)), 0, "green"),
        fault("each read 429 once", |p| first_of_each(p, is_read, Action::too_many_requests(None)), 0, "green"),
        fault(
            "each read 429 once, asking for 1 s",
            |p| first_of_each(p, is_read, Action::too_many_requests(Some(1))),
            0,
            "green",
        ),
        fault("each read reset once", |p| first_of_each(p, is_read, Action::Reset), 0, "green"),
        fault("disconnected once", |p| p.once(|call| call.is_about("/pods"), Action::Disconnect), 0, "green"),
    ];
    Trial::on_blue("fault-read-once").await?.with_each(SWITCH, &FAULTS).await
}

/// A user's pipeline would hang for as long as the API server is in trouble, or switch blindly.
#[tokio::test]
async fn a_read_that_fails_for_ever_ends_the_run() -> Result<()> {
    const FAULTS: [Fault; 9] = [
        fault("the Service 500", |p| p.on(is_read_of_service, refused(500)), 1, "blue"),
        fault(
            "the Service 429, asking for all eternity",
            |p| {
                p.on(
                    is_read_of_service,
                    Action::Respond(
                        Answer::status(429, "TooManyRequests", "busy").header("retry-after", "18446744073709551615"),
                    ),
                )
            },
            1,
            "blue",
        ),
        fault("the Service 429", |p| p.on(is_read_of_service, Action::too_many_requests(None)), 1, "blue"),
        fault(
            "the Service 429, asking for 1 s",
            |p| p.on(is_read_of_service, Action::too_many_requests(Some(1))),
            1,
            "blue",
        ),
        fault("the Service reset", |p| p.on(is_read_of_service, Action::Reset), 1, "blue"),
        fault("Deployments 500", |p| p.on(|call| call.is_about("/deployments"), refused(500)), 1, "blue"),
        fault("pods 500", |p| p.on(|call| call.is_about("/pods"), refused(500)), 1, "blue"),
        fault("EndpointSlices 403", |p| p.on(|call| call.is_about("/endpointslices"), refused(403)), 1, "blue"),
        fault(
            "pods never answer",
            |p| p.on(|call| call.is_about("/pods"), Action::Delay(Duration::from_secs(120))),
            1,
            "blue",
        ),
    ];
    Trial::on_blue("fault-read-ever").await?.with_each(SWITCH, &FAULTS).await
}

/// A user without rights on budgets or policies, or while one of their APIs is down, could not
/// switch at all; or would not learn what was not looked at.
#[tokio::test]
async fn a_check_that_cannot_be_made_is_named_and_no_obstacle() -> Result<()> {
    const FAULTS: [Fault; 5] = [
        fault("403", |p| p.on(is_optional_read, refused(403)), 0, "green"),
        fault("500", |p| p.on(is_optional_read, refused(500)), 0, "green"),
        fault("429", |p| p.on(is_optional_read, Action::too_many_requests(None)), 0, "green"),
        fault("reset", |p| p.on(is_optional_read, Action::Reset), 0, "green"),
        fault("silence", |p| p.on(is_optional_read, Action::Delay(Duration::from_secs(120))), 0, "green"),
    ];
    let trial = Trial::on_blue("fault-optional").await?;
    for optional in FAULTS {
        let ended = trial.with(SWITCH, &optional).await?;
        let findings = ended.said["findings"].as_array().cloned().unwrap_or_default();
        let skipped = findings.iter().filter(|finding| finding["severity"] == "notChecked").count();
        assert!(skipped >= 3, "{}: {skipped} checks are said not to have been made: {findings:?}", optional.name);
    }
    Ok(())
}

/// A user far away from the cluster would see a sound switch end in "out of time" and be taken back.
#[tokio::test]
async fn a_slow_server_only_takes_longer() -> Result<()> {
    let verb = &["switch", "api", "--to", "green", "--yes", "--verify-for=0", "--timeout=45s", "-ojson"];
    let slow = fault("2 s a call", |p| p.on(|_| true, Action::Delay(Duration::from_secs(2))), 0, "green");
    Trial::on_blue("fault-slow").await?.with(verb, &slow).await.map(drop)
}

/// The same, while the target is watched for a while after it has taken over.
#[tokio::test]
async fn a_slow_server_does_not_fail_the_verification() -> Result<()> {
    let verb = &["switch", "api", "--to", "green", "--yes", "--verify-for=4s", "--timeout=45s", "-ojson"];
    let slow = fault("2 s a call", |p| p.on(|_| true, Action::Delay(Duration::from_secs(2))), 0, "green");
    Trial::on_blue("fault-slow-verify").await?.with(verb, &slow).await.map(drop)
}
