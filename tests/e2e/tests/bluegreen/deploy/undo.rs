//! What a deploy prints to take its writes back.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::{active, blue_green, replicas, taken_down};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::setup::Setup;
use e2e::common::paste::paste;
use e2e::common::run::Ended;
use e2e::common::stopped_run::StoppedRun;
use e2e::namespace;
use lab::api_proxy::{Call, When};
use serde_json::Value;

use super::images;

const MISSING: &str =
    "deploy api --image app=123456789012.dkr.ecr.us-east-1.amazonaws.com/no-such-repository:1 --yes --verify-for=0";

fn undo_of<'d>(document: &'d Value, object: &str) -> Result<&'d str> {
    let writes = document["writes"].as_array().into_iter().flatten();
    let write = writes.filter(|write| write["object"] == object).find(|write| write["made"] == true);
    write.and_then(|write| write["undo"].as_str()).with_context(|| format!("{document:#}"))
}

/// The color would be left with the pods that only the failed release needed, or with its image.
#[tokio::test]
async fn it_puts_the_size_back_too() -> Result<()> {
    let ns = namespace("deploy-undo-size").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    let document = bluegreen(&ns, &format!("{MISSING} --timeout=3s -ojson")).await?.ends(4)?.json()?;
    assert_eq!(replicas(&ns, "api-green").await?, 2);
    paste(&ns, undo_of(&document, "deploy/api-green")?).await?.ends(0)?;
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.5.0"]);
    Ok(())
}

/// A synced template and its size are taken back each by its own command.
#[tokio::test]
async fn a_synced_color_goes_back_to_its_template_and_size() -> Result<()> {
    let ns = namespace("deploy-undo-sync").await?;
    blue_green(&ns, 2).await?;
    ns.kubectl(&["set", "env", "deployment/api-blue", "FEATURE=on"]).await?.ends(0)?;
    ns.rolled_out("deployment/api-blue", LIMIT).await?;
    taken_down(&ns, "green").await?;
    let words = format!("{MISSING} --sync --timeout=3s -ojson");
    let document = bluegreen(&ns, &words).await?.ends(4)?.json()?;
    let writes = document["writes"].as_array().context("no writes")?;
    ensure!(writes.len() == 2 && writes.iter().all(|write| write["made"] == true), "{document:#}");
    for write in writes.iter().rev() {
        paste(&ns, write["undo"].as_str().context("no undo")?).await?.ends(0)?;
    }
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.5.0"]);
    Ok(())
}

/// The loser of a race would be told how to take the winner's release out from under its users.
#[tokio::test]
async fn what_somebody_else_has_changed_since_is_not_offered_to_be_taken_back() -> Result<()> {
    const VERB: &[&str] = &[
        "deploy",
        "api",
        "--image",
        "app=registry.example.com/api:1.6.0",
        "--yes",
        "--request-timeout=120s",
        "-ojson",
    ];
    let setup = Setup::new("deploy-undo-lost", &["api"]).await?;
    let is_write = |call: &Call| call.is_write() && !call.is_dry_run() && call.is_about("/deployments/api-green");
    let start = |kubeconfig: &Path| setup.start(kubeconfig, VERB);
    let stopped = StoppedRun::at(&setup.ns, is_write, When::After, start).await?;
    let other = "app=registry.example.com/api:1.7.0";
    bluegreen(&setup.ns, &format!("deploy api --image {other} --yes --verify-for=0")).await?.ends(0)?;
    assert_eq!(active(&setup.ns, "api").await?, "green");
    let document = stopped.go_on().await?.ends(3)?.json()?;
    ensure!(document["writes"][0]["made"] == true && document["writes"][0]["undo"].is_null(), "{document:#}");
    ensure!(!document["message"].as_str().unwrap_or_default().contains("undo:"), "{document:#}");
    assert_eq!(images(&setup.ns, "api-green").await?, ["registry.example.com/api:1.7.0"]);
    Ok(())
}

/// Kept in a terminal's scrollback, and pasted after the next release.
#[tokio::test]
async fn pasted_too_late_it_is_refused() -> Result<()> {
    let ns = namespace("deploy-undo-late").await?;
    blue_green(&ns, 1).await?;
    let document = bluegreen(&ns, &format!("{MISSING} --timeout=3s -ojson")).await?.ends(4)?.json()?;
    let undo = undo_of(&document, "deploy/api-green")?.to_owned();
    bluegreen(&ns, "deploy api --image app=registry.example.com/api:1.7.0 --yes --verify-for=0").await?.ends(0)?;
    ensure!(paste(&ns, &undo).await?.code != 0, "{undo}");
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.7.0"]);
    Ok(())
}
