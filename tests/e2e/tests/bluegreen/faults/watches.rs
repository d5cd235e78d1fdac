//! Watches that end, break, or aren't allowed.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::trial::{SWITCH, Trial};
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::{Action, ApiProxy, Call};

fn on_watches(proxy: &ApiProxy, action: Action) {
    proxy.on(Call::is_watch, action);
}

/// A user behind a gateway that closes long requests, or without the right to watch, would see
/// every switch end in "out of time" and be taken back.
#[tokio::test]
async fn convergence_is_seen_without_a_lasting_watch() -> Result<()> {
    const FAULTS: [Fault; 9] = [
        fault("closed at once", |p| on_watches(p, Action::CloseAfterEvents(0)), 0, "green"),
        fault("closed after 50 ms", |p| on_watches(p, Action::CloseAfter(Duration::from_millis(50))), 0, "green"),
        fault("403", |p| on_watches(p, refused(403)), 0, "green"),
        fault("500", |p| on_watches(p, refused(500)), 0, "green"),
        fault("429, asking for 1 s", |p| on_watches(p, Action::too_many_requests(Some(1))), 0, "green"),
        fault("410", |p| on_watches(p, refused(410)), 0, "green"),
        fault("reset", |p| on_watches(p, Action::Reset), 0, "green"),
        fault("disconnected", |p| on_watches(p, Action::Disconnect), 0, "green"),
        fault("silence", |p| on_watches(p, Action::Delay(Duration::from_secs(120))), 0, "green"),
    ];
    let trial = Trial::on_blue("fault-watch").await?;
    trial.with_each(SWITCH, &FAULTS).await?;
    let watched = trial.with(SWITCH, &FAULTS[0]).await?.proxy.calls().iter().any(Call::is_watch);
    assert!(watched, "nothing was watched, so no fault was met");
    Ok(())
}

/// The same, while the target is watched for a while after it has taken over.
#[tokio::test]
async fn verification_holds_without_a_lasting_watch() -> Result<()> {
    const FAULTS: [Fault; 3] = [
        fault("closed at once", |p| on_watches(p, Action::CloseAfterEvents(0)), 0, "green"),
        fault("403", |p| on_watches(p, refused(403)), 0, "green"),
        fault("silence", |p| on_watches(p, Action::Delay(Duration::from_secs(120))), 0, "green"),
    ];
    let verb = &[
        "switch",
        "api",
        "--to",
        "green",
        "--yes",
        "--verify-for=2s",
        "--timeout=20s",
        "--request-timeout=5s",
        "-ojson",
    ];
    Trial::on_blue("fault-watch-verify").await?.with_each(verb, &FAULTS).await
}
