//! Rights: the documented Roles are enough, and less than them is said and survived.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::admission::Policy;
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::run::bluegreen_as;
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, app, blue_green};
use e2e::common::events::events;
use e2e::common::paste::paste_as;
use e2e::common::permissions::{bound_to, documented, with_rules};
use e2e::common::run::{Ended, finding_ids, said};
use e2e::namespace;
use lab::api_proxy::ApiProxy;
use lab::fixtures::{Behavior, autoscaler};
use lab::{Kubectl, Namespace};
use serde_json::json;

async fn as_role(ns: &Namespace, role: &str) -> Result<Kubectl> {
    Ok(ns.kubectl_as(bound_to(ns, role).await?.kubeconfig))
}

/// An auditor who was given the documented Role would be left without an answer.
#[tokio::test]
async fn the_read_role_is_enough_to_look() -> Result<()> {
    let ns = namespace("read-role").await?;
    blue_green(&ns, 2).await?;
    let reader = as_role(&ns, "bluegreen-read").await?;
    for words in ["status", "status api", "status api --wait-for converged", "history api"] {
        bluegreen_as(&reader, words).await?.ends(0)?;
    }
    let preflight = bluegreen_as(&reader, "preflight api -ojson").await?.ends(0)?.json()?;
    // Nodes are of the cluster: no Role can give them, and the check is said to be optional.
    let unchecked = |f: &serde_json::Value| f["severity"] == "notChecked" && f["id"] != "nodes";
    let findings = preflight["findings"].as_array().context("findings")?;
    ensure!(!findings.iter().any(unchecked), "the Role leaves something unchecked: {preflight:#}");
    Ok(())
}

/// Who may only look would change production.
#[tokio::test]
async fn the_read_role_can_not_switch() -> Result<()> {
    let ns = namespace("read-role-switch").await?;
    blue_green(&ns, 1).await?;
    let reader = as_role(&ns, "bluegreen-read").await?;
    let before = versions(&ns).await?;
    for words in ["switch api --to green --yes -ojson", "switch api --to green --dry-run=server -ojson"] {
        let document = bluegreen_as(&reader, words).await?.ends(1)?.json()?;
        assert_eq!(document["reason"], "Forbidden", "{document:#}");
    }
    bluegreen_as(&reader, "cleanup api --before-due --yes").await?.ends(1)?.tells("forbidden")?;
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A pipeline with the documented Role would stop halfway through a release.
#[tokio::test]
async fn the_documented_roles_are_enough_for_every_verb() -> Result<()> {
    let ns = namespace("full-role").await?;
    app::with_green(&ns, 2, Behavior::Ready).await?;
    app::scale(&ns, "api-green", 1).await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    let (mover, cleaner) = (as_role(&ns, "bluegreen").await?, as_role(&ns, "bluegreen-cleanup").await?);
    for (words, color) in [
        ("status api", "blue"),
        ("preflight api --to green --min-ready 1", "blue"),
        ("switch api --to green --scale --yes --verify-for=1s --retain=0s", "green"),
        ("cleanup api --yes", "green"),
        ("rollback api --yes", "blue"),
        ("switch api --to green --yes --verify-for=0 --retain=0s", "green"),
        ("history api", "green"),
        ("cleanup api --delete --yes", "green"),
        ("status", "green"),
    ] {
        let user = if words.starts_with("cleanup") { &cleaner } else { &mover };
        let output = bluegreen_as(user, words).await?.ends(0).context(words)?;
        // What a Role of one namespace can't let in is told, and stops nothing.
        let is_refused = |line: &str| line.contains("forbidden") && !line.contains("of other namespaces");
        ensure!(!output.stderr.lines().any(is_refused), "{words}\n{}", said(&output));
        assert_eq!(active(&ns, "api").await?, color, "after {words}");
    }
    assert_eq!(replicas(&ns, "api-green").await?, 2);
    assert!(events(&ns, "api").await?.contains(&"Switched".to_owned()));
    Ok(())
}

/// Refused, and nothing shown says why.
#[tokio::test]
async fn what_could_not_be_checked_is_shown_where_it_blocks() -> Result<()> {
    let ns = namespace("strict-role").await?;
    blue_green(&ns, 2).await?;
    let mover = as_role(&ns, "bluegreen").await?;
    for words in ["preflight api --to green --strict", "switch api --to green --yes --strict"] {
        let output = bluegreen_as(&mover, words).await?.ends(1)?;
        let shown = output.stderr.lines().chain(output.stdout.lines()).any(|line| line.starts_with("x nodes"));
        ensure!(shown, "{}", said(&output));
    }
    Ok(())
}

/// Whoever was told how to undo it was refused: kubectl's own commands need more than our writes.
#[tokio::test]
async fn the_documented_role_may_undo_what_was_printed() -> Result<()> {
    let ns = namespace("undo-role").await?;
    blue_green(&ns, 2).await?;
    app::taken_down(&ns, "green").await?;
    ns.apply(&autoscaler("api-green", 1, 5)).await?;
    let policy = Policy::deny(&ns, "api", "object.spec.selector.version == 'blue'", "freeze").await?;
    let mover = as_role(&ns, "bluegreen").await?;
    let words = "switch api --to green --scale --yes --verify-for=0 -ojson";
    let document = bluegreen_as(&mover, words).await?.ends(1)?.json()?;
    let left = document["services"][0]["leftScaled"].as_array().context("leftScaled")?.clone();
    assert_eq!(left.len(), 2, "{document:#}");
    for one in &left {
        paste_as(&mover, one["undo"].as_str().context("no undo")?).await?.ends(0)?;
    }
    assert_eq!(replicas(&ns, "api-green").await?, 0);
    policy.remove().await
}

/// A pipeline that may release would stop with a color half prepared.
#[tokio::test]
async fn the_deploy_role_is_enough_to_release_and_the_switching_one_prepares_nothing() -> Result<()> {
    let ns = namespace("deploy-role").await?;
    let blue = app::color("blue", 1, Behavior::Ready);
    app::rolled_out(&ns, &app::api().color(blue)).await?;
    ns.apply(&autoscaler("api-blue", 1, 5)).await?;
    let (deployer, mover) = (as_role(&ns, "bluegreen-deploy").await?, as_role(&ns, "bluegreen").await?);
    let words = |tag: &str| format!("deploy api --image app=registry.example.com/api:{tag} --yes --verify-for=1s");
    let before = versions(&ns).await?;
    bluegreen_as(&mover, &words("1.6.0")).await?.ends(1)?.tells("forbidden")?;
    assert_eq!(versions(&ns).await?, before);
    for (tag, color) in [("1.6.0", "green"), ("1.7.0", "blue")] {
        let output = bluegreen_as(&deployer, &words(tag)).await?.ends(0)?;
        ensure!(!output.stderr.contains("forbidden"), "{}", said(&output));
        assert_eq!(active(&ns, "api").await?, color);
    }
    Ok(())
}

/// With fewer rights than documented, a release would not be possible at all, or go on blindly.
#[tokio::test]
async fn the_minimal_role_switches_and_says_what_was_not_checked() -> Result<()> {
    let ns = namespace("minimal-role").await?;
    blue_green(&ns, 2).await?;
    let user = as_role(&ns, "bluegreen-minimal").await?;
    bluegreen_as(&user, "status api").await?.ends(0)?;
    let switched = bluegreen_as(&user, "switch api --to green --yes --verify-for=1s").await?.ends(0)?;
    for kind in ["pdb", "hpa", "networkpolicies", "services", "virtualservices", "httproutes"] {
        ensure!(switched.stderr.contains(&format!("{kind} (forbidden)")), "{kind}\n{}", said(&switched));
    }
    // The Event can't be written; the record names the user nevertheless.
    let switched = switched.tells("Event")?;
    ensure!(switched.stderr.contains("forbidden"), "{}", said(&switched));
    bluegreen_as(&user, "history api").await?.ends(0)?.tells("bluegreen-minimal@")?;
    bluegreen_as(&user, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// Who asks for every check to be made would get a switch without them.
#[tokio::test]
async fn strict_refuses_what_was_not_checked() -> Result<()> {
    let ns = namespace("strict").await?;
    blue_green(&ns, 1).await?;
    let user = as_role(&ns, "bluegreen-minimal").await?;
    let before = versions(&ns).await?;
    let words = "switch api --to green --yes --strict --verify-for=0 -ojson";
    let document = bluegreen_as(&user, words).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Blocked");
    assert_eq!(versions(&ns).await?, before);
    let ids = finding_ids(&document);
    let forced = format!("switch api --to green --yes --strict --verify-for=0 --force={}", ids.join(","));
    bluegreen_as(&user, &forced).await?.ends(0)?;
    Ok(())
}

/// Convergence would never be seen, and every switch of such a user time out.
#[tokio::test]
async fn without_the_right_to_watch_endpoints_are_polled() -> Result<()> {
    let ns = namespace("poll").await?;
    blue_green(&ns, 2).await?;
    let identity = bound_to(&ns, "bluegreen-minimal").await?;
    let proxy = ApiProxy::start_as(ns.lab(), &identity).await?;
    let user = ns.kubectl_as(proxy.kubeconfig());
    bluegreen_as(&user, "switch api --to green --yes --verify-for=1s").await?.ends(0)?;
    let about_slices = |call: &&lab::api_proxy::Call| call.is_about("/endpointslices");
    let calls = proxy.calls();
    let watches = calls.iter().filter(about_slices).filter(|call| call.is_watch()).count();
    let lists = calls.iter().filter(about_slices).filter(|call| !call.is_watch()).count();
    assert!(watches <= 2 && lists >= 2, "{watches} watches and {lists} lists");
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// The right to patch would be found missing in the middle of a release of three Services.
#[tokio::test]
async fn a_server_dry_run_finds_a_missing_right() -> Result<()> {
    let ns = namespace("may-not-patch").await?;
    blue_green(&ns, 1).await?;
    app::taken_down(&ns, "green").await?;
    let without_scale = json!([
        {"apiGroups": [""], "resources": ["services"], "verbs": ["get", "list", "patch"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": ["apps"], "resources": ["deployments", "statefulsets"], "verbs": ["list"]},
        {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"]},
    ]);
    let identity = with_rules(&ns, "no-scale", &without_scale).await?;
    let user = ns.kubectl_as(identity.kubeconfig);
    let before = versions(&ns).await?;
    let document =
        bluegreen_as(&user, "switch api --to green --scale --dry-run=server -ojson").await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "Forbidden");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("deployments/scale"), "the right that is missing is not named: {message}");
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A wrong name in the page would give people a Role that the tests never tried.
#[test]
fn every_role_of_the_page_is_a_role() -> Result<()> {
    let of_deploys = ["bluegreen-deploy", "bluegreen-deploy-tests"];
    for role in ["bluegreen-read", "bluegreen", "bluegreen-cleanup", "bluegreen-minimal"].into_iter().chain(of_deploys)
    {
        assert!(documented(role)?.contains("kind: Role\n"), "{role}");
    }
    Ok(())
}

/// Pods would be taken down by somebody who may not delete what made them.
#[tokio::test]
async fn who_may_only_switch_deletes_nothing() -> Result<()> {
    let ns = namespace("switch-only").await?;
    blue_green(&ns, 1).await?;
    let mover = as_role(&ns, "bluegreen").await?;
    bluegreen_as(&mover, "switch api --to green --yes --verify-for=0 --retain=0s").await?.ends(0)?;
    bluegreen_as(&mover, "cleanup api --delete --yes").await?.ends(1)?.tells("forbidden")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 1);
    Ok(())
}

/// A color would be brought to size, or get another image, for a move that nobody may make.
#[tokio::test]
async fn who_may_not_move_the_service_prepares_nothing_either() -> Result<()> {
    let ns = namespace("may-all-but-move").await?;
    app::blue_green(&ns, 1).await?;
    app::taken_down(&ns, "green").await?;
    let rules = json!([
        {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["apps", "autoscaling"], "resources": ["*"], "verbs": ["*"]},
    ]);
    let user = with_rules(&ns, "all-but-move", &rules).await?;
    let kubectl = ns.kubectl_as(user.kubeconfig);
    let before = versions(&ns).await?;
    for words in [
        "switch api --to green --scale --yes -ojson",
        "deploy api --image app=registry.example.com/api:1.6.0 --yes -ojson",
    ] {
        let document = bluegreen_as(&kubectl, words).await?.ends(1)?.json()?;
        assert_eq!(document["reason"], "Forbidden", "{document:#}");
        assert_eq!(versions(&ns).await?, before, "{words}");
    }
    Ok(())
}
