//! Where a verb can't go on, what it prints works now, and moves traffic nowhere that nobody asked for.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, moved_by_hand, rolled_out, scale};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::pods::gone;
use e2e::common::run::{Ended, said};
use e2e::namespace;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use kube::api::DeleteParams;
use lab::Namespace;
use lab::fixtures::{Behavior, Workload};
use serde_json::{Value, json};

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn three(ns: &Namespace) -> Result<()> {
    let ready = |app: lab::fixtures::App, name: &&str| app.color(color(name, 2, Behavior::Ready));
    rolled_out(ns, &["blue", "green", "red"].iter().fold(api(), ready)).await
}

async fn emptied(ns: &Namespace, name: &str) -> Result<()> {
    scale(ns, &format!("api-{name}"), 0).await?;
    gone(ns, &format!("version={name}")).await
}

async fn deleted(ns: &Namespace, name: &str) -> Result<()> {
    ns.api::<Deployment>().delete(&format!("api-{name}"), &DeleteParams::default()).await?;
    gone(ns, &format!("version={name}")).await
}

/// The document of a verb that ends with exit 1.
async fn refused(ns: &Namespace, words: &str) -> Result<Value> {
    bluegreen(ns, &format!("{words} -ojson")).await?.ends(1).with_context(|| words.to_owned())?.json()
}

fn next(document: &Value) -> &str {
    document["next"].as_str().unwrap_or_default()
}

/// In an outage "nothing to do" was said, and nothing named the color that would have answered.
#[tokio::test]
async fn an_emptied_color_is_no_end_while_another_is_ready() -> Result<()> {
    let ns = namespace("outage-third").await?;
    three(&ns).await?;
    bluegreen(&ns, "switch api --to red --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    emptied(&ns, "blue").await?;
    emptied(&ns, "red").await?;
    for words in ["rollback api --yes", "switch api --to blue --yes", "rollback api --dry-run=client"] {
        let document = refused(&ns, words).await?;
        assert_eq!(document["reason"], "Emptied", "{document:#}");
        ensure!(next(&document).contains("switch api --to green"), "{document:#}");
        ensure!(next(&document).contains("kubectl scale deploy/api-blue --replicas=2"), "{document:#}");
        let told = bluegreen(&ns, words).await?.ends(1)?;
        ensure!(!said(&told).contains("nothing to do"), "{}", said(&told));
    }
    let document = refused(&ns, "preflight api --to blue").await?;
    ensure!(next(&document).contains("preflight api --to green"), "{document:#}");
    ensure!(!next(&document).contains("switch"), "{document:#}");
    let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
    let notes = status["services"][0]["notes"].as_array().context("notes")?;
    let empty = notes.iter().find(|note| note["id"] == "no-endpoints").context("no note")?;
    ensure!(empty["fix"].as_str().is_some_and(|fix| fix.contains("switch api --to green")), "{empty:#}");
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    Ok(())
}

/// With nothing else ready, the size that the color had was known and not said.
#[tokio::test]
async fn where_nothing_is_ready_the_size_to_bring_back_is_named() -> Result<()> {
    let ns = namespace("outage-all").await?;
    blue_green(&ns, 3).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    emptied(&ns, "blue").await?;
    emptied(&ns, "green").await?;
    let document = refused(&ns, "rollback api --yes").await?;
    ensure!(next(&document).contains("kubectl scale deploy/api-blue --replicas=3"), "{document:#}");
    ensure!(!next(&document).contains("switch"), "{document:#}");
    // What stays as it is and serves, is done.
    scale(&ns, "api-blue", 1).await?;
    ns.rolled_out("deployment/api-blue", e2e::LIMIT).await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}

/// The step that a script takes next moved traffic to a version that nobody had named.
#[tokio::test]
async fn a_color_that_isn_t_there_is_no_reason_to_go_to_another() -> Result<()> {
    let ns = namespace("not-asked").await?;
    three(&ns).await?;
    bluegreen(&ns, "switch api --to red --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    deleted(&ns, "red").await?;
    for words in ["switch api --to red --yes", "switch api --to purple --yes", "preflight api --to red"] {
        let document = refused(&ns, words).await?;
        ensure!(next(&document).starts_with("kubectl bluegreen status api"), "{document:#}");
    }
    let near = refused(&ns, "switch api --to gren --yes").await?;
    ensure!(next(&near).starts_with("kubectl bluegreen preflight api --to green"), "{near:#}");
    let again = bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    ensure!(!said(&again).contains("--to red"), "{}", said(&again));
    // A way back that is gone leads nowhere else either, ours or another hand's.
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    ns.apply(&api().workload(&color("red", 2, Behavior::Ready))).await?;
    ns.rolled_out("deployment/api-red", e2e::LIMIT).await?;
    deleted(&ns, "blue").await?;
    let document = refused(&ns, "rollback api --yes").await?;
    ensure!(next(&document).starts_with("kubectl bluegreen status api"), "{document:#}");
    moved_by_hand(&ns, "red").await?;
    deleted(&ns, "green").await?;
    let document = refused(&ns, "rollback api --yes").await?;
    assert_eq!(document["reason"], "NoWayBack");
    ensure!(!next(&document).contains("switch"), "{document:#}");
    assert_eq!(active(&ns, "api").await?, "red");
    Ok(())
}

/// Green was said to run an image that it doesn't, and offered for it.
#[tokio::test]
async fn of_colors_with_one_image_only_these_are_named() -> Result<()> {
    let ns = namespace("one-image").await?;
    let with = |name, tag| Workload::color(name, &format!("registry.example.com/api:{tag}")).replicas(1);
    rolled_out(&ns, &api().color(with("green", "1.5")).color(with("blue", "1.6")).color(with("red", "1.6"))).await?;
    let document = refused(&ns, "switch api --to-image 1.6 --yes").await?;
    assert_eq!(document["reason"], "AmbiguousImage");
    let message = document["message"].as_str().unwrap_or_default();
    ensure!(message.contains("blue") && message.contains("red") && !message.contains("green"), "{message}");
    ensure!(next(&document).contains("--to blue") && next(&document).contains("--to red"), "{document:#}");
    let checked = refused(&ns, "preflight api --to-image 1.6").await?;
    ensure!(!next(&checked).contains("switch"), "{checked:#}");
    // One that is active already is told, and no way.
    bluegreen(&ns, "switch api --to red --yes --verify-for=0").await?.ends(0)?;
    let document = refused(&ns, "switch api --to-image 1.6 --yes").await?;
    ensure!(!next(&document).contains("--to red") && next(&document).contains("--to blue"), "{document:#}");
    Ok(())
}

/// Pastes the first command of a document's next step.
async fn pasted(ns: &Namespace, document: &Value) -> Result<()> {
    let command = next(document).lines().next().filter(|line| line.starts_with("kubectl patch service api "));
    let command = command.with_context(|| format!("nothing to paste: {document:#}"))?;
    let anywhere = ns.lab().kubectl(ns.lab().kubeconfig());
    let status = anywhere.plugin("/bin/sh".as_ref(), &["-c", command]).status().await?;
    ensure!(status.success(), "{command}");
    Ok(())
}

async fn selector(ns: &Namespace) -> Result<Value> {
    Ok(json!(ns.api::<Service>().get("api").await?.spec.and_then(|spec| spec.selector)))
}

/// Whoever broke the selector by hand was told to mend it, and not how; what it was stood in our record.
#[tokio::test]
async fn a_broken_selector_is_put_back_by_the_command_that_is_printed() -> Result<()> {
    let ns = namespace("broken").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let whole = selector(&ns).await?;
    for (broken, words) in [
        (json!({"version": null}), "rollback api --yes"),
        (json!({"version": null}), SWITCH),
        (json!({"version": null}), "switch api --to blue --track-key version --yes"),
        (Value::Null, "rollback api --yes"),
        (Value::Null, "status api"),
    ] {
        ns.patch::<Service>("api", json!({"spec": {"selector": broken}})).await?;
        let broken = selector(&ns).await?;
        let document = refused(&ns, words).await?;
        assert_eq!(selector(&ns).await?, broken, "nothing puts it back by itself");
        pasted(&ns, &document).await.with_context(|| format!("{words}: {document:#}"))?;
        assert_eq!(selector(&ns).await?, whole, "{words}");
    }
    // What our record says is checked: with a color that nothing has, the Service would select nothing.
    let record = e2e::bluegreen::written::record(&ns, "api").await?;
    let mut edited = record.clone();
    edited["to"] = json!("purple");
    let text = edited.to_string();
    ns.annotate::<Service>("api", e2e::bluegreen::written::RECORD, Some(&text)).await?;
    ns.patch::<Service>("api", json!({"spec": {"selector": {"version": null}}})).await?;
    let document = refused(&ns, "rollback api --yes").await?;
    ensure!(!document.to_string().contains("purple"), "{document:#}");
    Ok(())
}
