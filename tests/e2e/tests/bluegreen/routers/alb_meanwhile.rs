//! What others do to an Ingress between read and write, and runs that are cut off.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::routed::{ACTION, action_of, balanced, forward, two_colors};
use e2e::bluegreen::run::bluegreen;
use e2e::common::calls::json_patch;
use e2e::common::run::Ended;
use e2e::common::stopped_run::StoppedRun;
use e2e::namespace;
use k8s_openapi::api::networking::v1::Ingress;
use lab::api_proxy::{Action, ApiProxy, Call, When};
use lab::{Namespace, Running, eventually};

const TO_GREEN: [&str; 6] = ["switch", "api", "--to", "green", "--yes", "--verify-for=0"];

async fn routed(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 1).await?;
    ns.apply(&balanced(&forward(100, 0))).await?;
    Ok(ns)
}

fn is_move(call: &Call) -> bool {
    json_patch(call, "/ingresses/")
        .iter()
        .any(|op| op["path"].as_str().is_some_and(|path| path.ends_with("actions.api")))
}

fn plugin(ns: &Namespace, kubeconfig: &std::path::Path) -> Result<Running> {
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    Running::start(ns.kubectl_as(kubeconfig).plugin(&plugin, &TO_GREEN))
}

/// A canary that begins after we have read, or a stickiness that a colleague adds: neither is written over.
#[tokio::test]
async fn an_action_that_others_wrote_meanwhile_is_left_to_them() -> Result<()> {
    let ns = routed("alb-raced").await?;
    for theirs in [forward(90, 10), forward(100, 0).replace("forwardConfig\":", "note\":1,\"forwardConfig\":")] {
        ns.annotate::<Ingress>("edge", ACTION, Some(&forward(100, 0))).await?;
        let stopped = StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig)).await?;
        ns.annotate::<Ingress>("edge", ACTION, Some(&theirs)).await?;
        let output = stopped.go_on().await?;
        assert_eq!(output.code, 3, "{}\n{}", output.stdout, output.stderr);
        assert_eq!(action_of(&ns).await?, theirs);
    }
    Ok(())
}

/// What else of the Ingress somebody changes is no reason to stop, and is kept.
#[tokio::test]
async fn another_annotation_that_comes_meanwhile_is_kept() -> Result<()> {
    let ns = routed("alb-beside").await?;
    let stopped = StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig)).await?;
    ns.annotate::<Ingress>("edge", "alb.ingress.kubernetes.io/scheme", Some("internal")).await?;
    let output = stopped.go_on().await?;
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(action_of(&ns).await?, forward(0, 100));
    Ok(())
}

/// The lid closes at the write: the same words finish it, or `rollback` undoes it; an answer that is lost is read back.
#[tokio::test]
async fn a_run_that_is_killed_at_the_write_is_finished_or_undone() -> Result<()> {
    let ns = routed("alb-killed").await?;
    for (when, undo) in [(When::Before, false), (When::After, false), (When::After, true)] {
        for key in ["kubectl-release.dev/bluegreen", "kubectl-release.dev/bluegreen-history"] {
            ns.annotate::<Ingress>("edge", key, None).await?;
        }
        ns.annotate::<Ingress>("edge", ACTION, Some(&forward(100, 0))).await?;
        let proxy = ApiProxy::start(ns.lab()).await?;
        let hold = proxy.hold(when, is_move);
        let running = plugin(&ns, proxy.kubeconfig())?;
        hold.arrived(LIMIT).await?;
        running.kill().await?;
        hold.release();
        eventually("the write has taken place, or never does", LIMIT, || async {
            let now = action_of(&ns).await?;
            ensure!(now == forward(0, 100) || now == forward(100, 0), "half a switch: {now}");
            Ok((when == When::Before || now == forward(0, 100)).then_some(()))
        })
        .await?;
        let (words, left) =
            if undo { ("rollback api --yes", forward(100, 0)) } else { (&*TO_GREEN.join(" "), forward(0, 100)) };
        bluegreen(&ns, words).await?.ends(0)?;
        assert_eq!(action_of(&ns).await?, left);
    }
    // A way back that was just gone blocks the same words.
    for key in ["kubectl-release.dev/bluegreen", "kubectl-release.dev/bluegreen-history"] {
        ns.annotate::<Ingress>("edge", key, None).await?;
    }
    ns.annotate::<Ingress>("edge", ACTION, Some(&forward(100, 0))).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    proxy.once(is_move, Action::timeout_after_commit());
    plugin(&ns, proxy.kubeconfig())?.wait(LIMIT).await?.ends(0)?.tells("the change is there")?;
    Ok(())
}
