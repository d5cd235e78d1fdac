//! Workloads that a new image reaches half, or not at all.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::{active, api, blue_green, color};
use e2e::bluegreen::run::bluegreen;
use e2e::common::paste::paste;
use e2e::common::run::{Ended, finding};
use e2e::namespace;
use lab::Namespace;
use lab::fixtures::Behavior;
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
