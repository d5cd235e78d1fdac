//! Between preparing and switching somebody looks: what was tested is what goes live.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, blue_green, replicas, scale};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::Deployment;
use lab::Namespace;
use serde_json::json;

use super::{NEXT, deployed, images};

async fn prepared(ns: &Namespace) -> Result<String> {
    let document = deployed(ns, &format!("{NEXT} --no-switch")).await?;
    assert_eq!(active(ns, "api").await?, "blue", "the traffic moved");
    Ok(document["fingerprint"].as_str().context("no fingerprint")?.to_owned())
}

/// A person approves in a pipeline, and what they saw is switched to.
#[tokio::test]
async fn what_was_approved_is_switched_to() -> Result<()> {
    let ns = namespace("expect").await?;
    blue_green(&ns, 2).await?;
    let fingerprint = prepared(&ns).await?;
    ensure!(fingerprint.starts_with("deploy/api-green=") && fingerprint.contains("sha256:"), "{fingerprint}");
    assert_eq!(images(&ns, "api-green").await?, ["registry.example.com/api:1.6.0"]);
    // Prepared twice, it is the same.
    assert_eq!(prepared(&ns).await?, fingerprint);
    let words = format!("switch api --to green --expect {fingerprint} --yes --verify-for=0");
    bluegreen(&ns, &words).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    bluegreen(&ns, &words).await?.ends(0)?;
    Ok(())
}

/// With another Service over the same pods there would be no way but to split them; and the command to paste
/// would move whatever is there by then, without the approval.
#[tokio::test]
async fn services_that_go_along_are_prepared_for_and_moved_with_what_was_approved() -> Result<()> {
    let ns = namespace("expect-twin").await?;
    blue_green(&ns, 2).await?;
    let twin = json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "api-headless"},
        "spec": {"clusterIP": "None", "selector": {"app": "api", "version": "blue"}, "ports": [{"port": 80}]},
    });
    ns.apply(&twin).await?;
    let next = async |words: &str| -> Result<String> {
        let document = bluegreen(&ns, words).await?.ends(1)?.json()?;
        document["next"].as_str().map(str::to_owned).with_context(|| format!("{document:#}"))
    };
    let prepare = next(&format!("{NEXT} -ojson")).await?;
    ensure!(prepare.contains("--no-switch") && !prepare.contains("--force"), "{prepare}");
    let fingerprint = prepared(&ns).await?;
    let switch = next(&format!("switch api --to green --expect {fingerprint} --yes --verify-for=0 -ojson")).await?;
    ensure!(switch.contains("api api-headless") && switch.contains("--expect"), "{switch}");
    let words = switch.strip_prefix("kubectl bluegreen ").context("another program")?;
    bluegreen(&ns, &format!("{words} --yes")).await?.ends(0)?;
    assert_eq!((active(&ns, "api").await?, active(&ns, "api-headless").await?), ("green".into(), "green".into()));
    Ok(())
}

/// Somebody deployed, scaled or made the color anew between the approval and the switch.
#[tokio::test]
async fn anything_else_is_not() -> Result<()> {
    let ns = namespace("expect-other").await?;
    blue_green(&ns, 2).await?;
    let fingerprint = prepared(&ns).await?;
    let refused = async |about: &str| -> Result<()> {
        let words = format!("switch api --to green --expect {fingerprint} --yes --verify-for=0 -ojson");
        let document = bluegreen(&ns, &words).await?.ends(3)?.json()?;
        ensure!(document["message"].as_str().is_some_and(|message| message.contains(about)), "{about}: {document:#}");
        assert_eq!(active(&ns, "api").await?, "blue");
        Ok(())
    };
    scale(&ns, "api-green", 3).await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    refused("replicas").await?;
    scale(&ns, "api-green", 2).await?;
    ns.patch::<Deployment>(
        "api-green",
        json!({"spec": {"template": {"metadata": {"annotations": {"edited": "yes"}}}}}),
    )
    .await?;
    ns.rolled_out("deployment/api-green", LIMIT).await?;
    refused("pod template").await?;
    ns.kubectl(&["delete", "deployment", "api-green"]).await?.ends(0)?;
    deployed(&ns, &format!("{NEXT} --no-switch")).await?;
    refused("made anew").await?;
    assert_eq!(replicas(&ns, "api-green").await?, 2);
    bluegreen(&ns, "switch api --to green --expect nonsense --yes").await?.ends(2)?;
    bluegreen(&ns, &format!("switch api --expect {fingerprint} --yes")).await?.ends(2)?;
    Ok(())
}
