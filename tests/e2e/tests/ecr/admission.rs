//! Admission policies that rewrite images: what was written, or what pods are made with.

use anyhow::{Result, ensure};
use e2e::common::mutating::{mutates, rewrites};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use lab::fixtures::Behavior;
use lab::registry::Image;
use serde_json::json;

const IMAGE: &str = "/spec/template/spec/containers/0/image";

/// From when it returns on, the Deployment's template gets what the expression says; written with the tag, its image
/// shows it.
async fn rewrites_template(case: &Case, patch: &str, (tag, shows): (&str, impl Fn(&str) -> bool)) -> Result<()> {
    let probe = json!([{"op": "replace", "path": IMAGE, "value": case.repository.image(tag)}]).to_string();
    let image = "-ojsonpath={.spec.template.spec.containers[0].image}";
    let words = ["patch", "deployment/api", "--type=json", "-p", &probe, "--dry-run=server", image];
    mutates(&case.ns, ("apps", "deployments", "UPDATE"), patch, (&words, shows)).await
}

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
        // Who asks again is told the same, and what is to be done once the policy is gone: pods stay as they were made.
        let again = case.back("--timeout=60s").await?.ends(1)?.tells("kubectl rollout restart")?;
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
    let patch = format!("[JSONPatch{{op: 'replace', path: '{IMAGE}', value: '{bad}'}}]");
    rewrites_template(&case, &patch, ("0.0.0", |image| image == bad)).await?;
    let output = case.back("--timeout=30s").await?.ends(1)?;
    ensure!(!format!("{}{}", output.stdout, output.stderr).contains("someone else"), "{}", said(&output));
    output.tells("admission policy or webhook")?;
    case.asks_for("1.0.4").await
}

/// A job that is retried would go back from the image that the first try led to: one further, past a good release.
#[tokio::test]
async fn what_a_policy_made_of_a_rollback_is_not_gone_back_from_by_the_same_words() -> Result<()> {
    let case = Case::new("hardened").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.3-hardened", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    let hardened = case.repository.image("1.0.3-hardened");
    let image = "object.spec.template.spec.containers[0].image";
    let value = format!("{image}.endsWith(':1.0.3') ? '{hardened}' : {image}");
    let patch = format!("[JSONPatch{{op: 'replace', path: '{IMAGE}', value: {value}}}]");
    rewrites_template(&case, &patch, ("1.0.3", |image| image == hardened)).await?;
    case.back("--to-tag=1.0.3 --no-rollback --timeout=60s").await?.ends(1)?.tells("admission policy or webhook")?;
    case.asks_for("1.0.3-hardened").await?;
    for _ in 0..2 {
        case.back("--timeout=60s").await?.ends(1)?.tells("rewrites it; nothing was written")?;
        case.asks_for("1.0.3-hardened").await?;
    }
    // What somebody sets since is theirs.
    case.release("1.0.4").await?;
    case.plan("").await.map(drop)
}

/// Puts digests behind tags in a Deployment's template, as policies that verify images do.
fn pinning(digests: &[(&str, &String)]) -> String {
    let image = "object.spec.template.spec.containers[0].image";
    let pinned = digests.iter().map(|(tag, digest)| format!("{image}.endsWith(':{tag}') ? {image} + '@{digest}' : "));
    let pinned: String = pinned.collect();
    format!("[JSONPatch{{op: 'replace', path: '{IMAGE}', value: {pinned}{image}}}]")
}

/// The rollback would be called failed, and the same words would ask which way to go, while pods run just what was
/// asked for.
#[tokio::test]
async fn a_digest_that_a_policy_puts_into_the_template_is_the_same_image() -> Result<()> {
    let case = Case::new("template-policy").await?;
    let digests = case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    let of_tags = [("1.0.3", &digests[1]), ("1.0.4", &digests[2])];
    rewrites_template(&case, &pinning(&of_tags), ("1.0.3", |image| image.contains('@'))).await?;
    case.back("--timeout=60s --dry-run=server").await?.ends(0)?;
    let document = case.back("--timeout=60s -ojson").await?.ends(0)?.json()?;
    assert_eq!(document["workloads"][0]["state"], "done", "{document:#}");
    assert_eq!(case.record().await?["result"], "done");
    case.runs(&digests[1]).await?;
    let again = case.back("-ojson").await?.ends(0)?.json()?;
    assert_eq!(again["workloads"][0]["state"], "unchanged", "{again:#}");
    Ok(())
}

/// And a failed one would be left, for the words that are to be replaced are not there.
#[tokio::test]
async fn what_fails_under_such_a_policy_is_taken_back() -> Result<()> {
    let case = Case::new("template-back").await?;
    let bad = case.push_on(1, Image::new("1.0.3").behavior(Behavior::CrashLoop)).await?;
    let good = case.push_on(2, Image::new("1.0.4")).await?;
    case.deploy(&["1.0.4"]).await?;
    let of_tags = [("1.0.3", &bad), ("1.0.4", &good)];
    rewrites_template(&case, &pinning(&of_tags), ("1.0.3", |image| image.contains('@'))).await?;
    case.back("--timeout=30s").await?.ends(5)?;
    case.runs(&good).await
}

/// A pipeline that tries first would be told "rolled back" of what the API server makes something else of.
#[tokio::test]
async fn a_rehearsal_is_held_against_what_would_be_stored() -> Result<()> {
    let case = Case::new("rehearsed-policy").await?;
    case.push(&["1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4"]).await?;
    let kept = case.repository.image("1.0.4");
    let patch = format!("[JSONPatch{{op: 'replace', path: '{IMAGE}', value: '{kept}'}}]");
    rewrites_template(&case, &patch, ("1.0.3", |image| image == kept)).await?;
    let document = case.back("--dry-run=server -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Rewritten", "{document:#}");
    Ok(())
}
