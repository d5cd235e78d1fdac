//! Set-ups that miss being blue-green by a label or an annotation: it is named, with the command that
//! helps, and that command does.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::Ended;
use e2e::namespace;
use k8s_openapi::api::core::v1::Service;
use lab::Namespace;
use serde_json::{Value, json};

use super::{deploy, labels, selector, service, workload};

const IMAGE: &str = "registry.example.com/web:1";

/// `web-blue` and `web-green` with these labels, and a Service that selects this.
async fn pair(test: &str, blue: &str, green: &str, selected: &str) -> Result<Namespace> {
    let ns = namespace(test).await?;
    let next = "registry.example.com/web:2";
    let objects = [
        workload("Deployment", "web-blue", blue, IMAGE),
        workload("Deployment", "web-green", green, next),
        service("web", selected),
    ];
    deploy(&ns, &objects).await?;
    Ok(ns)
}

/// The document of a switch that is refused for this reason.
async fn refused(ns: &Namespace, words: &str, reason: &str) -> Result<Value> {
    let document = bluegreen(ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
    ensure!(document["reason"] == reason, "{document:#}");
    Ok(document)
}

/// Runs what a refusal's next step has, as a shell does.
async fn paste(ns: &Namespace, document: &Value, flags: &str) -> Result<()> {
    let next = document["next"].as_str().context("no next step")?;
    let command = next.lines().next().unwrap_or_default();
    let shell = ns.lab().kubectl(ns.lab().kubeconfig());
    let output = shell.plugin("/bin/sh".as_ref(), &["-c", &format!("{command} {flags}")]).output().await?;
    ensure!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

fn says(document: &Value, words: &[&str]) -> Result<()> {
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(words.iter().all(|word| message.contains(word)), "{words:?}\n{document:#}");
    Ok(())
}

/// With one label in the selector, no pods were listed, and the label was not offered.
#[tokio::test]
async fn a_selector_of_one_label_is_switched_along_it_on_request() -> Result<()> {
    let ns = pair("one-label", "app=web-blue", "app=web-green", "app=web-blue").await?;
    deploy(&ns, &[workload("Deployment", "db", "app=db", "registry.example.com/db:1")]).await?;
    let document = refused(&ns, "switch web --to web-green --yes", "NoTrackKey").await?;
    says(&document, &["app", "web-green"])?;
    ensure!(!document["message"].to_string().contains("db"), "another application: {document:#}");
    let status = bluegreen(&ns, "status web --track-key app -ojson").await?.ends(0)?.json()?;
    let active = &status["services"][0]["colors"][0];
    assert_eq!((&active["name"], &active["ready"], &active["endpoints"]), (&json!("web-blue"), &json!(1), &json!(1)));
    paste(&ns, &document, "--yes --verify-for=0").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web-green"));
    // Anybody who may write the record may have put that label into it: it has to be typed again.
    let document = refused(&ns, "rollback web --yes", "NoTrackKey").await?;
    paste(&ns, &document, "--yes").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web-blue"));
    Ok(())
}

/// The color stands in a label that usually says which application a pod is of.
#[tokio::test]
async fn a_color_in_a_label_of_identity_is_switched_along_it_on_request() -> Result<()> {
    for key in ["role", "env", "tier"] {
        let of = |color: &str| format!("app=web {key}={color}");
        let ns = pair(&format!("identity-{key}"), &of("blue"), &of("green"), &of("blue")).await?;
        let document = refused(&ns, "switch web --to green --yes", "NoTrackKey").await?;
        says(&document, &[key, "green"])?;
        paste(&ns, &document, "--yes --verify-for=0").await?;
        assert_eq!(selector(&ns, "web").await?, labels(&of("green")));
        let rollback = refused(&ns, "rollback web --yes --track-key nothing", "NoTrackKey").await?;
        ensure!(rollback["next"].is_null(), "{rollback:#}");
        let document = refused(&ns, "rollback web --yes", "NoTrackKey").await?;
        paste(&ns, &document, "--yes").await?;
        assert_eq!(selector(&ns, "web").await?, labels(&of("blue")));
        // What is printed to a person who typed it has it, too.
        bluegreen(&ns, &format!("switch web --to green --track-key {key} --yes --verify-for=0")).await?.ends(0)?;
        let status = bluegreen(&ns, &format!("status web --track-key {key}")).await?.ends(0)?;
        let back = status.stdout.lines().find(|line| line.starts_with("Back: ")).context("no way back")?;
        ensure!(back.contains(&format!("rollback web --track-key={key}")), "{back}");
    }
    Ok(())
}

/// Tiers of one application look like colors, and production would go to the database.
#[tokio::test]
async fn another_tier_is_never_offered_as_a_target() -> Result<()> {
    let ns = namespace("tiers").await?;
    let objects = [
        workload("Deployment", "frontend", "app=shop tier=frontend", "registry.example.com/front:1"),
        workload("Deployment", "backend", "app=shop tier=backend", "registry.example.com/back:1"),
        workload("Deployment", "worker", "app=shop tier=worker", "registry.example.com/front:1"),
        service("shop", "app=shop tier=frontend"),
    ];
    deploy(&ns, &objects).await?;
    let document = refused(&ns, "switch shop --to backend --yes", "NoTrackKey").await?;
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.starts_with("kubectl bluegreen status shop --track-key tier"), "{next}");
    Ok(())
}

/// Two labels differ, and nobody says which.
#[tokio::test]
async fn two_labels_that_differ_are_named_and_one_is_taken_out() -> Result<()> {
    let blue = "app=web tier=front version=blue";
    let ns = pair("two-differ", blue, "app=web tier=frontend version=green", blue).await?;
    for words in ["switch web --yes --to green", "preflight web"] {
        let document = refused(&ns, words, if words.contains("--to") { "NoSuchColor" } else { "OnlyOneColor" }).await?;
        says(&document, &["deploy/web-green", "tier (frontend)", "version (green)"])?;
    }
    let document = refused(&ns, "switch web --yes --to green", "NoSuchColor").await?;
    paste(&ns, &document, "").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web version=blue"));
    bluegreen(&ns, "switch web --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web version=green"));
    Ok(())
}

/// The same for a label that green doesn't have, and for one that the Service can't do without.
#[tokio::test]
async fn a_label_that_is_missing_is_named_too() -> Result<()> {
    let blue = "app=web tier=front version=blue";
    let ns = pair("one-missing", blue, "app=web version=green", blue).await?;
    let document = refused(&ns, "switch web --yes --to green", "NoSuchColor").await?;
    says(&document, &["deploy/web-green", "tier", "version (green)"])?;
    deploy(&ns, &[workload("Deployment", "jobs", "app=web tier=jobs version=blue", IMAGE)]).await?;
    let document = refused(&ns, "preflight web --to green --track-key version", "NoSuchColor").await?;
    says(&document, &["deploy/web-green"])?;
    ensure!(document.get("next").is_none(), "the Service would select the jobs as well: {document:#}");
    Ok(())
}

/// A selector that pins one ReplicaSet is told by its label, and mended.
#[tokio::test]
async fn a_machines_label_in_the_selector_is_named_and_taken_out() -> Result<()> {
    let pinned = "app=web version=blue pod-template-hash=5d9f";
    let ns = pair("pinned", "app=web version=blue", "app=web version=green", pinned).await?;
    let document = refused(&ns, "switch web --to green --yes", "NoTrackKey").await?;
    says(&document, &["pod-template-hash"])?;
    paste(&ns, &document, "").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web version=blue"));
    bluegreen(&ns, "switch web --to green --yes --verify-for=0").await?.ends(0)?;
    // Without the label the Service would select every color: nothing to paste then.
    let every = json!({"spec": {"selector": {"app": "web", "version": null, "pod-template-hash": "5d9f"}}});
    ns.patch::<Service>("web", every).await?;
    let document = refused(&ns, "switch web --to green --yes", "NoTrackKey").await?;
    let next = document["next"].as_str().context("no next step")?;
    ensure!(next.starts_with("kubectl get pods"), "{next}");
    Ok(())
}

/// Argo Rollouts is long gone, and its mark on the Service stops every switch.
#[tokio::test]
async fn marks_that_argo_rollouts_left_are_named_and_taken_off() -> Result<()> {
    const MARK: &str = "argo-rollouts.argoproj.io/managed-by-rollouts";
    let ns = pair("argo-left", "app=web version=blue", "app=web version=green", "app=web version=blue").await?;
    ns.annotate::<Service>("web", MARK, Some("web")).await?;
    let document = refused(&ns, "switch web --to green --yes", "LeftByArgoRollouts").await?;
    says(&document, &[MARK])?;
    paste(&ns, &document, "").await?;
    bluegreen(&ns, "switch web --to green --yes --verify-for=0").await?.ends(0)?;
    // Both marks, as a Service has them that was one of a Rollout's two.
    ns.annotate::<Service>("web", MARK, Some("web")).await?;
    ns.patch::<Service>("web", json!({"spec": {"selector": {"rollouts-pod-template-hash": "5d9f"}}})).await?;
    let document = refused(&ns, "rollback web --yes", "LeftByArgoRollouts").await?;
    says(&document, &[MARK, "rollouts-pod-template-hash"])?;
    paste(&ns, &document, "").await?;
    assert_eq!(selector(&ns, "web").await?, labels("app=web version=green"));
    bluegreen(&ns, "rollback web --yes").await?.ends(0)?;
    Ok(())
}

/// `status` found the label for one Service by its annotation, and not for all of them.
#[tokio::test]
async fn the_list_of_all_services_reads_the_annotated_label_too() -> Result<()> {
    let (blue, green) = ("app=web track=a version=blue", "app=web track=a version=green");
    let ns = pair("annotated", blue, green, blue).await?;
    deploy(&ns, &[workload("Deployment", "other", "app=web track=b version=blue", IMAGE)]).await?;
    let listed = async || -> Result<Value> { bluegreen(&ns, "status -ojson").await?.ends(0)?.json() };
    ensure!(listed().await?["services"].as_array().is_some_and(Vec::is_empty));
    ns.annotate::<Service>("web", "kubectl-release.dev/track-key", Some("version")).await?;
    let all = listed().await?;
    assert_eq!((&all["services"][0]["trackKey"], &all["services"][0]["active"]), (&json!("version"), &json!("blue")));
    Ok(())
}

/// A slip in the label's name, typed or annotated.
#[tokio::test]
async fn a_label_that_is_spelt_wrong_finds_the_right_one() -> Result<()> {
    let ns = pair("slip", "app=web version=blue", "app=web version=green", "app=web version=blue").await?;
    bluegreen(&ns, "switch web --to green --yes --verify-for=0").await?.ends(0)?;
    let document = refused(&ns, "rollback web --yes --track-key vresion", "NoTrackKey").await?;
    ensure!(document["next"].to_string().contains("--track-key version"), "{document:#}");
    ns.annotate::<Service>("web", "kubectl-release.dev/track-key", Some("verzion")).await?;
    let document = refused(&ns, "switch web --to blue --yes", "NoTrackKey").await?;
    says(&document, &["kubectl-release.dev/track-key"])?;
    paste(&ns, &document, "").await?;
    bluegreen(&ns, "switch web --to blue --yes --verify-for=0").await?.ends(0)?;
    Ok(())
}

/// A member's own Service would be widened to all members, or stop every switch of the whole.
#[tokio::test]
async fn a_pods_own_service_is_neither_widened_nor_in_the_way() -> Result<()> {
    let ns = namespace("members").await?;
    let member = "app=db slot=blue statefulset.kubernetes.io/pod-name=db-blue-0";
    let objects = [
        workload("StatefulSet", "db-blue", "app=db slot=blue", IMAGE),
        workload("StatefulSet", "db-green", "app=db slot=green", "registry.example.com/web:2"),
        service("db", "app=db slot=blue"),
        service("member-0", member),
    ];
    deploy(&ns, &objects).await?;
    let document = bluegreen(&ns, "switch member-0 --to green --yes -ojson").await?.ends(1)?.json()?;
    ensure!(!document["next"].to_string().contains("kubectl patch"), "{document:#}");
    assert_eq!(selector(&ns, "member-0").await?, labels(member));
    bluegreen(&ns, "switch db --to green --yes --verify-for=0").await?.ends(0)?;
    assert_eq!(selector(&ns, "db").await?, labels("app=db slot=green"));
    Ok(())
}

/// Whoever looks, or cleans up, and pastes what is printed would move production.
#[tokio::test]
async fn who_only_looks_is_not_led_to_a_switch() -> Result<()> {
    let ns = pair("looks-only", "app=web-blue", "app=web-green", "app=web-blue").await?;
    for words in ["status web", "cleanup web --before-due --yes", "preflight web", "deploy web --image app=web:3 --yes"]
    {
        let document = refused(&ns, words, "NoTrackKey").await?;
        let next = document["next"].as_str().unwrap_or_default();
        ensure!(next.contains("--track-key app") && !next.contains("switch"), "{document:#}");
    }
    Ok(())
}

/// The verb that is made for it, and helps.
#[tokio::test]
async fn a_service_of_one_deployment_is_told_of_init() -> Result<()> {
    let ns = namespace("told-of-init").await?;
    deploy(&ns, &[workload("Deployment", "web", "app=web tier=front", IMAGE), service("web", "app=web tier=front")])
        .await?;
    for words in ["status web", "switch web --to green --yes", "rollback web --yes", "cleanup web --yes"] {
        let document = refused(&ns, words, "NoTrackKey").await?;
        ensure!(document["next"].to_string().contains("init web"), "{document:#}");
    }
    let document = refused(&ns, "status web", "NoTrackKey").await?;
    paste(&ns, &document, "--yes --verify-for=0s").await?;
    bluegreen(&ns, "status web").await?.ends(0).map(drop)
}
