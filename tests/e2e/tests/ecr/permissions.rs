//! Rights: the documented Roles are enough, and less than them is said and survived.

use anyhow::{Context, Result, ensure};
use e2e::LIMIT;
use e2e::common::permissions::{bound_to, documented, documented_policy, with_rules};
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use lab::fixtures::{Behavior, autoscaler};
use lab::registry::AccessKey;
use lab::{Identity, Output, Running};
use serde_json::{Value, json};

async fn run_as(releases: &Releases, user: &Identity, words: &str) -> Result<Output> {
    releases.run_through(&user.kubeconfig, words).await
}

async fn deployed(test: &str) -> Result<Releases> {
    let releases = Releases::pushed(test).await?;
    releases.deploy(&releases.app("api")).await?;
    Ok(releases)
}

/// What was never scanned is not checked, whoever asks.
async fn all_scanned(releases: &Releases) -> Result<()> {
    let clean =
        json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindingsSummary": {"findingSeverityCounts": {}}});
    for image in releases.repository.images().await? {
        releases.repository.set(image["imageDigest"].as_str().unwrap_or_default(), clean.clone()).await?;
    }
    Ok(())
}

fn not_checked(document: &Value) -> usize {
    let findings = document["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
    findings.iter().filter(|finding| finding["severity"] == "notChecked").count()
}

/// A pipeline with the documented Role would stop halfway, or go on without its checks.
#[tokio::test]
async fn the_documented_role_is_enough() -> Result<()> {
    let releases = deployed("ecr-role").await?;
    all_scanned(&releases).await?;
    releases.ns.apply(&autoscaler("api", 1, 5)).await?;
    let user = bound_to(&releases.ns, "ecr-rollback").await?;
    run_as(&releases, &user, "history deploy/api").await?.ends(0)?;
    let output = run_as(&releases, &user, "deploy/api --yes --strict -ojson").await?.ends(0)?;
    ensure!(!output.stderr.contains("forbidden"), "{}", said(&output));
    assert_eq!(not_checked(&output.json()?), 0, "{}", said(&output));
    assert_eq!(
        (releases.image("api").await?.as_str(), &releases.record("api").await?["result"]),
        (PREVIOUS, &json!("done"))
    );
    assert_eq!(releases.record("api").await?["by"], user.user);
    assert!(releases.events("api").await?.contains(&"RolledBack".to_owned()));
    run_as(&releases, &user, "deploy/api --yes --again --pin-digest").await?.ends(0)?;
    run_as(&releases, &user, "unpin deploy/api --yes").await?.ends(0)?;
    Ok(())
}

/// A failed release could not be taken back by the pipeline that tried it.
#[tokio::test]
async fn the_documented_role_takes_back() -> Result<()> {
    let releases = Releases::with("ecr-role-back", Behavior::NeverReady).await?;
    releases.deploy(&releases.app("api")).await?;
    let user = bound_to(&releases.ns, "ecr-rollback").await?;
    run_as(&releases, &user, "deploy/api --yes --timeout=9s").await?.ends(5)?;
    assert_eq!(releases.image("api").await?, NEWEST);
    Ok(())
}

/// Teams with StatefulSets and DaemonSets would find the Role too small at night.
#[tokio::test]
async fn the_documented_role_is_for_every_kind() -> Result<()> {
    let releases = Releases::pushed("ecr-role-kinds").await?;
    all_scanned(&releases).await?;
    let user = bound_to(&releases.ns, "ecr-rollback").await?;
    for app in [releases.app("db").stateful(), releases.app("agent").daemon()] {
        releases.ns.apply(&app.service()).await?;
        releases.deploy(&app).await?;
        let words = format!("{} --yes --strict --force=pdb-missing -ojson", app.resource());
        let output = run_as(&releases, &user, &words).await?.ends(0)?;
        assert_eq!(not_checked(&output.json()?), 0, "{}", said(&output));
        releases.ns.rolled_out(&app.resource(), LIMIT).await?;
    }
    Ok(())
}

/// With fewer rights than documented, there would be no way back at all, or one without a word on
/// what was not looked at.
#[tokio::test]
async fn the_minimal_role_rolls_back_and_says_what_was_not_checked() -> Result<()> {
    let releases = deployed("ecr-role-minimal").await?;
    let user = bound_to(&releases.ns, "ecr-rollback-minimal").await?;
    let strict = run_as(&releases, &user, "deploy/api --yes --strict -ojson").await?.ends(1)?;
    assert_eq!(strict.json()?["reason"], "Blocked");
    let output = run_as(&releases, &user, "deploy/api --yes").await?.ends(0)?;
    for kind in ["pdb", "hpa"] {
        ensure!(output.stderr.contains(&format!("{kind} (forbidden)")), "{kind}\n{}", said(&output));
    }
    // The Event can't be written; the record names the user nevertheless.
    ensure!(output.stderr.contains("Event") && output.stderr.contains("forbidden"), "{}", said(&output));
    assert_eq!(
        (releases.image("api").await?.as_str(), &releases.record("api").await?["result"]),
        (PREVIOUS, &json!("done"))
    );
    assert_eq!(releases.record("api").await?["by"], user.user);
    Ok(())
}

/// Who may only look would be told so by a half-done rollback, or only after a person agreed.
#[tokio::test]
async fn a_missing_right_to_patch_is_found_before_anything() -> Result<()> {
    let releases = deployed("ecr-role-read").await?;
    let user = bound_to(&releases.ns, "ecr-rollback-read").await?;
    let before = releases.written("api").await?;
    let history = run_as(&releases, &user, "history deploy/api -ojson").await?.ends(0)?;
    history.json()?;
    for words in ["deploy/api --yes -ojson", "deploy/api --dry-run=server -ojson"] {
        let document = run_as(&releases, &user, words).await?.ends(1)?.json()?;
        let forbidden = finding(&document, "forbidden").context("the right is not named")?;
        assert_eq!((&forbidden["severity"], &document["reason"]), (&json!("block"), &json!("Blocked")), "{document:#}");
        ensure!(forbidden["message"].as_str().is_some_and(|m| m.contains(&user.user)), "{forbidden}");
        assert_eq!(document["workloads"][0]["changed"], false);
    }
    // Overridden, the API server has the last word.
    run_as(&releases, &user, "deploy/api --yes --force=forbidden").await?.ends(1)?.tells("forbidden")?;
    assert_eq!(releases.written("api").await?, before);
    Ok(())
}

/// A role without the right to read what is needed would end in an empty answer.
#[tokio::test]
async fn rights_that_are_needed_are_named() -> Result<()> {
    let releases = deployed("ecr-role-none").await?;
    let without = json!([
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "patch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
    ]);
    let user = with_rules(&releases.ns, "no-revisions", &without).await?;
    run_as(&releases, &user, "deploy/api --yes").await?.ends(1)?.tells("replicasets")?;
    let stranger = releases.ns.lab().identity(&format!("stranger@{}", releases.ns.name()), &[])?;
    run_as(&releases, &stranger, "deploy/api --yes").await?.ends(1)?.tells("forbidden")?;
    assert_eq!(releases.image("api").await?, NEWEST);
    Ok(())
}

/// An IAM policy as the page has it would leave out a call, and the rollback fail with AccessDenied.
#[tokio::test]
async fn the_documented_policy_names_every_call_to_ecr() -> Result<()> {
    let releases = deployed("ecr-policy").await?;
    let multi = lab::registry::Image::index("1.0.7", &["amd64", "arm64"]);
    releases.repository.push(multi).await?;
    releases.set_image("api", "1.0.7").await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    let latest = releases.repository.push(lab::registry::Image::new("latest")).await?;
    ensure!(latest.starts_with("sha256:"));
    let key = AccessKey::fresh();
    for words in [
        "history deploy/api",
        "deploy/api --yes",
        "deploy/api --yes --to-tag latest",
        "deploy/api --yes --to-tag 1.0.3 --max-severity=none",
    ] {
        let mut command = releases.command(&releases.admin(), words);
        command.envs(key.environment());
        Running::start(command)?.wait(LIMIT).await?;
    }
    let policy = documented_policy("ecr:GetLifecyclePolicy")?;
    let calls = key.interceptor().calls().await?;
    ensure!(!calls.is_empty(), "no call at all");
    for call in calls {
        ensure!(policy.contains(&format!("\"ecr:{}\"", call.operation)), "{} is not in the policy", call.operation);
    }
    Ok(())
}

/// A wrong name in the page would give people a Role that the tests never tried.
#[test]
fn every_role_of_the_page_is_a_role() -> Result<()> {
    for role in ["ecr-rollback-read", "ecr-rollback", "ecr-rollback-minimal"] {
        assert!(documented(role)?.contains("kind: Role\n"), "{role}");
    }
    let policy: Value = serde_json::from_str(&documented_policy("ecr:GetLifecyclePolicy")?)?;
    assert_eq!(policy["Version"], "2012-10-17");
    Ok(())
}
