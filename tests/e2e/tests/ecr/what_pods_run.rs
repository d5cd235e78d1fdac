//! The last word is about pods: those that crash by now, those that run it through a mirror, and those that aren't there.

use std::time::Duration;

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::mutating::rewrites;
use e2e::common::pods::{all_waiting, annotate_pods};
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::calls::is_image_patch;
use e2e::ecr::case::Case;
use e2e::ecr::releases::Releases;
use lab::annotations::BEHAVIOR;
use lab::fixtures::Behavior;
use lab::registry::When;
use serde_json::Value;

/// A job that is retried would end well while production is down.
#[tokio::test]
async fn nothing_to_do_is_not_said_of_pods_that_crash() -> Result<()> {
    let case = Case::new("crashes-since").await?;
    let tags = ["1.0.2", "1.0.3", "1.0.4"];
    case.push(&tags).await?;
    case.deploy(&tags).await?;
    case.back("").await?.ends(0)?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    annotate_pods(&case.ns, "app=api", &[(BEHAVIOR, "crash-loop")]).await?;
    all_waiting(&case.ns, "app=api", "CrashLoopBackOff").await?;
    for words in ["", "--to-tag=1.0.3"] {
        let output = case.back(words).await?.ends(1)?.tells("0 of 2 pods are ready: 2 pods CrashLoopBackOff")?;
        ensure!(!output.stdout.contains("nothing to do"), "{}", said(&output));
        case.asks_for("1.0.3").await?;
    }
    let document = case.back("-ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "NotReady");
    ensure!(document["next"].to_string().contains("--again"), "{document:#}");
    assert_eq!(document["workloads"][0]["pods"][0]["ready"], 0, "{document:#}");
    Ok(())
}

/// A registry's mirror, as its policy puts it into pods.
async fn mirrored(case: &Case) -> Result<()> {
    let image = "object.spec.containers[0].image";
    let host = case.repository.uri().split('/').next().unwrap_or_default().to_owned();
    let value = format!("{image}.replace('{host}', 'mirror.example.com')");
    let patch = format!("[JSONPatch{{op: 'replace', path: '/spec/containers/0/image', value: {value}}}]");
    rewrites(&case.ns, &patch, &case.repository.image("0.0.0")).await
}

/// A good rollback would be told as one that reached no pod, of an image that they are said to stay on.
#[tokio::test]
async fn the_same_image_through_a_mirror_is_that_image() -> Result<()> {
    let case = Case::new("mirror").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    mirrored(&case).await?;
    case.deploy(&["1.0.3", "1.0.4"]).await?;
    let runs = "2 pods run it as mirror.example.com/";
    let back = case.back("--timeout=60s").await?.ends(0)?.tells(runs)?;
    ensure!(!back.stdout.contains("stay on") && !back.stdout.contains("0 of 2"), "{}", said(&back));
    let again = case.back("--timeout=60s").await?.ends(0)?.tells(runs)?;
    ensure!(!again.stdout.contains("stay on"), "{}", said(&again));
    let document = case.back("-ojson").await?.ends(0)?.json()?;
    let pods = document["workloads"][0]["pods"].as_array().cloned().unwrap_or_default();
    let of_mirror = |pod: &Value| pod["image"].as_str().is_some_and(|image| image.starts_with("mirror.example.com/"));
    ensure!(pods.len() == 1 && of_mirror(&pods[0]) && pods[0]["pods"] == 2, "{document:#}");
    Ok(())
}

/// A size of none would be called a rollback that was proven.
#[tokio::test]
async fn what_is_scaled_to_zero_meanwhile_proves_nothing() -> Result<()> {
    let releases = Releases::with("scaled-away", Behavior::ReadyAfter(Duration::from_secs(8))).await?;
    releases.deploy(&releases.app("api")).await?;
    for (words, is_document) in [("deploy/api --yes", false), ("deploy/api --yes --again -ojson", true)] {
        let stopped = releases.stopped_at(words, is_image_patch, When::After).await?;
        releases.ns.kubectl(&["scale", "deployment/api", "--replicas=0"]).await?;
        let output = stopped.go_on().await?.ends(0)?;
        if is_document {
            ensure!(finding(&output.json()?, "no-pods").is_some(), "{}", said(&output));
        } else {
            ensure!(output.stdout.contains("asks for no pods: nothing will prove the image"), "{}", said(&output));
        }
        releases.ns.kubectl(&["scale", "deployment/api", "--replicas=1"]).await?;
        releases.ns.rolled_out("deployment/api", LIMIT).await?;
    }
    Ok(())
}
