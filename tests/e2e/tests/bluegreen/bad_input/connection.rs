//! Clusters that can't be reached, and credentials that aren't any.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen_as;
use e2e::bluegreen::written::versions;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use lab::{Kubectl, Namespace};
use serde_json::{Value, json};

use super::clear;

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn can_not(kubectl: &Kubectl, words: &str, reason: &str) -> Result<Value> {
    let told = bluegreen_as(kubectl, words).await?.ends(1)?;
    clear(&told)?;
    ensure!(told.elapsed < Duration::from_secs(20), "it took {:?}", told.elapsed);
    let document = bluegreen_as(kubectl, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    ensure!(document["reason"] == reason, "{document:#}");
    Ok(document)
}

async fn every_verb_can_not(kubectl: &Kubectl, reason: &str) -> Result<()> {
    for words in
        ["status api", "status", "preflight api", SWITCH, "rollback api --yes", "history api", "cleanup --due --yes"]
    {
        can_not(kubectl, words, reason).await.context(words)?;
    }
    Ok(())
}

/// A stranger would be told that something is broken, instead of what they may not do.
#[tokio::test]
async fn without_permission_the_right_that_is_missing_is_named() -> Result<()> {
    let ns = namespace("no-rights").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    let stranger = ns.kubectl_as(ns.lab().identity("stranger", &[])?.kubeconfig);
    every_verb_can_not(&stranger, "Forbidden").await?;
    let document = can_not(&stranger, SWITCH, "Forbidden").await?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("stranger") && message.contains("services"), "{message}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A person whose login ran out over night would look for the fault in the cluster.
#[tokio::test]
async fn expired_credentials_are_called_so() -> Result<()> {
    let ns = namespace("expired").await?;
    let expired = ns.kubectl_as(ns.lab().expired_identity("late")?.kubeconfig);
    every_verb_can_not(&expired, "Unauthorized").await?;
    bluegreen_as(&expired, "status api").await?.tells("log in again")?;
    // As whom that cluster knows whoever asked, and nobody else.
    let document = can_not(&expired, "status api --as lee --as-group dev", "Unauthorized").await?;
    assert_eq!(document["next"], "kubectl auth whoami --as lee --as-group dev");
    Ok(())
}

fn kubeconfig_to(server: &str) -> String {
    json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "there",
        "clusters": [{"name": "there", "cluster": {"server": server}}],
        "contexts": [{"name": "there", "context": {"cluster": "there", "user": "somebody"}}],
        "users": [{"name": "somebody", "user": {"token": "a-token"}}],
    })
    .to_string()
}

/// A pipeline would hang, or not know whether something was done.
#[tokio::test]
async fn an_unreachable_cluster_is_called_so() -> Result<()> {
    let ns = namespace("unreachable").await?;
    // Port 1 of loopback: nobody listens there, and the refusal is at once.
    let nowhere = ns.lab().write_kubeconfig(&kubeconfig_to("https://127.0.0.1:1"))?;
    every_verb_can_not(&ns.kubectl_as(nowhere), "Unreachable").await?;
    let unknown = ns.lab().write_kubeconfig(&kubeconfig_to("https://no-such-host.invalid:6443"))?;
    can_not(&ns.kubectl_as(unknown), "status api", "Unreachable").await?;
    // An API server that this certificate authority never signed.
    let untrusted = ns.lab().write_kubeconfig(&kubeconfig_to(ns.lab().api()))?;
    can_not(&ns.kubectl_as(untrusted), SWITCH, "Unreachable").await?;
    Ok(())
}

async fn bad_kubeconfig(ns: &Namespace, text: &str) -> Result<()> {
    let file = ns.lab().write_kubeconfig(text)?;
    let document = can_not(&ns.kubectl_as(file), SWITCH, "BadKubeconfig").await.with_context(|| text.to_owned())?;
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(!message.contains("hunter2"), "a secret of the file is printed: {message}");
    Ok(())
}

/// Secrets of a damaged kubeconfig would end in a CI log, or the error would say nothing.
#[tokio::test]
async fn malformed_kubeconfigs_are_called_so_and_not_quoted() -> Result<()> {
    let ns = namespace("kubeconfig").await?;
    bad_kubeconfig(&ns, "users:\n- name: x\n  user: {token: hunter2\n clusters: [").await?;
    bad_kubeconfig(&ns, "token: [hunter2, {").await?;
    bad_kubeconfig(&ns, "clusters: hunter2\n").await?;
    bad_kubeconfig(&ns, "{}").await?;
    bad_kubeconfig(&ns, "").await?;
    bad_kubeconfig(&ns, &kubeconfig_to("not a url hunter2")).await?;
    bad_kubeconfig(
        &ns,
        &kubeconfig_to("https://127.0.0.1:1")
            .replace("\"current-context\":\"there\"", "\"current-context\":\"elsewhere\""),
    )
    .await?;
    Ok(())
}

/// Somebody whose login is missing would be told what nobody may do.
#[tokio::test]
async fn nobody_goes_out_where_kubectl_would_ask_who_it_is() -> Result<()> {
    let ns = namespace("nobody").await?;
    let anonymous = ns.lab().write_kubeconfig(&kubeconfig_to(ns.lab().api()).replace("\"token\":\"a-token\"", ""))?;
    let anonymous = ns.kubectl_as(anonymous);
    every_verb_can_not(&anonymous, "BadCredentials").await?;
    let document = can_not(&anonymous, "status api --context there", "BadCredentials").await?;
    assert_eq!(document["next"], "kubectl auth whoami --context there");
    Ok(())
}

/// With a wrong file name or context, another cluster would be switched than the one meant.
#[tokio::test]
async fn missing_kubeconfigs_and_contexts_are_no_reason_to_go_elsewhere() -> Result<()> {
    let ns = namespace("no-kubeconfig").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    let missing = ns.kubectl_as("/nonexistent/kubeconfig");
    let told = bluegreen_as(&missing, SWITCH).await?.ends(1)?;
    clear(&told)?;
    ensure!(told.stderr.contains("kubeconfig"), "{}", said(&told));
    let admin = e2e::common::run::admin(&ns);
    for flags in ["--context nowhere", "--cluster nowhere", "--user nobody", "--kubeconfig /nonexistent/file"] {
        can_not(&admin, &format!("{SWITCH} {flags}"), "BadKubeconfig").await.context(flags)?;
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A password that somebody typed into an address would be kept in the log of a pipeline.
#[tokio::test]
async fn a_password_in_a_typed_address_is_never_printed() -> Result<()> {
    let ns = namespace("password").await?;
    blue_green(&ns, 1).await?;
    let admin = e2e::common::run::admin(&ns);
    let host = ns.lab().api().trim_start_matches("https://").to_owned();
    for server in [
        format!("--server=https://lee:hunter2@{host}"),
        format!("-s https://lee:hunter2@{host}/"),
        "--server https://lee:hunter2@127.0.0.1:1".to_owned(),
        "--server lee:hunter2@127.0.0.1:1".to_owned(),
        "--server https://lee:hunt/er2@hunter2@127.0.0.1:1".to_owned(),
        "--context https://lee:hunter2@prod".to_owned(),
    ] {
        for words in ["status api -v=9", "switch api --to purple --yes -ojson", "rollback api --yes --timeout=5s"] {
            let told = bluegreen_as(&admin, &format!("{words} {server}")).await?;
            ensure!(
                !said(&told).contains("hunter2") && !said(&told).contains("er2@"),
                "{words} {server}: {}",
                said(&told)
            );
        }
    }
    let told = bluegreen_as(&admin, "status api --server https://lee:hunter2@127.0.0.1:1").await?.ends(1)?;
    told.tells("--server https://lee@127.0.0.1:1")?.tells("left out")?;
    Ok(())
}
