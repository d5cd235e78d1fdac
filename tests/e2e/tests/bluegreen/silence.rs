//! A connection that has gone silent: what was heard last is no proof of what is so.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::bluegreen::app::active;
use e2e::bluegreen::blue_green;
use e2e::bluegreen::calls::{is_move, is_read_of_service};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::record;
use e2e::common::pods::annotate_pods;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use lab::api_proxy::{Action, ApiProxy, When};
use lab::{Namespace, Output, Running};

const SWITCH: &[&str] =
    &["switch", "api", "--to", "green", "--yes", "--verify-for=4s", "--timeout=20s", "--request-timeout=2s", "-ojson"];

/// A switch that gets no answer any more once it has converged, for so long, while all of green fails.
async fn switched_blindly(ns: &Namespace, silent: Duration) -> Result<Output> {
    let proxy = ApiProxy::start(ns.lab()).await?;
    // Slices are listed then, and each list can be kept from being answered.
    proxy.on(|call| call.is_watch(), Action::fail(503, "ServiceUnavailable", "no watches today"));
    let hold = proxy.hold(When::After, is_move);
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let running = Running::start(ns.kubectl_as(proxy.kubeconfig()).plugin(&plugin, SWITCH))?;
    hold.arrived(LIMIT).await?;
    let looked = proxy.hold(When::Before, is_read_of_service);
    hold.release();
    bluegreen(ns, "status api --wait-for converged --timeout 30s").await?.ends(0)?;
    looked.arrived(LIMIT).await?;
    proxy.on(|call| !call.is_write(), Action::Delay(silent));
    looked.release();
    annotate_pods(ns, "version=green", &[("lab.kubectl-release.dev/behavior", "crash-loop")]).await?;
    running.wait(2 * LIMIT).await
}

/// "verified", and exit 0, while every request failed.
#[tokio::test]
async fn what_nobody_saw_is_not_verified() -> Result<()> {
    let ns = namespace("silent").await?;
    blue_green(&ns, 2).await?;
    let output = switched_blindly(&ns, 4 * LIMIT).await?.ends(4)?;
    ensure!(output.json()?["reason"] == "Unseen", "{}", said(&output));
    assert_eq!(active(&ns, "api").await?, "green", "nobody knows that blue would be better");
    ensure!(record(&ns, "api").await?["result"] != "done");
    Ok(())
}

/// Answers come late, but before anybody has to say how it ended: what they say counts.
#[tokio::test]
async fn what_is_seen_late_is_judged_all_the_same() -> Result<()> {
    let ns = namespace("late").await?;
    blue_green(&ns, 2).await?;
    switched_blindly(&ns, Duration::from_millis(1500)).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
