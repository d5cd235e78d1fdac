//! Admission policies that rewrite images: what was written, or what pods are made with.

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::mutating::{mutates, rewrites};
use e2e::common::run::{Ended, admin, said};
use e2e::ecr::case::Case;
use lab::eventually;
use serde_json::{Value, json};

async fn rewrites_pods(case: &Case, image: &str) -> Result<()> {
    let patch = format!("[JSONPatch{{op: 'replace', path: '/spec/containers/0/image', value: {image}}}]");
    let probe = case.repository.image("0.0.0");
    rewrites(&case.ns, &patch, &probe).await
}

/// "rolled back", while every pod runs the bad release.
#[tokio::test]
async fn what_no_pod_runs_is_not_done() -> Result<()> {
    for kind in ["deployment", "daemonset"] {
        let case = Case::of(kind, "api", e2e::namespace(&format!("rewritten-{kind}")).await?).await?;
        case.push(&["1.0.3", "1.0.4"]).await?;
        case.deploy(&["1.0.4"]).await?;
        rewrites_pods(&case, &format!("'{}'", case.repository.image("1.0.4"))).await?;
        let output = case.back("--timeout=60s -ojson").await?.ends(1)?;
        let document = output.json()?;
        ensure!(document["reason"] == "Rewritten", "{}", said(&output));
        assert_eq!(document["workloads"][0]["state"], "failed");
        assert_eq!(case.record().await?["result"], "failed");
        // Who asks again is told the same.
        let again = case.back("--timeout=60s").await?.ends(1)?;
        ensure!(!format!("{}{}", again.stdout, again.stderr).contains("so far"), "{}", said(&again));
    }
    Ok(())
}

/// A policy that writes digests into pods is no other image: every rollback would be called failed.
#[tokio::test]
async fn a_digest_behind_the_tag_is_the_same_image() -> Result<()> {
    let case = Case::new("digest-policy").await?;
    let digests = case.push(&["1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    let image = "object.spec.containers[0].image";
    let pinned = format!(
        "{image}.contains('@') ? {image} : {image} + ({image}.endsWith(':1.0.3') ? '@{}' : '@{}')",
        digests[0], digests[1]
    );
    rewrites_pods(&case, &pinned).await?;
    let back = case.back("").await?.ends(0)?;
    ensure!(!back.stdout.contains("so far") && !back.stdout.contains("rewrites"), "{}", said(&back));
    case.runs(&digests[0]).await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}

/// A person would look for a colleague who never was.
#[tokio::test]
async fn a_policy_that_undoes_the_write_is_nobody_else() -> Result<()> {
    let case = Case::new("undone-by-policy").await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    let bad = case.repository.image("1.0.4");
    let path = "/spec/template/spec/containers/0/image";
    let patch = format!("[JSONPatch{{op: 'replace', path: '{path}', value: '{bad}'}}]");
    mutates(&case.ns, ("apps", "deployments", "UPDATE"), &patch).await?;
    eventually("the policy is in force", LIMIT, || async {
        let change = json!([{"op": "replace", "path": path, "value": case.repository.image("0.0.0")}]).to_string();
        let words = ["patch", "deployment/api", "--type=json", "-p", &change, "--dry-run=server", "-ojson"];
        let made: Value = serde_json::from_str(&admin(&case.ns).must(&words).await?)?;
        Ok((made["spec"]["template"]["spec"]["containers"][0]["image"] == bad.as_str()).then_some(()))
    })
    .await?;
    let output = case.back("--timeout=30s").await?.ends(1)?;
    ensure!(!format!("{}{}", output.stdout, output.stderr).contains("someone else"), "{}", said(&output));
    output.tells("admission policy or webhook")?;
    case.asks_for("1.0.4").await
}
