//! Workloads that a new image reaches half, or not at all.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::{active, api, blue_green, color};
use e2e::bluegreen::run::bluegreen;
use e2e::common::paste::paste;
use e2e::common::pods::{is_waiting, pods};
use e2e::common::run::{Ended, admin, finding};
use e2e::namespace;
use lab::fixtures::Behavior;
use lab::{Namespace, eventually};
use serde_json::{Value, json};

use super::{NEXT, refused_untouched};

async fn sets(test: &str, strategy: &Value) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let set = |name| color(name, 2, Behavior::Ready).stateful().spec("updateStrategy", strategy.clone());
    ns.apply_all(&api().color(set("blue")).color(set("green")).objects()).await?;
    for name in ["blue", "green"] {
        // What `rollout status` can't tell of OnDelete.
        let ready = format!("statefulset/api-{name}");
        ns.kubectl(&["wait", "--for=jsonpath={.status.readyReplicas}=2", &ready, "--timeout=60s"]).await?.ends(0)?;
    }
    Ok(ns)
}

/// The image would be written, and the run would wait for pods that nobody replaces.
#[tokio::test]
async fn pods_that_nobody_replaces_are_told_before_anything_is_written() -> Result<()> {
    for (test, strategy, id) in [
        ("held-on-delete", json!({"type": "OnDelete"}), "on-delete"),
        ("held-partition", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}), "partition"),
        ("held-whole", json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 7}}), "partition"),
    ] {
        let ns = sets(test, &strategy).await?;
        let document = refused_untouched(&ns).await?;
        let found = finding(&document, id).with_context(|| format!("{document:#}"))?;
        assert_eq!(found["severity"], "block", "{document:#}");
        paste(&ns, found["fix"].as_str().unwrap_or_default()).await?.ends(0)?;
        bluegreen(&ns, NEXT).await?.ends(0)?;
        assert_eq!(active(&ns, "api").await?, "green");
    }
    Ok(())
}

/// Whoever overrides it is told what the run waits for.
#[tokio::test]
async fn what_holds_a_rollout_is_named_when_time_is_over() -> Result<()> {
    let ns = sets("held-forced", &json!({"type": "OnDelete"})).await?;
    let words = format!("{NEXT} --force=on-delete --timeout=4s -ojson");
    let document = bluegreen(&ns, &words).await?.ends(4)?.json()?;
    ensure!(document["message"].as_str().is_some_and(|message| message.contains("OnDelete")), "{document:#}");
    let ns = namespace("held-paused").await?;
    blue_green(&ns, 2).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    ns.kubectl(&["rollout", "pause", "deployment/api-green"]).await?.ends(0)?;
    let words = format!("{NEXT} --force=paused --timeout=4s -ojson");
    let document = bluegreen(&ns, &words).await?.ends(4)?.json()?;
    ensure!(document["message"].as_str().is_some_and(|message| message.contains("paused")), "{document:#}");
    Ok(())
}

/// A StatefulSet never replaces a pod that isn't ready, also where the next template would mend it (kubernetes#67250):
/// the same words would wait for it for ever.
#[tokio::test]
async fn a_pod_that_is_never_replaced_is_named() -> Result<()> {
    let ns = namespace("held-stuck").await?;
    let set = |name, behavior| color(name, 1, behavior).stateful().spec("podManagementPolicy", "OrderedReady");
    ns.apply_all(&api().color(set("blue", Behavior::Ready)).color(set("green", Behavior::ImagePullError)).objects())
        .await?;
    ns.rolled_out("statefulset/api-blue", LIMIT).await?;
    eventually("green's pod fails", LIMIT, || async {
        Ok(pods(&ns, "version=green").await?.iter().any(|pod| is_waiting(pod, "ImagePullBackOff")).then_some(()))
    })
    .await?;
    let pointer = "/spec/template/metadata/annotations/lab.kubectl-release.dev~1behavior";
    let mended = json!([{"op": "replace", "path": pointer, "value": "ready"}]).to_string();
    admin(&ns).must(&["patch", "statefulset", "api-green", "--type=json", "-p", &mended]).await?;
    let document = bluegreen(&ns, &format!("{NEXT} --to=green -ojson")).await?.ends(1)?.json()?;
    let next = document["next"].as_str().unwrap_or_default();
    ensure!(next.contains("kubectl delete pod api-green-0"), "{document:#}");
    paste(&ns, next).await?.ends(0)?;
    bluegreen(&ns, &format!("{NEXT} --to=green")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}
