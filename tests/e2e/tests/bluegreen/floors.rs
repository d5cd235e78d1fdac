//! Floors of autoscalers that a move raised: put back once it is over, and nobody else's.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{scale, taken_down};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::common::permissions::with_rules;
use e2e::common::run::{Ended, admin};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use lab::Namespace;
use lab::fixtures::autoscaler;
use serde_json::json;

const BEFORE: &str = "kubectl-release.dev/min-replicas-before";

async fn floor(ns: &Namespace) -> Result<Option<i32>> {
    let hpa = ns.api::<HorizontalPodAutoscaler>().get("api-green").await?;
    Ok(hpa.spec.and_then(|spec| spec.min_replicas))
}

/// Green was brought from nothing to blue's two pods, its autoscaler's floor with it, and serves.
async fn raised(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    ns.apply(&autoscaler("api-green", 1, 9)).await?;
    bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    assert_eq!(floor(&ns).await?, Some(2));
    Ok(ns)
}

/// Somebody gave production more pods for the evening: the nightly job would take them away.
#[tokio::test]
async fn a_floor_that_somebody_set_since_stays() -> Result<()> {
    let ns = raised("floor-theirs").await?;
    let patch = json!({"spec": {"minReplicas": 4}}).to_string();
    admin(&ns).run(&["patch", "hpa", "api-green", "-p", &patch]).await?.ends(0)?;
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    ensure!(!status.to_string().contains("floor-raised"), "{status:#}");
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(floor(&ns).await?, Some(4));
    Ok(())
}

/// The floor is put back where it is ours still.
#[tokio::test]
async fn a_floor_that_we_raised_goes_down_with_the_color_that_was_left() -> Result<()> {
    let ns = raised("floor-ours").await?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(floor(&ns).await?, Some(1));
    Ok(())
}

/// An autoscaler made from a copy of one that was raised has its annotation, and a floor of its own.
#[tokio::test]
async fn a_copied_annotation_lowers_nothing() -> Result<()> {
    let ns = namespace("floor-copied").await?;
    blue_green(&ns, 2).await?;
    let mut copied = autoscaler("api-green", 3, 9);
    copied["metadata"]["annotations"] = json!({BEFORE: "1"});
    ns.apply(&copied).await?;
    scale(&ns, "api-green", 3).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
    assert_eq!(floor(&ns).await?, Some(3));
    Ok(())
}

/// The team wants the number that we had raised it to: their manifest says so.
#[tokio::test]
async fn the_same_number_applied_by_somebody_is_theirs() -> Result<()> {
    for server_side in [false, true] {
        let ns = raised(&format!("floor-same-{server_side}")).await?;
        let manifest = serde_json::to_string(&autoscaler("api-green", 2, 9))?;
        let words = format!(
            "printf %s '{manifest}' | kubectl apply --server-side={server_side} --force-conflicts={server_side} -n {} -f -",
            ns.name()
        );
        let shell = ns.lab().kubectl(ns.lab().kubeconfig());
        let output = shell.plugin("/bin/sh".as_ref(), &["-c", &words]).output().await?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        bluegreen(&ns, "cleanup api --yes").await?.ends(0)?;
        assert_eq!(floor(&ns).await?, Some(2), "server side: {server_side}");
    }
    Ok(())
}

/// A clean-up that may not scale would lower the floor of the color that serves, and nothing else.
#[tokio::test]
async fn a_failed_cleanup_lowers_no_floor() -> Result<()> {
    let ns = raised("floor-failed").await?;
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["services"], "verbs": ["patch"]},
        {"apiGroups": ["autoscaling"], "resources": ["horizontalpodautoscalers"], "verbs": ["patch"]},
    ]);
    let user = ns.kubectl_as(with_rules(&ns, "no-scaling", &rules).await?.kubeconfig);
    user.run(&["bluegreen", "cleanup", "api", "--yes"]).await?.ends(1)?;
    assert_eq!(floor(&ns).await?, Some(2));
    Ok(())
}
