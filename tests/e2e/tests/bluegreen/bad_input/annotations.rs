//! Our own annotations, edited by other hands: never believed, never obeyed, never in the way.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::blue_before_green;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::{RECORD, annotation, record};
use e2e::bluegreen::{active, blue_green};
use e2e::common::damage::{harmless, no_records};
use e2e::common::pods::gone;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Service;
use kube::api::{DeleteParams, ListParams};
use lab::{Namespace, eventually};
use serde_json::{Value, json};

const HISTORY: &str = "kubectl-release.dev/bluegreen-history";

/// A complete record, to be damaged in one place.
fn genuine() -> Value {
    json!({
        "id": "0123456789abcdef", "verb": "switch", "key": "version", "from": "green", "to": "blue", "by": "ci-bot",
        "at": "2026-01-02T03:04:05Z", "reason": "", "retainSeconds": 3600,
        "selector": {"app": "api", "version": "green"}, "result": "done", "millis": 900,
    })
}

fn damaged(member: &str, value: Value) -> String {
    let mut record = genuine();
    record[member] = value;
    record.to_string()
}

fn bad_records() -> Vec<String> {
    let mut records = no_records();
    records.extend([
        damaged("at", json!(12)),
        damaged("retainSeconds", json!(-1)),
        damaged("selector", json!({})),
        damaged("selector", json!({"app": "api"})),
        damaged("selector", json!({"app": "api", "version": "blue"})),
        damaged("selector", json!({"app": "$(reboot)", "version": "green"})),
        damaged("from", json!("green'; rm -rf ~; echo '")),
        damaged("from", json!("\u{1b}]0;owned\u{7}")),
        damaged("key", json!("../../x")),
        damaged("services", json!("api")),
    ]);
    records
}

async fn set(ns: &Namespace, key: &str, value: Option<&str>) -> Result<()> {
    ns.annotate::<Service>("api", key, value).await
}

/// One bad `kubectl annotate` would leave a Service that can't be looked at any more.
#[tokio::test]
async fn a_damaged_record_is_reported_and_not_used() -> Result<()> {
    let ns = namespace("bad-record").await?;
    blue_green(&ns, 1).await?;
    for text in bad_records() {
        let shown = text.chars().take(60).collect::<String>();
        set(&ns, RECORD, Some(&text)).await?;
        let status = bluegreen(&ns, "status api").await?.ends(0).with_context(|| shown.clone())?;
        harmless(&status).with_context(|| shown.clone())?;
        ensure!(status.stdout.contains("record"), "{shown}\n{}", said(&status));
        let history = bluegreen(&ns, "history api").await?.ends(0).with_context(|| shown.clone())?;
        harmless(&history).with_context(|| shown.clone())?;
        bluegreen(&ns, "history api -ojson").await?.ends(0)?.json()?;
    }
    Ok(())
}

/// At three in the morning, an edited annotation would stand between a person and the way back.
#[tokio::test]
async fn a_damaged_record_does_not_stop_switch_and_rollback() -> Result<()> {
    let ns = namespace("bad-record-moves").await?;
    blue_before_green(&ns, 1).await?;
    for text in bad_records() {
        let shown = text.chars().take(60).collect::<String>();
        set(&ns, RECORD, Some(&text)).await?;
        let there = bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?;
        harmless(&there).with_context(|| shown.clone())?;
        there.ends(0).with_context(|| shown.clone())?;
        assert_eq!(record(&ns, "api").await?["to"], "green", "{shown}");
        set(&ns, RECORD, Some(&text)).await?;
        let back = bluegreen(&ns, "rollback api --yes").await?;
        harmless(&back).with_context(|| shown.clone())?;
        back.ends(0).with_context(|| shown.clone())?;
        assert_eq!(active(&ns, "api").await?, "blue", "{shown}");
    }
    Ok(())
}

/// With both colors deployed at once, each rollback would guess the other one: there and back again.
#[tokio::test]
async fn a_spoiled_record_is_no_reason_to_toggle() -> Result<()> {
    let ns = namespace("bad-record-toggle").await?;
    blue_green(&ns, 1).await?;
    eventually("both templates are of one second", LIMIT, || async {
        let sets = ns.api::<ReplicaSet>().list(&ListParams::default()).await?.items;
        let mut created: Vec<_> = sets.into_iter().filter_map(|set| set.metadata.creation_timestamp).collect();
        created.dedup();
        if created.len() == 1 {
            return Ok(Some(()));
        }
        for name in ["api-blue", "api-green"] {
            ns.api::<Deployment>().delete(name, &DeleteParams::background()).await?;
        }
        gone(&ns, "app=api").await?;
        blue_green(&ns, 1).await.map(|()| None)
    })
    .await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    for (text, why) in
        [(Some("garbage"), "no usable record"), (Some("{\"to\": 7}"), "no usable record"), (None, "no record")]
    {
        set(&ns, RECORD, text).await?;
        for words in ["rollback api --yes -ojson", "rollback api --yes --now -ojson"] {
            let refused = bluegreen(&ns, words).await?.ends(1)?;
            let document = refused.json()?;
            assert_eq!(document["reason"], "NoWayBack", "{}", said(&refused));
            ensure!(document["message"].as_str().is_some_and(|text| text.contains(why)), "{}", said(&refused));
            ensure!(
                document["next"].as_str().is_some_and(|next| next.contains("switch api --to blue")),
                "{}",
                said(&refused)
            );
            assert_eq!(active(&ns, "api").await?, "green");
        }
    }
    Ok(())
}

/// A damaged history would make every switch fail, or grow until the API server refuses it.
#[tokio::test]
async fn a_damaged_history_is_replaced() -> Result<()> {
    let ns = namespace("bad-history").await?;
    blue_green(&ns, 1).await?;
    for (text, color) in
        [("nonsense", "green"), ("[1, 2]", "blue"), ("{}", "green"), (&*"y".repeat(200 * 1024), "blue")]
    {
        set(&ns, HISTORY, Some(text)).await?;
        harmless(&bluegreen(&ns, "history api").await?.ends(0)?)?;
        bluegreen(&ns, &format!("switch api --to {color} --yes --verify-for=0")).await?.ends(0)?;
        let history = annotation(&ns, "api", HISTORY).await?.context("no history")?;
        let records: Vec<Value> = serde_json::from_str(&history)?;
        ensure!(history.len() < 32 * 1024 && records.len() <= 20, "{} bytes", history.len());
    }
    Ok(())
}

/// A record that claims a color which isn't there would send a rollback nowhere.
#[tokio::test]
async fn a_record_of_a_color_that_is_gone_is_refused() -> Result<()> {
    let ns = namespace("forged-record").await?;
    blue_green(&ns, 1).await?;
    let mut forged = genuine();
    forged["from"] = json!("purple");
    forged["selector"] = json!({"app": "api", "version": "purple"});
    set(&ns, RECORD, Some(&forged.to_string())).await?;
    super::refused(&ns, "rollback api --yes", 1, "NoWayBack", "purple").await?;
    // Nor is another application's selector one that is gone back to unseen.
    forged["from"] = json!("green");
    forged["selector"] = json!({"app": "payments", "version": "green"});
    set(&ns, RECORD, Some(&forged.to_string())).await?;
    super::refused(&ns, "rollback api --yes", 1, "Blocked", "payments").await?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A setting that can't be read would be taken for another one, silently.
#[tokio::test]
async fn settings_that_make_no_sense_are_reported_and_not_used() -> Result<()> {
    let ns = namespace("bad-settings").await?;
    blue_green(&ns, 1).await?;
    for (name, value) in [
        ("verify-for", "a while"),
        ("min-ready", "-3"),
        ("min-ready", "\u{1b}[2J%"),
        ("track-key", "\u{1b}[2Jversion"),
        ("accept", "\u{1b}[2J,,"),
    ] {
        let key = format!("kubectl-release.dev/{name}");
        set(&ns, &key, Some(value)).await?;
        harmless(&bluegreen(&ns, "status api").await?.ends(0)?)?;
        let output = bluegreen(&ns, "preflight api --to green").await?.ends(0)?;
        harmless(&output)?;
        if name != "accept" {
            output.tells(&key)?;
        }
        set(&ns, &key, None).await?;
    }
    // A label that the Service doesn't select by is a mistake to hear of, not to guess around.
    set(&ns, "kubectl-release.dev/track-key", Some("slot")).await?;
    super::refused(&ns, "switch api --to green --yes --verify-for=0", 1, "NoTrackKey", "slot").await?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}
