//! What a run left, as it says itself, and commands that undo it: now and later.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::app::{active, blue_green, replicas, taken_down, with_green};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::setup::Setup;
use e2e::common::mutating::mutates;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use lab::fixtures::Behavior;
use lab::{Namespace, eventually};
use serde_json::Value;

/// Whether a printed command goes through.
async fn pasted(ns: &Namespace, command: &str) -> Result<bool> {
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    Ok(anywhere.plugin("/bin/sh".as_ref(), &["-c", command]).status().await?.success())
}

fn text<'v>(value: &'v Value, document: &Value) -> Result<&'v str> {
    value.as_str().with_context(|| format!("{document:#}"))
}

/// Pasted from yesterday's log, it would take today's release down.
#[tokio::test]
async fn an_undo_is_refused_once_something_else_has_happened() -> Result<()> {
    let ns = namespace("late-undo").await?;
    blue_green(&ns, 1).await?;
    let to_green = "switch api --to green --yes --verify-for=0 -ojson";
    let document = bluegreen(&ns, to_green).await?.ends(0)?.json()?;
    let undo = text(&document["services"][0]["undo"], &document)?;
    ensure!(pasted(&ns, undo).await?, "{undo}");
    assert_eq!(active(&ns, "api").await?, "blue");
    ensure!(!pasted(&ns, undo).await?, "it was undone already: {undo}");
    let dry = bluegreen(&ns, &format!("{to_green} --dry-run")).await?.ends(0)?.json()?;
    ensure!(dry["services"][0]["undo"].is_null(), "nothing was done: {dry:#}");
    Ok(())
}

/// Pods would run, and cost, of which the run said that nothing was written.
#[tokio::test]
async fn what_was_scaled_for_a_move_that_was_refused_is_said() -> Result<()> {
    let ns = namespace("left-scaled").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    Policy::deny(&ns, "api", "object.spec.selector.version == 'blue'", "freeze").await?;
    let document = bluegreen(&ns, "switch api --to green --scale --yes -ojson").await?.ends(1)?.json()?;
    let service = &document["services"][0];
    assert_eq!((&service["changed"], &service["undo"]), (&Value::Bool(false), &Value::Null), "{document:#}");
    assert_eq!(service["leftScaled"][0]["object"], "deploy/api-green", "{document:#}");
    ensure!(!document["message"].to_string().contains("nothing was written"), "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 2);
    let next = text(&document["next"], &document)?;
    assert_eq!(next, text(&service["leftScaled"][0]["undo"], &document)?);
    ensure!(pasted(&ns, next).await?, "{next}");
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    Ok(())
}

/// Pods would run that nobody named: a policy gives a color another size than was asked for.
#[tokio::test]
async fn a_size_that_a_policy_makes_another_is_told_with_its_undo() -> Result<()> {
    let ns = namespace("rewritten-size").await?;
    blue_green(&ns, 3).await?;
    taken_down(&ns, "green").await?;
    let one = "[JSONPatch{op: 'replace', path: '/spec/replicas', value: 1}]";
    let probe =
        ["scale", "deployment/api-green", "--replicas=2", "--dry-run=server", "-o", "jsonpath={.spec.replicas}"];
    mutates(&ns, ("apps", "deployments/scale", "UPDATE"), one, (&probe, |size| size == "1")).await?;
    let document = bluegreen(&ns, "switch api --to green --scale --yes -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    let left = &document["services"][0]["leftScaled"][0];
    ensure!(left["undo"].to_string().contains("--current-replicas=1 --replicas=0"), "{document:#}");
    assert_eq!((active(&ns, "api").await?.as_str(), replicas(&ns, "api-green").await?), ("blue", 1));
    Ok(())
}

/// A job that tries again after "changed by someone else" would never end.
#[tokio::test]
async fn a_size_that_admission_refuses_is_no_change_of_somebody_else() -> Result<()> {
    let ns = namespace("refused-size").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    let policy = Policy::deny_scaling(&ns, "no scaling by hand").await?;
    let refused = bluegreen(&ns, "switch api --to green --scale --yes").await?.ends(1)?.tells("no scaling by hand")?;
    ensure!(
        refused.stderr.contains("no Service was switched") && !refused.stderr.contains("someone else"),
        "{}",
        said(&refused)
    );
    policy.remove().await
}

/// Whoever pastes it after the switch would take the color down that has the traffic.
#[tokio::test]
async fn pods_that_got_the_traffic_are_not_to_be_scaled_back() -> Result<()> {
    let ns = namespace("scaled-and-moved").await?;
    blue_green(&ns, 2).await?;
    taken_down(&ns, "green").await?;
    let ended = bluegreen(&ns, "switch api --to green --scale --yes --verify-for=0").await?.ends(0)?;
    ensure!(!ended.stderr.contains("kubectl scale"), "{}", said(&ended));
    Ok(())
}

/// A set of which one was refused would seem half done, or not touched at all.
#[tokio::test]
async fn a_set_that_was_taken_back_has_nothing_to_undo() -> Result<()> {
    let setup = Setup::new("set-undone", &["api", "api-int"]).await?;
    Policy::deny(&setup.ns, "api-int", "object.spec.selector.version == 'blue'", "freeze").await?;
    let words = "switch api api-int --to green --yes --verify-for=0 -ojson";
    let document = bluegreen(&setup.ns, words).await?.ends(5)?.json()?;
    ensure!(!document["message"].to_string().contains("nothing was written"), "{document:#}");
    for service in document["services"].as_array().context("no services")? {
        assert_eq!((&service["changed"], &service["undo"]), (&Value::Bool(false), &Value::Null), "{document:#}");
    }
    Ok(())
}

async fn told_to_stop(running: lab::Running) -> Result<Value> {
    let id = running.id().context("it has ended")?.to_string();
    ensure!(tokio::process::Command::new("kill").args(["-TERM", &id]).status().await?.success(), "can't signal {id}");
    running.wait(LIMIT).await?.ends(130)?.json()
}

/// A pipeline that was cancelled would believe that the Service is where it was.
#[tokio::test]
async fn the_document_of_a_run_that_was_stopped_is_true() -> Result<()> {
    let ns = namespace("stopped").await?;
    blue_green(&ns, 1).await?;
    let running = start(&ns, "switch api --to green --yes --verify-for=80s -ojson")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    bluegreen(&ns, "status api --wait-for converged --timeout 60s").await?.ends(0)?;
    let document = told_to_stop(running).await?;
    assert_eq!(document["services"][0]["changed"], true, "{document:#}");
    ensure!(text(&document["next"], &document)?.starts_with("kubectl bluegreen rollback api"), "{document:#}");
    ensure!(document["services"][0]["undo"].is_string(), "{document:#}");
    Ok(())
}

/// The same while pods are waited for: what was scaled would stay.
#[tokio::test]
async fn who_stops_a_run_that_scales_is_told_how_to_undo_it() -> Result<()> {
    let ns = namespace("stopped-scaling").await?;
    with_green(&ns, 1, Behavior::NeverReady).await?;
    taken_down(&ns, "green").await?;
    let running = start(&ns, "switch api --to green --scale --yes -ojson")?;
    eventually("green is scaled", LIMIT, || async {
        Ok((replicas(&ns, "api-green").await? == 1 && !e2e::common::pods::pods(&ns, "version=green").await?.is_empty())
            .then_some(()))
    })
    .await?;
    let document = told_to_stop(running).await?;
    assert_eq!(document["services"][0]["changed"], false, "{document:#}");
    ensure!(pasted(&ns, text(&document["next"], &document)?).await?, "{document:#}");
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    Ok(())
}
