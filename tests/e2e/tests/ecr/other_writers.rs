//! Others that would put the image back: operators, and tools that follow the registry.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, finding};
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

/// A change of a Deployment that leaves nothing but the change before it: what is found is said, blocks,
/// and is overridden by its name.
async fn is_said(releases: &Releases, name: &str, id: &str) -> Result<Value> {
    let refused = releases.run(&format!("deploy/{name} --yes -ojson")).await?.ends(1)?.json()?;
    let found = finding(&refused, id).with_context(|| format!("{name}: no {id}: {refused:#}"))?;
    assert_eq!(found["severity"], "block", "{name}");
    ensure!(found["fix"].as_str().is_some_and(|fix| fix.contains(id)), "{name}: {found}");
    assert_eq!(releases.image(name).await?, NEWEST, "{name}");
    Ok(found)
}

/// The bad release would be back within a minute, and nobody know by whom.
#[tokio::test]
async fn tools_that_follow_the_registry_are_said() -> Result<()> {
    let releases = Releases::pushed("updaters").await?;
    let triggers = |path: &str, paused: bool| {
        json!([{"from": {"kind": "ImageStreamTag", "name": "api:latest"}, "fieldPath": path, "paused": paused}])
            .to_string()
    };
    let own = "spec.template.spec.containers[?(@.name==\"openshift\")].image";
    let marked = [
        ("keel", "annotations", "keel.sh/policy", "minor".to_owned()),
        ("keel-label", "labels", "keel.sh/policy", "force".to_owned()),
        ("argo", "annotations", "argocd-image-updater.argoproj.io/image-list", "api=acme/api".to_owned()),
        ("flux", "annotations", "fluxcd.io/automated", "true".to_owned()),
        ("openshift", "annotations", "image.openshift.io/triggers", triggers(own, false)),
    ];
    for (name, kind, key, value) in marked {
        releases.deploy(&releases.app(name)).await?;
        releases.ns.patch::<Deployment>(name, json!({"metadata": {kind: {key: value}}})).await?;
        is_said(&releases, name, "image-updater").await?;
    }
    releases.run("deploy/keel --yes --force=image-updater").await?.ends(0)?;
    assert_eq!(releases.image("keel").await?, PREVIOUS);
    for (name, key, value) in [
        ("never", "keel.sh/policy", "never".to_owned()),
        ("off", "fluxcd.io/automated", "false".to_owned()),
        ("paused", "image.openshift.io/triggers", triggers(&own.replace("openshift", "paused"), true)),
        ("sidecar", "image.openshift.io/triggers", triggers(&own.replace("openshift", "proxy"), false)),
        ("broken", "image.openshift.io/triggers", "{not json".to_owned()),
    ] {
        releases.deploy(&releases.app(name)).await?;
        releases.ns.patch::<Deployment>(name, json!({"metadata": {"annotations": {key: value}}})).await?;
        let plan = releases.run(&format!("deploy/{name} --yes --dry-run -ojson")).await?.ends(0)?.json()?;
        ensure!(finding(&plan, "image-updater").is_none(), "{name}: {plan:#}");
    }
    Ok(())
}

/// An operator would write its own template again, and the rollback last for seconds.
#[tokio::test]
async fn what_owns_the_workload_is_said_and_looked_at() -> Result<()> {
    let releases = Releases::pushed("owned").await?;
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shop",
        "annotations": {"argocd-image-updater.argoproj.io/image-list": "api=acme/api"}}});
    releases.ns.apply(&object).await?;
    let uid = releases.ns.api::<ConfigMap>().get("shop").await?.metadata.uid;
    for (name, controller) in [("api", true), ("merely-owned", false)] {
        releases.deploy(&releases.app(name)).await?;
        let owner =
            json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "shop", "uid": uid, "controller": controller});
        releases.ns.patch::<Deployment>(name, json!({"metadata": {"ownerReferences": [owner]}})).await?;
    }
    let found = is_said(&releases, "api", "owned-by-controller").await?;
    ensure!(found["message"].as_str().is_some_and(|text| text.contains("ConfigMap/shop")), "{found}");
    let updater = is_said(&releases, "api", "image-updater").await?;
    ensure!(updater["message"].as_str().is_some_and(|text| text.contains("ConfigMap/shop")), "{updater}");
    releases.run("deploy/api --yes --force=owned-by-controller,image-updater").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    // Garbage collection alone puts nothing back.
    releases.run("deploy/merely-owned --yes").await?.ends(0)?;
    assert_eq!(releases.image("merely-owned").await?, PREVIOUS);
    Ok(())
}
