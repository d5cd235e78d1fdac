//! Trying without doing, and manifests for those who commit them.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{api, blue_green, color, rolled_out, scale};
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::Namespace;
use lab::api_proxy::{ApiProxy, Call};
use lab::fixtures::{Behavior, autoscaler};
use serde_json::Value;

/// A color to be changed, with a floor to be raised.
async fn to_change(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    blue_green(&ns, 2).await?;
    scale(&ns, "api-green", 1).await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    Ok(ns)
}

/// A color to be made, with an autoscaler.
async fn to_create(test: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    rolled_out(&ns, &api().color(color("blue", 2, Behavior::Ready))).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    Ok(ns)
}

const WORDS: &str = "deploy api --image app=registry.example.com/api:1.6.0";

/// Somebody who only wants to see the plan would change production.
#[tokio::test]
async fn dry_runs_write_nothing() -> Result<()> {
    for ns in [to_change("deploy-dry").await?, to_create("deploy-dry-new").await?] {
        let proxy = ApiProxy::start(ns.lab()).await?;
        let user = ns.kubectl_as(proxy.kubeconfig());
        let before = versions(&ns).await?;
        for flags in [
            "--dry-run=client",
            "--dry-run=server",
            "--dry-run=client -oyaml",
            "--dry-run=client -ojson",
            "--no-switch --dry-run",
        ] {
            let output = bluegreen_as(&user, &format!("{WORDS} {flags}")).await?.ends(0)?;
            ensure!(!output.stdout.is_empty(), "{flags}\n{}", said(&output));
        }
        let stored: Vec<String> = proxy.calls().iter().filter(|call| is_stored(call)).map(Call::line).collect();
        assert_eq!(stored, [""; 0]);
        assert_eq!(versions(&ns).await?, before);
    }
    Ok(())
}

fn is_stored(call: &Call) -> bool {
    call.is_write() && !call.is_about("/selfsubjectreviews") && !call.line().contains("dryRun=All")
}

/// A shop that commits its manifests would get something that its API server refuses, or that is another
/// object than the one that is released.
#[tokio::test]
async fn the_manifests_are_what_a_release_leaves() -> Result<()> {
    for ns in [to_change("deploy-yaml").await?, to_create("deploy-yaml-new").await?] {
        let yaml = bluegreen(&ns, &format!("{WORDS} --dry-run=client -oyaml")).await?.ends(0)?.stdout;
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("release.yaml");
        std::fs::write(&file, &yaml)?;
        let path = file.display().to_string();
        let tried = ns.kubectl(&["apply", "--dry-run=server", "-ojson", "-f", &path]).await?.ends(0)?.json()?;
        let names: Vec<String> = tried["items"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|o| format!("{}/{}", o["kind"], o["metadata"]["name"]))
            .collect();
        ensure!(names.len() == 3, "{names:?}\n{yaml}");
        bluegreen(&ns, &format!("{WORDS} --yes --verify-for=0")).await?.ends(0)?;
        for object in tried["items"].as_array().into_iter().flatten() {
            let (kind, name) =
                (object["kind"].as_str().unwrap_or_default(), object["metadata"]["name"].as_str().unwrap_or_default());
            let now: Value = ns.kubectl(&["get", kind, name, "-ojson"]).await?.json()?;
            assert_eq!(now["spec"], object["spec"], "{kind}/{name}");
        }
    }
    Ok(())
}
