//! `status` without a Service: what it lists.

use anyhow::{Result, ensure};
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::fixtures::Behavior;
use serde_json::json;

/// A color that a DaemonSet runs was no way to go in the list, and one in `status api`.
#[tokio::test]
async fn daemon_sets_are_colors_in_the_list_too() -> Result<()> {
    let ns = namespace("list-daemons").await?;
    let ready = |name| color(name, 1, Behavior::Ready);
    rolled_out(&ns, &api().color(ready("blue")).color(ready("green").daemon())).await?;
    let listed = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    assert_eq!(listed["services"][0]["others"][0]["name"], "green", "{listed:#}");
    let ready = listed["services"][0]["others"][0]["ready"].as_str().unwrap_or_default().to_owned();
    ensure!(!ready.starts_with('0'), "{listed:#}");
    Ok(())
}

/// The list said that there is nothing, while a Service of ours had no endpoint.
#[tokio::test]
async fn a_service_that_can_t_be_switched_any_more_is_listed_with_its_defect() -> Result<()> {
    let ns = namespace("list-defects").await?;
    blue_green(&ns, 1).await?;
    let stale = json!({"spec": {"selector": {"rollouts-pod-template-hash": "5d9f"}}});
    ns.patch::<Service>("api", stale).await?;
    let listed = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    let defect = listed["services"][0]["defect"].as_str().unwrap_or_default();
    ensure!(defect.contains("rollouts-pod-template-hash"), "{listed:#}");
    ensure!(listed["services"][0]["fix"].as_str().is_some_and(|fix| fix.contains("kubectl patch")), "{listed:#}");
    ns.patch::<Service>("api", json!({"spec": {"selector": {"rollouts-pod-template-hash": null}}})).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": null}}})).await?;
    let listed = bluegreen(&ns, "status -ojson").await?.ends(0)?.json()?;
    ensure!(listed["services"][0]["defect"].is_string(), "{listed:#}");
    bluegreen(&ns, "status").await?.ends(0)?.tells("kubectl patch service api")?;
    ns.patch::<Service>("api", json!({"spec": {"selector": null}})).await?;
    bluegreen(&ns, "status").await?.ends(0)?.tells("kubectl patch service api")?;
    Ok(())
}
