//! Values for programs: the same members whatever happened, and commands where commands are.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::taken_down;
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::{bluegreen, bluegreen_as};
use e2e::common::permissions::bound_to;
use e2e::common::run::{Ended, finding, finding_ids};
use e2e::namespace;
use serde_json::json;

const SWITCH: &str = "switch api --to green --yes --verify-for=0 -ojson";

/// A script had to read prose to learn where an unchanged Service is.
#[tokio::test]
async fn an_unchanged_service_has_the_members_of_one_that_moved() -> Result<()> {
    let ns = namespace("unchanged").await?;
    blue_green(&ns, 1).await?;
    let moved = bluegreen(&ns, SWITCH).await?.ends(0)?.json()?;
    let stayed = bluegreen(&ns, SWITCH).await?.ends(0)?.json()?;
    for (document, changed) in [(&moved, true), (&stayed, false)] {
        let service = &document["services"][0];
        assert_eq!((&service["to"], &service["changed"]), (&json!("green"), &json!(changed)), "{document:#}");
        assert_eq!(service["trackKey"], "version");
    }
    let service = &stayed["services"][0];
    assert_eq!(service["state"], "alreadyActive");
    ensure!(service.get("next").is_none(), "no command is none: {stayed:#}");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    let back = bluegreen(&ns, "rollback api --yes -ojson").await?.ends(0)?.json()?;
    let service = &back["services"][0];
    assert_eq!((&service["state"], &service["to"]), (&json!("alreadyBack"), &json!("blue")));
    let next = service["next"].as_str().context("no next")?;
    ensure!(next.starts_with("kubectl bluegreen switch api --to green"), "{next}");
    Ok(())
}

/// `next` was now a command and now a sentence, and the sentence was run.
#[tokio::test]
async fn next_is_a_command_or_absent_and_words_are_a_hint() -> Result<()> {
    let ns = namespace("next").await?;
    blue_green(&ns, 1).await?;
    let document = bluegreen(&ns, "switch api --to green -ojson").await?.ends(6)?.json()?;
    ensure!(document.get("next").is_none() && document["hint"].is_string(), "{document:#}");
    let document = bluegreen(&ns, "switch api --to red --yes -ojson").await?.ends(1)?.json()?;
    let next = document["next"].as_str().context("no next")?;
    ensure!(next.lines().all(|line| line.starts_with("kubectl ")), "{next}");
    ns.annotate::<k8s_openapi::api::core::v1::Service>("api", "configmanagement.gke.io/managed", Some("enabled"))
        .await?;
    let document = bluegreen(&ns, SWITCH).await?.ends(1)?.json()?;
    let next = document["next"].as_str().context("no next")?;
    ensure!(next.contains("--force=gitops") && !next.contains('('), "{next}");
    ensure!(document["hint"].is_string(), "{document:#}");
    Ok(())
}

/// A dashboard parsed `ACTIVE 21m by ci-bot`.
#[tokio::test]
async fn states_and_notes_of_status_are_values() -> Result<()> {
    let ns = namespace("states").await?;
    blue_green(&ns, 1).await?;
    let colors = async || -> Result<serde_json::Value> {
        let status = bluegreen(&ns, "status api -ojson").await?.ends(0)?.json()?;
        Ok(status["services"][0].clone())
    };
    let idle = colors().await?;
    assert_eq!((&idle["colors"][0]["state"], &idle["colors"][1]["state"]), (&json!("active"), &json!("idle")));
    ensure!(idle["colors"][0].get("since").is_none() && idle["notes"] == json!([]), "{idle:#}");
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let warm = colors().await?;
    ensure!(warm["colors"][0]["since"].is_string() && warm["colors"][0]["by"].is_string(), "{warm:#}");
    assert_eq!(warm["colors"][1]["state"], "previous");
    ensure!(warm["colors"][1]["keptUntil"].is_string(), "{warm:#}");
    bluegreen(&ns, "cleanup api --before-due --yes --reason=old").await?.ends(0)?;
    let cold = colors().await?;
    let blue = &cold["colors"][1];
    assert_eq!((&blue["state"], &blue["reason"]), (&json!("takenDown"), &json!("old")), "{cold:#}");
    taken_down(&ns, "green").await?;
    let empty = colors().await?;
    let notes = empty["notes"].as_array().context("notes")?;
    ensure!(notes.iter().any(|note| note["id"] == "no-endpoints" && note["severity"] == "block"), "{empty:#}");
    Ok(())
}

/// The pipeline was told "ready", and its switch was refused a minute later.
#[tokio::test]
async fn preflight_knows_that_the_switch_would_be_forbidden() -> Result<()> {
    let ns = namespace("may-not").await?;
    blue_green(&ns, 1).await?;
    let reader = ns.kubectl_as(bound_to(&ns, "bluegreen-read").await?.kubeconfig);
    let shown = bluegreen_as(&reader, "preflight api --to green").await?;
    ensure!(!shown.stdout.contains("ready to switch"), "{}", shown.stdout);
    let document = bluegreen_as(&reader, "preflight api --to green -ojson").await?.json()?;
    let found = finding(&document, "switch-forbidden").with_context(|| format!("{document:#}"))?;
    ensure!(found["fix"].as_str().is_some_and(|fix| fix.starts_with("kubectl auth can-i patch")), "{found:#}");
    let user = ns.kubectl_as(bound_to(&ns, "bluegreen").await?.kubeconfig);
    let document = bluegreen_as(&user, "preflight api --to green -ojson").await?.ends(0)?.json()?;
    ensure!(!finding_ids(&document).contains(&"switch-forbidden".to_owned()), "{document:#}");
    bluegreen_as(&user, "preflight api --to green").await?.ends(0)?.tells("ready to switch")?;
    Ok(())
}
