//! Others who deploy, edit or switch while a deploy goes on.

use std::path::Path;

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::bluegreen::app::{active, api, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::setup::Setup;
use e2e::common::run::Ended;
use e2e::common::stopped_run::StoppedRun;
use k8s_openapi::api::core::v1::Service;
use lab::api_proxy::{Call, When};
use lab::fixtures::Behavior;
use serde_json::json;

use super::images;

const VERB: &[&str] =
    &["deploy", "api", "--image", "app=registry.example.com/api:1.6.0", "--yes", "--verify-for=0", "-ojson"];

fn patches_green(call: &Call) -> bool {
    call.is_write() && !call.is_dry_run() && call.is_about("/deployments/api-green")
}

fn patches_service(call: &Call) -> bool {
    call.is_write() && call.is_about("/services/api")
}

async fn edited(setup: &Setup, image: &str) -> Result<()> {
    setup.ns.kubectl(&["set", "image", "deployment/api-green", &format!("app={image}")]).await?.ends(0).map(drop)
}

/// Two deploys at once: the later one's image would be overwritten by the first's.
#[tokio::test]
async fn an_image_that_somebody_else_wrote_is_not_overwritten() -> Result<()> {
    let setup = Setup::new("deploy-race", &["api"]).await?;
    let stopped = setup.stopped_before(VERB, patches_green).await?;
    edited(&setup, "registry.example.com/api:1.7.0").await?;
    let document = stopped.go_on().await?.ends(3)?.json()?;
    ensure!(
        document["message"].as_str().is_some_and(|m| m.contains("1.7.0") && m.contains("nothing was overwritten")),
        "{document:#}"
    );
    assert_eq!(
        (images(&setup.ns, "api-green").await?, setup.colors().await?),
        (vec!["registry.example.com/api:1.7.0".to_owned()], vec!["blue"])
    );
    Ok(())
}

/// Whoever wanted the same was faster: that is no conflict.
#[tokio::test]
async fn an_image_that_somebody_else_wrote_may_be_the_same() -> Result<()> {
    let setup = Setup::new("deploy-same", &["api"]).await?;
    let stopped = setup.stopped_before(VERB, patches_green).await?;
    edited(&setup, "registry.example.com/api:1.6.0").await?;
    stopped.go_on().await?.ends(0)?;
    assert_eq!(setup.colors().await?, ["green"]);
    Ok(())
}

/// The traffic would go to an image that this run never asked for.
#[tokio::test]
async fn an_image_that_was_deployed_meanwhile_is_not_switched_to() -> Result<()> {
    let setup = Setup::new("deploy-overtaken", &["api"]).await?;
    // The answer of the write is held back while another one follows.
    let start = |kubeconfig: &Path| setup.start(kubeconfig, VERB);
    let stopped = StoppedRun::at(&setup.ns, patches_green, When::After, start).await?;
    edited(&setup, "registry.example.com/api:1.7.0").await?;
    let document = stopped.go_on().await?.ends(3)?.json()?;
    ensure!(
        document["message"].as_str().is_some_and(|m| m.contains("1.7.0") && m.contains("not switched")),
        "{document:#}"
    );
    assert_eq!(setup.colors().await?, ["blue"]);
    Ok(())
}

/// Somebody deployed another image and moved the Service to it: this run's image would be called live.
#[tokio::test]
async fn an_image_of_somebody_elses_that_is_live_is_not_called_deployed() -> Result<()> {
    let setup = Setup::new("deploy-outrun", &["api"]).await?;
    let start = |kubeconfig: &Path| setup.start(kubeconfig, VERB);
    let stopped = StoppedRun::at(&setup.ns, patches_green, When::After, start).await?;
    edited(&setup, "registry.example.com/api:1.7.0").await?;
    setup.ns.rolled_out("deployment/api-green", LIMIT).await?;
    let green = json!({"spec": {"selector": {"app": "api", "version": "green"}}});
    setup.ns.patch::<Service>("api", green).await?;
    let document = stopped.go_on().await?.ends(3)?.json()?;
    ensure!(document["message"].as_str().is_some_and(|message| message.contains("1.7.0")), "{document:#}");
    Ok(())
}

/// Somebody made the color first: their pods are theirs.
#[tokio::test]
async fn a_color_that_somebody_else_made_is_not_taken_over() -> Result<()> {
    let ns = e2e::namespace("deploy-made").await?;
    rolled_out(&ns, &api().color(color("blue", 1, Behavior::Ready))).await?;
    let creates = |call: &Call| call.is_write() && call.is_about("/deployments");
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let start = |kubeconfig: &Path| lab::Running::start(ns.kubectl_as(kubeconfig).plugin(&plugin, VERB));
    let stopped = StoppedRun::at(&ns, creates, When::Before, start).await?;
    ns.apply(&api().workload(&color("green", 1, Behavior::Ready))).await?;
    let document = stopped.go_on().await?.ends(3)?.json()?;
    ensure!(document["message"].as_str().is_some_and(|m| m.contains("made by someone else")), "{document:#}");
    assert_eq!(
        (images(&ns, "api-green").await?, active(&ns, "api").await?.as_str()),
        (vec!["registry.example.com/api:1.5.0".to_owned()], "blue")
    );
    Ok(())
}

/// Somebody switched while the color was prepared: the move is judged again, and not made blindly.
#[tokio::test]
async fn a_service_that_was_moved_meanwhile_is_left_alone() -> Result<()> {
    let setup = Setup::new("deploy-moved", &["api"]).await?;
    let stopped = setup.stopped_before(VERB, patches_service).await?;
    setup
        .ns
        .patch::<k8s_openapi::api::core::v1::Service>("api", json!({"spec": {"selector": {"version": "green"}}}))
        .await?;
    let document = stopped.go_on().await?.ends(3)?.json()?;
    assert_eq!(setup.colors().await?, ["green"]);
    // Pasted, it would roll out another version under the traffic.
    ensure!(!document.to_string().contains("\"undo\":\"kubectl"), "{document:#}");
    Ok(())
}

/// A color that a switch is being verified against is its way back.
#[tokio::test]
async fn the_way_back_of_a_switch_that_goes_on_is_not_overwritten() -> Result<()> {
    let setup = Setup::new("deploy-unfinished", &["api"]).await?;
    let notes = |call: &Call| patches_service(call) && call.line().contains("-notes");
    let switch: &[&str] = &["switch", "api", "--to", "green", "--yes", "--verify-for=0"];
    let stopped = setup.stopped_before(switch, notes).await?;
    let words = "deploy api --image app=registry.example.com/api:1.7.0 --yes --verify-for=0 -ojson";
    let document = bluegreen(&setup.ns, words).await?.ends(1)?.json()?;
    ensure!(document["findings"].to_string().contains("switch-unfinished"), "{document:#}");
    stopped.go_on().await?.ends(0)?;
    bluegreen(&setup.ns, words).await?.ends(0)?;
    assert_eq!(setup.colors().await?, ["blue"]);
    Ok(())
}
