//! The target fails while it is verified, and the write that takes the move back meets a fault.

use std::path::Path;

use anyhow::{Context, Result};
use e2e::LIMIT;
use e2e::bluegreen::calls::{color_moved_to, is_move, is_read_of_service};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::setup::Setup;
use e2e::bluegreen::trial::{Ended, Trial};
use e2e::common::faults::{BOUND, Fault, fault, refused};
use e2e::common::run::Ended as _;
use e2e::common::stopped_run::StoppedRun;
use lab::annotations::{BEHAVIOR, READY};
use lab::api_proxy::{Action, ApiProxy, Call, When};
use lab::eventually;

const SWITCH: &[&str] =
    &["switch", "api", "--to", "green", "--yes", "--verify-for=30s", "--timeout=40s", "--request-timeout=5s", "-ojson"];

fn is_take_back(call: &Call) -> bool {
    color_moved_to(call).as_deref() == Some("blue")
}

/// Green is ready for as long as it is told to be.
async fn on_demand(test: &str) -> Result<Trial> {
    let setup = Setup::new(test, &["api"]).await?;
    make_ready(&setup, true).await?;
    setup.settled().await?;
    Trial::of(setup).await
}

async fn make_ready(setup: &Setup, ready: bool) -> Result<()> {
    make_color_ready(setup, "green", ready).await
}

async fn make_color_ready(setup: &Setup, color: &str, ready: bool) -> Result<()> {
    let (behavior, ready) = (format!("{BEHAVIOR}=on-demand"), format!("{READY}={ready}"));
    let (kubectl, label) = (setup.ns.kubectl_as(setup.ns.lab().kubeconfig()), format!("version={color}"));
    kubectl.must(&["annotate", "pods", "--overwrite", "-l", &label, &behavior, &ready]).await.map(drop)
}

/// Switches, and makes green fail once it is being verified.
async fn fail_while_verified(trial: &Trial, verb: &[&str], fault: &Fault) -> Result<Ended> {
    make_ready(&trial.setup, true).await?;
    trial.setup.settled().await?;
    // The Deployment's status follows its pods; until it does, its rollout is unfinished.
    trial.setup.ns.rolled_out("deployment/api-green", LIMIT).await?;
    let (proxy, running) = trial.start(verb, fault).await?;
    eventually("the move is being verified", LIMIT, || async {
        let calls = proxy.calls();
        let moved = calls.iter().position(|call| is_move(call) && call.status == Some(200));
        Ok(moved.and_then(|at| calls[at..].iter().find(|call| is_read_of_service(call)).map(drop)))
    })
    .await?;
    make_ready(&trial.setup, false).await?;
    let output = running.wait(BOUND).await.context(fault.name)?;
    trial.judge(fault, output, proxy).await
}

/// A user would be left on a version that fails, although going back was only delayed.
#[tokio::test]
async fn a_failed_switch_is_taken_back_through_passing_faults() -> Result<()> {
    const FAULTS: [Fault; 9] = [
        fault("no fault", |_| (), 5, "blue"),
        fault("409 once", |p| p.once(is_take_back, Action::conflict()), 5, "blue"),
        fault("429 once, asking for 1 s", |p| p.once(is_take_back, Action::too_many_requests(Some(1))), 5, "blue"),
        fault("reset once, not done", |p| p.once(is_take_back, Action::Reset), 5, "blue"),
        fault("504 once, done", |p| p.once(is_take_back, Action::timeout_after_commit()), 5, "blue"),
        // A webhook that restarts, an election of etcd: some seconds, in which nobody else goes back.
        fault(
            "500 for a while",
            |p| p.on_times(8, is_take_back, Action::fail(500, "InternalError", "failed calling webhook")),
            5,
            "blue",
        ),
        fault(
            "503 for a while",
            |p| p.on_times(8, is_take_back, Action::fail(503, "ServiceUnavailable", "no leader")),
            5,
            "blue",
        ),
        fault("reset for a while", |p| p.on_times(8, is_take_back, Action::Reset), 5, "blue"),
        fault("reset once, done", |p| p.once(is_take_back, Action::ForwardThenReset), 5, "blue"),
    ];
    let trial = on_demand("fault-taken-back").await?;
    for passing in FAULTS {
        let ended = fail_while_verified(&trial, SWITCH, &passing).await?;
        assert_eq!(ended.said["reason"], "RolledBack", "{}: {}", passing.name, ended.said);
    }
    Ok(())
}

/// The old color went down as well, and the new one is well again: users would be left with nobody.
#[tokio::test]
async fn what_was_taken_back_to_nobody_goes_forward_again() -> Result<()> {
    const VERB: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=30s", "--timeout=120s", "-ojson"];
    let setup = Setup::new("taken-back-vainly", &["api"]).await?;
    make_color_ready(&setup, "green", true).await?;
    make_color_ready(&setup, "blue", true).await?;
    setup.settled().await?;
    setup.ns.rolled_out("deployment/api-green", LIMIT).await?;
    let fails = async {
        bluegreen(&setup.ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
        bluegreen(&setup.ns, "status api --wait-for converged --timeout 60s").await?.ends(0)?;
        make_color_ready(&setup, "green", false).await
    };
    let start = |kubeconfig: &Path| setup.start(kubeconfig, VERB);
    let (stopped, failed) = tokio::join!(StoppedRun::at(&setup.ns, is_take_back, When::After, start), fails);
    failed?;
    make_color_ready(&setup, "blue", false).await?;
    make_color_ready(&setup, "green", true).await?;
    eventually("nobody serves", LIMIT, || async {
        let slices = ["get", "endpointslices", "-l", "kubernetes.io/service-name=api", "-o", "jsonpath={..ready}"];
        let ready = setup.ns.kubectl(&slices).await?.ends(0)?.stdout;
        Ok((!ready.contains("true")).then_some(()))
    })
    .await?;
    let document = stopped?.go_on().await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "RollbackFailed", "{document:#}");
    assert_eq!(setup.colors().await?, ["green"], "{document:#}");
    let again = bluegreen(&setup.ns, "switch api --to green --yes --verify-for=1s").await?;
    again.ends(0)?;
    Ok(())
}

/// A user would believe to be back on the old version while the failing one serves.
#[tokio::test]
async fn a_move_that_cannot_be_taken_back_is_said_to_stand() -> Result<()> {
    const FAULTS: [Fault; 3] = [
        fault("403", |p| p.on(is_take_back, refused(403)), 1, "green"),
        fault("500, not done", |p| p.on(is_take_back, refused(500)), 1, "green"),
        fault("409 for ever", |p| p.on(is_take_back, Action::conflict()), 1, "green"),
    ];
    let trial = on_demand("fault-stuck").await?;
    for lasting in FAULTS {
        let said = fail_while_verified(&trial, SWITCH, &lasting).await?.said;
        assert_eq!(said["reason"], "RollbackFailed", "{}: {said}", lasting.name);
        assert!(said["message"].as_str().is_some_and(|text| text.contains("green")), "{said}");
        assert!(said["next"].as_str().is_some_and(|next| next.contains("rollback api")), "{said}");
    }
    Ok(())
}

/// A user who asked for a failed switch to be left as it is would read that nothing happened.
#[tokio::test]
async fn a_failed_switch_that_is_left_is_said_to_stand() -> Result<()> {
    let trial = on_demand("fault-left").await?;
    let verb: Vec<&str> = SWITCH.iter().copied().chain(["--no-rollback"]).collect();
    let said = fail_while_verified(&trial, &verb, &fault("left as it is", no_fault, 1, "green")).await?.said;
    assert!(said["next"].is_string(), "{said}");
    Ok(())
}

fn no_fault(_: &ApiProxy) {}
