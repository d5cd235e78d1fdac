//! Our own annotations, edited by other hands: reported, never believed, never in the way.

use anyhow::{Context, Result, ensure};
use e2e::common::damage::{harmless, no_records};
use e2e::common::run::{Ended, finding};
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use e2e::ecr::{HISTORY, RECORD};
use k8s_openapi::api::apps::v1::Deployment;
use serde_json::{Value, json};

/// A complete record of a rollback from the newest release to the one before, to be damaged.
fn genuine(releases: &Releases) -> Value {
    json!({
        "id": "0123456789abcdef", "verb": "rollback", "by": "ci-bot", "at": "2026-03-07T03:04:05Z",
        "containers": [{"name": "api", "from": releases.repository.image("1.0.7"), "to": releases.repository.image(NEWEST)}],
        "result": "done", "millis": 900,
    })
}

fn bad_records(releases: &Releases) -> Vec<String> {
    let with = |pointer: &str, value: Value| {
        let mut record = genuine(releases);
        if let Some(member) = record.pointer_mut(pointer) {
            *member = value;
        }
        record.to_string()
    };
    let mut records = no_records();
    records.extend([
        with("/at", json!(12)),
        with("/containers", json!([])),
        with("/containers", json!("api")),
        with("/containers/0/name", json!("api'; rm -rf ~; '")),
        with("/containers/0/from", json!("$(reboot)")),
        with("/containers/0/to", json!("\u{1b}]0;owned\u{7}")),
        with("/containers/0/to", json!("x".repeat(4000))),
        with("/millis", json!(-1)),
    ]);
    records
}

/// One bad `kubectl annotate` would stand between a person and the way back at three in the
/// morning, or type commands into their terminal.
#[tokio::test]
async fn a_damaged_record_is_reported_and_not_used() -> Result<()> {
    let releases = Releases::pushed("ecr-bad-record").await?;
    releases.deploy(&releases.app("api")).await?;
    for text in bad_records(&releases) {
        let shown = text.chars().take(60).collect::<String>();
        releases.ns.annotate::<Deployment>("api", RECORD, Some(&text)).await?;
        let plan = releases.run("deploy/api --yes --dry-run=server").await?.ends(0).with_context(|| shown.clone())?;
        harmless(&plan).with_context(|| shown.clone())?;
        let document = releases.run("deploy/api --dry-run -ojson").await?.ends(0)?.json()?;
        ensure!(finding(&document, "record").is_some(), "{shown}: {document:#}");
        let history = releases.run("history deploy/api").await?.ends(0).with_context(|| shown.clone())?;
        harmless(&history).with_context(|| shown.clone())?;
    }
    releases.run("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    assert_eq!(releases.record("api").await?["result"], "done");
    Ok(())
}

/// A history that somebody cut in half would end in a refusal, or lead back to what was left.
#[tokio::test]
async fn a_damaged_history_is_written_anew() -> Result<()> {
    let releases = Releases::pushed("ecr-bad-history").await?;
    releases.deploy(&releases.app("api")).await?;
    for text in ["garbage", "{}", "[{\"id\": 3}]", "[\"\\u001b]0;owned\\u0007\"]"] {
        releases.ns.annotate::<Deployment>("api", HISTORY, Some(text)).await?;
        let document = releases.run("deploy/api --dry-run -ojson").await?.ends(0)?.json()?;
        ensure!(finding(&document, "record").is_some(), "{text}: {document:#}");
    }
    harmless(&releases.run("deploy/api --yes").await?.ends(0)?)?;
    let history = releases.written("api").await?.history.context("no history")?;
    let history: Vec<Value> = serde_json::from_str(&history)?;
    ensure!(history.is_empty(), "{history:?}");
    Ok(())
}

/// A record that was copied with its Deployment, or made up, would pass for a rollback of this one:
/// "nothing to do" while the bad release runs.
#[tokio::test]
async fn a_record_of_other_images_is_not_about_this_workload() -> Result<()> {
    let releases = Releases::pushed("ecr-other-record").await?;
    releases.deploy(&releases.app("api")).await?;
    let mut other = genuine(&releases);
    other["containers"][0]["to"] = json!("123456789012.dkr.ecr.eu-west-1.amazonaws.com/other:1.0.6");
    releases.ns.annotate::<Deployment>("api", RECORD, Some(&other.to_string())).await?;
    releases.run("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    Ok(())
}

/// A rollback that somebody made up would be followed to its end, or believed.
#[tokio::test]
async fn a_record_that_no_run_can_have_written_is_reported_and_ignored() -> Result<()> {
    let releases = Releases::pushed("ecr-made-up").await?;
    releases.deploy(&releases.app("api")).await?;
    let uid = releases.ns.api::<Deployment>().get("api").await?.metadata.uid;
    let mut open = genuine(&releases);
    open["at"] = json!("2099-01-01T00:00:00Z");
    open["containers"][0]["from"] = json!("registry.example.com/other:9");
    if let Some(members) = open.as_object_mut() {
        members.remove("result");
    }
    let mut ahead = genuine(&releases);
    ahead["uid"] = json!(uid);
    ahead["revision"] = json!(99);
    for record in [open, genuine(&releases), ahead] {
        releases.ns.annotate::<Deployment>("api", RECORD, Some(&record.to_string())).await?;
        let document = releases.run("deploy/api --dry-run -ojson").await?.ends(0)?.json()?;
        ensure!(finding(&document, "record").is_some(), "{record}: {document:#}");
        assert_eq!(document["workloads"][0]["state"], "planned", "{record}");
    }
    releases.run("deploy/api --yes").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    Ok(())
}
