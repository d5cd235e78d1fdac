//! What others do to a canary Ingress between read and write, and runs that are cut off.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::routed::{TOTAL, WEIGHT, canary_ingresses, canary_weight, two_colors};
use e2e::bluegreen::run::{bluegreen, killed_at};
use e2e::common::calls::json_patch;
use e2e::common::run::Ended;
use e2e::common::stopped_run::StoppedRun;
use e2e::namespace;
use k8s_openapi::api::networking::v1::Ingress;
use lab::api_proxy::{Action, ApiProxy, Call, When};
use lab::{Namespace, Running, eventually};

const TO_GREEN: [&str; 6] = ["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
const FLAG: &str = "nginx.ingress.kubernetes.io/canary";

async fn routed(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    two_colors(&ns, 1).await?;
    canary_ingresses(&ns, Some("0")).await?;
    Ok(ns)
}

fn is_move(call: &Call) -> bool {
    let ops = json_patch(call, "/ingresses/");
    ops.iter().any(|op| op["op"] == "add" && op["path"].as_str().is_some_and(|path| path.ends_with("canary-weight")))
}

fn plugin(ns: &Namespace, kubeconfig: &std::path::Path) -> Result<Running> {
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    Running::start(ns.kubectl_as(kubeconfig).plugin(&plugin, &TO_GREEN))
}

async fn annotate(ns: &Namespace, key: &str, value: Option<&str>) -> Result<()> {
    ns.annotate::<Ingress>("api-canary", key, value).await.map(drop)
}

/// A canary that begins after we have read, another total, a flag that is switched off: none is written over.
#[tokio::test]
async fn what_others_wrote_meanwhile_is_left_to_them() -> Result<()> {
    let ns = routed("nginx-raced").await?;
    for (key, theirs, before) in [
        (WEIGHT, Some("5"), Some("0")),
        (WEIGHT, None, Some("0")),
        (TOTAL, Some("1000"), None),
        (FLAG, Some("false"), Some("true")),
    ] {
        let stopped = StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig)).await?;
        annotate(&ns, key, theirs).await?;
        let output = stopped.go_on().await?;
        assert_eq!(output.code, 3, "{key}: {}\n{}", output.stdout, output.stderr);
        let weight = canary_weight(&ns).await?;
        assert_eq!(weight.as_deref(), if key == WEIGHT { theirs } else { Some("0") });
        annotate(&ns, key, before).await?;
    }
    Ok(())
}

/// What else of the Ingress somebody changes is no reason to stop, and is kept.
#[tokio::test]
async fn another_annotation_that_comes_meanwhile_is_kept() -> Result<()> {
    let ns = routed("nginx-beside").await?;
    let stopped = StoppedRun::at(&ns, is_move, When::Before, |kubeconfig| plugin(&ns, kubeconfig)).await?;
    annotate(&ns, "nginx.ingress.kubernetes.io/canary-by-cookie", Some("canary")).await?;
    let output = stopped.go_on().await?;
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(canary_weight(&ns).await?.as_deref(), Some("100"));
    Ok(())
}

/// The lid closes at the write: the same words finish it, or `rollback` undoes it; an answer that is lost is read back.
#[tokio::test]
async fn a_run_that_is_killed_at_the_write_is_finished_or_undone() -> Result<()> {
    let ns = routed("nginx-killed").await?;
    for (when, undo) in [(When::Before, false), (When::After, false), (When::After, true)] {
        again(&ns).await?;
        killed_at(&ns, &TO_GREEN.join(" "), when, is_move).await?;
        eventually("the write has taken place, or never does", LIMIT, || async {
            let now = canary_weight(&ns).await?.unwrap_or_default();
            ensure!(now == "0" || now == "100", "half a switch: {now}");
            Ok((when == When::Before || now == "100").then_some(()))
        })
        .await?;
        let (words, left) = if undo { ("rollback api --yes", "0") } else { (&*TO_GREEN.join(" "), "100") };
        bluegreen(&ns, words).await?.ends(0)?;
        assert_eq!(canary_weight(&ns).await?.as_deref(), Some(left));
    }
    again(&ns).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    proxy.once(is_move, Action::timeout_after_commit());
    plugin(&ns, proxy.kubeconfig())?.wait(LIMIT).await?.ends(0)?.tells("the change is there")?;
    assert_eq!(canary_weight(&ns).await?.as_deref(), Some("100"));
    Ok(())
}

/// On blue, and nobody has moved it.
async fn again(ns: &Namespace) -> Result<()> {
    for key in ["kubectl-release.dev/bluegreen", "kubectl-release.dev/bluegreen-history"] {
        annotate(ns, key, None).await?;
    }
    annotate(ns, WEIGHT, Some("0")).await
}
