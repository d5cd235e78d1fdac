//! What others have a say in: admission policies, and the Deployment's own strategy.

use anyhow::{Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::mutating::rewrites;
use e2e::common::run::{Ended, finding};

/// An image gate that pins a version: "promoted" would be said, and nobody have it.
#[tokio::test]
async fn pods_that_are_made_with_another_image_are_no_release() -> Result<()> {
    let stage = Stage::of("canary-rewritten", 4).await?;
    let (serves, good) = (stage.repository.image(SERVES), stage.repository.image(GOOD));
    let image = "object.spec.containers[0].image";
    let value = format!("{image} == '{good}' ? '{serves}' : {image}.endsWith('probe:1') ? 'seen' : {image}");
    let patch = format!("[JSONPatch{{op: 'replace', path: '/spec/containers/0/image', value: {value}}}]");
    rewrites(&stage.ns, &patch, "registry.example.com/probe:1").await?;
    let refused = stage.canary(&format!("{} -ojson", stage.release("run", GOOD))).await?.ends(1)?.json()?;
    assert_eq!(refused["reason"], "OtherImage", "{refused:#}");
    ensure!(refused["message"].as_str().is_some_and(|message| message.contains(&serves)), "{refused:#}");
    assert_eq!(stage.record().await?["result"], serde_json::Value::Null, "it is not over");
    Ok(())
}

/// The canary would keep its share of users for ever: its last pod can't be scaled away.
#[tokio::test]
async fn a_policy_that_keeps_a_pod_of_each_keeps_no_canary() -> Result<()> {
    let stage = Stage::of("canary-kept", 4).await?;
    stage.canary(&stage.release("start", GOOD)).await?.ends(0)?;
    let policy = Policy::keep_a_pod(&stage.ns).await?;
    stage.canary("abort api --yes").await?.ends(0)?;
    stage.is_alone(SERVES).await?;
    policy.remove().await
}

/// Two versions that must not run at once would, and an abort leave nobody to serve (fluxcd/flagger#1931).
#[tokio::test]
async fn a_deployment_that_is_recreated_has_no_canary() -> Result<()> {
    let stage = Stage::of("canary-recreate", 2).await?;
    let strategy = r#"{"spec":{"strategy":{"type":"Recreate","rollingUpdate":null}}}"#;
    stage.kubectl(&format!("patch deployment api -p {strategy}")).await?;
    let refused = stage.canary(&format!("{} -ojson", stage.release("run", GOOD))).await?.ends(1)?.json()?;
    ensure!(finding(&refused, "strategy-recreate").is_some(), "{refused:#}");
    ensure!(stage.stands().await?.2.is_none(), "a canary was made");
    Ok(())
}
