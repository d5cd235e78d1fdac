//! What each receiver gets of a release, and when.

use anyhow::{Context, Result};
use e2e::LIMIT;
use e2e::bluegreen::run::{bluegreen, start};
use e2e::common::pods::{annotate_pods, pods};
use e2e::common::run::Ended;
use lab::mailbox::Mailbox;
use serde_json::{Value, json};

use super::{HOOKED, SECRET, hooked, secret, stages, switch};

const BEHAVIOR: &str = "lab.kubectl-release.dev/behavior";

/// Whoever doesn't watch the job would hear of a release when it is too late.
#[tokio::test]
async fn each_stage_is_told_to_each_in_its_own_language() -> Result<()> {
    let (hook, slack, pager) = (Mailbox::open().await?, Mailbox::open().await?, Mailbox::open().await?);
    let setup = hooked("told-all", &hook).await?;
    let pagerduty = format!("R{SECRET} http://127.0.0.1:{}/v2/enqueue\n", pager.port());
    // A line feed at the end is what `echo` leaves there.
    let chat = format!("http://127.0.0.1:{}/services/{SECRET}\n", slack.port());
    secret(&setup.ns, "chat", &json!({"slack": chat, "pagerduty": pagerduty})).await?;
    let more = ["--notify=slack=secret/chat/slack", "--notify=pagerduty=secret/chat/pagerduty", "-v=9"];
    let words: Vec<&str> = HOOKED.iter().chain(&more).chain(&["--reason=<!channel> faster & <b>"]).copied().collect();
    switch(&setup, "green", &words).await?.ends(0)?;
    assert_eq!(stages(&hook), ["started", "checked", "switched", "verified"]);
    let last = hook.posted().pop().context("nothing")?;
    assert_eq!(last.path, format!("/services/{SECRET}"));
    assert_eq!(last.body["services"][0]["from"], "blue", "{:#}", last.body);
    assert_eq!(last.body["services"][0]["to"], "green");
    assert_eq!((&last.body["verb"], &last.body["kind"]), (&json!("switch"), &json!("Notice")));
    assert!(last.body["by"].as_str().is_some_and(|by| !by.is_empty()), "{:#}", last.body);
    let texts: Vec<Value> = slack.posted().iter().map(|letter| letter.body["text"].clone()).collect();
    assert_eq!(texts.len(), 4);
    assert!(texts.iter().all(|text| text.as_str().is_some_and(|text| !text.contains('<'))), "{texts:?}");
    let events = pager.posted();
    assert_eq!((events.len(), &events[0].body["event_action"]), (1, &json!("resolve")));
    assert_eq!(events[0].body["routing_key"], format!("R{SECRET}"));
    Ok(())
}

/// The one who is on call would not hear that it broke, or never that it is well again.
#[tokio::test]
async fn a_release_that_is_rolled_back_opens_an_incident_and_the_next_one_closes_it() -> Result<()> {
    let pager = Mailbox::open().await?;
    let setup = hooked("told-pager", &pager).await?;
    let key = format!("R{SECRET} http://127.0.0.1:{}/v2/enqueue", pager.port());
    secret(&setup.ns, "ops", &json!({"pager": key})).await?;
    let running = start(&setup.ns, "switch api --to green --yes --verify-for=80s --notify=pagerduty=secret/ops/pager")?;
    bluegreen(&setup.ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    annotate_pods(&setup.ns, "version=green", &[(BEHAVIOR, "never-ready")]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    annotate_pods(&setup.ns, "version=green", &[(BEHAVIOR, "ready")]).await?;
    setup.settled().await?;
    // The Deployment's own count comes after its pods'.
    setup.ns.rolled_out("deployment/api-green", LIMIT).await?;
    switch(
        &setup,
        "green",
        &["--yes", "--verify-for=0", "--force=failed-before", "--notify=pagerduty=secret/ops/pager"],
    )
    .await?
    .ends(0)?;
    let events = pager.posted();
    let actions: Vec<&Value> = events.iter().map(|event| &event.body["event_action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    assert_eq!(events[0].body["dedup_key"], events[1].body["dedup_key"]);
    assert_eq!(events[0].body["payload"]["custom_details"]["exitCode"], 5);
    assert!(!pods(&setup.ns, "version=green").await?.is_empty());
    Ok(())
}

/// A team that wants to hear of failures only would turn all of it off.
#[tokio::test]
async fn only_the_stages_that_were_chosen_are_told_and_nothing_of_a_dry_run() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("told-some", &hook).await?;
    let chosen: Vec<&str> = HOOKED.iter().copied().chain(["--notify-on=switched,failed"]).collect();
    switch(&setup, "green", &[&chosen[..], &["--dry-run=server"]].concat()).await?.ends(0)?;
    switch(&setup, "green", &chosen).await?.ends(0)?;
    switch(&setup, "yellow", &chosen).await?.ends(1)?;
    assert_eq!(stages(&hook), ["switched", "failed"]);
    let failed = hook.posted().pop().context("nothing")?.body;
    assert_eq!((&failed["began"], &failed["exitCode"]), (&json!(false), &json!(1)), "{failed:#}");
    Ok(())
}

/// What was prepared and taken down is a part of the release, too; and who reads the file later has to know whose.
#[tokio::test]
async fn a_deploy_and_a_cleanup_are_told_and_stand_in_the_audit_file() -> Result<()> {
    let hook = Mailbox::open().await?;
    let setup = hooked("told-deploy", &hook).await?;
    let file = setup.ns.lab().dir().join(format!("audit-{}.jsonl", setup.ns.name()));
    let audit = format!("--audit-file={}", file.display());
    let image = "--image=app=registry.example.com/api:1.6.0";
    let deploy: Vec<&str> = ["deploy", "api", image, audit.as_str(), "--retain=0s"].into_iter().chain(HOOKED).collect();
    setup.must(&deploy).await?;
    let cleanup = ["cleanup", "api", "--yes", "--notify=webhook=secret/ops/hook", audit.as_str()];
    setup.must(&cleanup).await?;
    let all = ["started", "checked", "prepared", "switched", "verified", "started", "checked", "cleaned-up"];
    assert_eq!(stages(&hook), all);
    let text = std::fs::read_to_string(&file)?;
    let lines: Vec<Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let bodies: Vec<Value> = hook.posted().into_iter().map(|letter| letter.body).collect();
    assert_eq!(lines, bodies);
    assert_eq!((&lines[2]["verb"], &lines[7]["verb"]), (&json!("deploy"), &json!("cleanup")));
    Ok(())
}
