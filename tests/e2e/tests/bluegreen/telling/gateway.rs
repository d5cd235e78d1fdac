//! A real Pushgateway, and the Prometheus that reads it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::setup::Setup;
use e2e::common::run::{Ended, said};
use lab::addons::{Prometheus, Pushgateway};
use lab::eventually;
use lab::toolchain::Addon;
use serde_json::Value;

use super::switch;

const MONITORING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/monitoring");

async fn value(prometheus: &Prometheus, name: &str) -> Result<f64> {
    let query = format!("kubectl_release_{name}{{service=\"api\", verb=\"switch\"}}");
    eventually(&query, Duration::from_secs(30), || prometheus.value(&query)).await
}

/// An alert on the time of the last success would never fire again once a release has failed.
#[tokio::test]
async fn a_gateway_has_how_the_last_run_ended_and_when_one_was_done_last() -> Result<()> {
    let setup = Setup::new("gateway", &["api"]).await?;
    let Some(prometheus) = Prometheus::start(&setup.ns).await? else { return Ok(()) };
    let Some(gateway) = Pushgateway::start(&setup.ns).await? else { return Ok(()) };
    let push = format!("--pushgateway=http://{}", gateway.address());
    let output = switch(&setup, "green", &["--yes", "--verify-for=0", &push]).await?.ends(0)?;
    ensure!(!output.stderr.contains("note:"), "{}", said(&output));
    assert_eq!(value(&prometheus, "last_run_success").await?, 1.0);
    let success = value(&prometheus, "last_success_timestamp_seconds").await?;
    assert!(value(&prometheus, "last_run_duration_seconds").await? > 0.0);
    assert!(value(&prometheus, "last_run_start_timestamp_seconds").await? <= success);
    // It fails, and says nothing of the last success.
    let failing = ["--yes", "--verify-for=0", "--min-ready=50", &push];
    switch(&setup, "blue", &failing).await?.ends(1)?;
    eventually("the failure is there", Duration::from_secs(30), || async {
        Ok((value(&prometheus, "last_run_success").await? == 0.0).then_some(()))
    })
    .await?;
    assert_eq!(value(&prometheus, "last_success_timestamp_seconds").await?, success);
    assert_eq!(value(&prometheus, "last_run_exit_code").await?, 1.0);
    // What the alert asks for finds it.
    let rules: Value = serde_saphyr::from_str(&std::fs::read_to_string(Path::new(MONITORING).join("alerts.yaml"))?)?;
    let failed = rules["groups"][0]["rules"][0]["expr"].as_str().context("no rule")?;
    let found = prometheus.query(failed).await?;
    assert_eq!(found[0]["metric"]["namespace"], setup.ns.name(), "{found:#}");
    // A gateway that is gone keeps nobody from a release.
    drop(gateway);
    switch(&setup, "blue", &["--yes", "--verify-for=0", &push])
        .await?
        .ends(0)?
        .tells("the Pushgateway was not told of")?;
    Ok(())
}

/// Rules that are wrong are silent.
#[tokio::test]
async fn the_documented_alerts_fire_when_they_should() -> Result<()> {
    let Some(root) = Addon::Monitoring.root()? else { return Ok(()) };
    let tool = root.join("usr/bin/promtool");
    let mut tried = tokio::process::Command::new(tool);
    let output = tried.args(["test", "rules", "alerts_test.yaml"]).current_dir(MONITORING).output().await?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// A panel that asks for a gauge which nobody pushes is empty, and looks like no release.
#[tokio::test]
async fn the_dashboard_asks_for_what_is_pushed() -> Result<()> {
    let read = |name: &str| std::fs::read_to_string(Path::new(MONITORING).join(name));
    let dashboard: Value = serde_json::from_str(&read("dashboard.json")?)?;
    let source = include_str!("../../../../../shared/core/src/release/notice/gauges.rs");
    let text = format!("{dashboard} {}", read("alerts.yaml")?);
    let asked: Vec<&str> = text.split("kubectl_release_").skip(1).collect();
    ensure!(asked.len() > 10, "only {}", asked.len());
    for name in asked {
        let name: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
        ensure!(source.contains(&format!("\"{name}\"")), "nobody pushes {name}");
    }
    Ok(())
}
