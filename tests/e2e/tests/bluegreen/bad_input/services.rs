//! Services that can't be switched.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::namespace;
use serde_json::{Value, json};

use super::refused;

const EVERY_VERB: [&str; 5] = [
    "status web",
    "preflight web --to green",
    "switch web --to green --yes --verify-for=0",
    "rollback web --yes",
    "cleanup web --yes",
];

fn service(name: &str, spec: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec})
}

/// A typing error would be answered by something that sounds like a broken cluster.
#[tokio::test]
async fn a_service_that_does_not_exist_is_named() -> Result<()> {
    let ns = namespace("no-service").await?;
    for words in EVERY_VERB.iter().chain(&["history web"]) {
        let document = refused(&ns, words, 1, "NotFound", "\"web\" not found").await?;
        let next = document["next"].as_str().context("no next step")?;
        assert!(next.contains("get services"), "{words}: {next}");
    }
    Ok(())
}

/// A Service whose endpoints are kept by hand would be given a selector, and lose them.
#[tokio::test]
async fn services_without_a_selector_stay_without_one() -> Result<()> {
    let ns = namespace("no-selector").await?;
    ns.apply(&service("web", &json!({"ports": [{"port": 80}]}))).await?;
    for words in EVERY_VERB {
        refused(&ns, words, 1, "NoSelector", "no selector").await?;
    }
    let emptied = json!({"selector": {}, "ports": [{"port": 80}]});
    ns.apply(&service("web", &emptied)).await?;
    refused(&ns, EVERY_VERB[2], 1, "NoSelector", "no selector").await?;
    Ok(())
}

/// An alias for a host outside would be turned into something else.
#[tokio::test]
async fn an_external_name_is_refused() -> Result<()> {
    let ns = namespace("external-name").await?;
    ns.apply(&service("web", &json!({"type": "ExternalName", "externalName": "web.example.com"}))).await?;
    for words in EVERY_VERB {
        refused(&ns, words, 1, "ExternalName", "ExternalName").await?;
    }
    Ok(())
}

/// Argo Rollouts would put its selector back within seconds, in the middle of the release.
#[tokio::test]
async fn services_of_argo_rollouts_are_left_to_it() -> Result<()> {
    let ns = namespace("argo-managed").await?;
    let ports = json!([{"port": 80}]);
    let by_hash = json!({"selector": {"app": "web", "rollouts-pod-template-hash": "5d9c"}, "ports": ports});
    ns.apply(&service("web", &by_hash)).await?;
    for words in EVERY_VERB {
        refused(&ns, words, 1, "LeftByArgoRollouts", "Argo Rollouts").await?;
    }
    let mut annotated = service("marked", &json!({"selector": {"app": "web", "version": "blue"}, "ports": ports}));
    annotated["metadata"]["annotations"] = json!({"argo-rollouts.argoproj.io/managed-by-rollouts": "web"});
    ns.apply(&annotated).await?;
    let words = "switch marked --to green --yes --verify-for=0";
    refused(&ns, words, 1, "LeftByArgoRollouts", "Argo Rollouts").await?;
    Ok(())
}

/// The one bad name among many would be found only after the good ones had been switched.
#[tokio::test]
async fn one_missing_service_stops_all() -> Result<()> {
    let ns = namespace("one-missing").await?;
    e2e::bluegreen::blue_green(&ns, 1).await?;
    refused(&ns, "switch api nobody --to green --yes --verify-for=0", 1, "NotFound", "nobody").await?;
    assert_eq!(e2e::bluegreen::active(&ns, "api").await?, "blue");
    Ok(())
}

/// A person who named the wrong color would have to look up the right ones; no other is gone to for it.
#[tokio::test]
async fn a_color_that_does_not_exist_lists_those_that_do() -> Result<()> {
    let ns = namespace("no-color").await?;
    e2e::bluegreen::blue_green(&ns, 1).await?;
    let words = "switch api --to purple --yes --verify-for=0";
    let document = refused(&ns, words, 1, "NoSuchColor", "purple").await?;
    ensure!(document["message"].as_str().is_some_and(|message| message.contains("green")), "{document:#}");
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.contains("bluegreen status api -n "), "{next}");
    refused(&ns, "switch api --to-image 9.9.9 --yes --verify-for=0", 1, "NoSuchImage", "9.9.9").await?;
    refused(&ns, "switch api --to green --track-key nonsense --yes", 1, "NoTrackKey", "nonsense").await?;
    // What is printed to paste works.
    let pasted = next.lines().next().context("no line")?.trim_start_matches("kubectl bluegreen ");
    let pasted = pasted.split(" -n ").next().context("no words")?;
    bluegreen(&ns, pasted).await?.ends(0)?;
    Ok(())
}
