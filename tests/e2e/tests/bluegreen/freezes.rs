//! Freezes: nothing is released, and everything can be taken back.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, admin, finding, said};
use e2e::namespace;
use lab::Namespace;

const SWITCH: &str = "switch api --to green --yes --verify-for=0";

async fn annotate(ns: &Namespace, object: &[&str], annotation: &str) -> Result<()> {
    let words: Vec<&str> = ["annotate", "--overwrite"].iter().chain(object).chain([&annotation]).copied().collect();
    admin(ns).must(&words).await.map(drop)
}

/// A pipeline would release over the holidays what nobody is there for.
#[tokio::test]
async fn a_frozen_namespace_releases_nothing_and_goes_back() -> Result<()> {
    let ns = namespace("frozen").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    let name = ns.name().to_owned();
    annotate(&ns, &["namespace", &name], "kubectl-release.dev/freeze=2099-01-01T00:00Z end of century").await?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    let force = "--force=frozen";
    for words in [SWITCH, "deploy api --image app=registry.example.com/api:1.6.0 --yes", "preflight api --to green"] {
        let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(1)?.json()?;
        let frozen = finding(&document, "frozen").context("no finding")?;
        for part in ["2099-01-01T00:00:00Z", "end of century", "kubectl-annotate", &name] {
            ensure!(frozen["message"].to_string().contains(part), "{part}: {frozen:#}");
        }
        assert_eq!(active(&ns, "api").await?, "blue");
    }
    // Whoever may annotate the Service alone doesn't lift it.
    annotate(&ns, &["service", "api"], "kubectl-release.dev/accept=frozen,rolled-back").await?;
    bluegreen(&ns, SWITCH).await?.ends(1)?;
    bluegreen(&ns, &format!("{SWITCH} {force}")).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// Set between the question and the answer, it came too late.
#[tokio::test]
async fn a_service_is_frozen_alone_and_for_its_time() -> Result<()> {
    let ns = namespace("frozen-service").await?;
    blue_green(&ns, 1).await?;
    annotate(&ns, &["service", "api"], "kubectl-release.dev/freeze=2020-01-01 long over").await?;
    bluegreen(&ns, "preflight api --to green").await?.ends(0)?;
    annotate(&ns, &["service", "api"], "kubectl-release.dev/freeze-windows=Mon 00:00/Sun 23:59, Sun 23:59/Mon 00:00")
        .await?;
    let ended = bluegreen(&ns, SWITCH).await?.ends(1)?.tells("frozen")?;
    ensure!(said(&ended).contains("00:00"), "{}", said(&ended));
    annotate(&ns, &["service", "api"], "kubectl-release.dev/freeze-windows-").await?;
    bluegreen(&ns, SWITCH).await?.ends(0)?;
    Ok(())
}

/// What is being deleted with its namespace would be "verified" a moment before it goes.
#[tokio::test]
async fn a_namespace_that_is_being_deleted_is_nothing_to_release_in() -> Result<()> {
    let ns = namespace("going").await?;
    blue_green(&ns, 1).await?;
    // Holds the objects while the namespace is on its way.
    for object in ["service/api", "deployment/api-blue", "deployment/api-green"] {
        let held = r#"{"metadata":{"finalizers":["example.com/held"]}}"#;
        admin(&ns).must(&["patch", object, "--type=merge", "-p", held]).await?;
    }
    let name = ns.name().to_owned();
    admin(&ns).must(&["delete", "namespace", &name, "--wait=false"]).await?;
    let document = bluegreen(&ns, &format!("{SWITCH} -ojson")).await?.ends(1)?.json()?;
    let gone = document["findings"].to_string();
    ensure!(gone.contains("being-deleted") && gone.contains(&format!("namespace/{name}")), "{document:#}");
    Ok(())
}
