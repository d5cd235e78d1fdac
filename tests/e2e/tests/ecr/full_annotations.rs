//! Somebody who may annotate a Deployment fills its annotations to the last of the 256 KiB that they may have
//! (`TotalAnnotationSizeLimitB`): a record is no longer possible, and a way back must still be.

use anyhow::{Result, ensure};
use e2e::common::filled::Fill;
use e2e::common::run::{Ended, finding, said};
use e2e::ecr::calls::is_image_patch;
use e2e::ecr::cast::Cast;
use e2e::ecr::releases::{NEWEST, PREVIOUS, Releases};
use e2e::{LIMIT, ecr};
use k8s_openapi::api::apps::v1::Deployment;
use kube::ResourceExt;
use lab::fixtures::Behavior;
use lab::registry::When;
use serde_json::Value;

/// Nothing of the tool's is left, and no room for a record.
const NO_ROOM: Fill = Fill { values: 3, spare: 1100, without_ours: true };

async fn fill(releases: &Releases, cast: &Cast<'_>, name: &str, how: Fill) -> Result<()> {
    let there = releases.ns.api::<Deployment>().get(name).await?;
    let resource = format!("deployment/{name}");
    how.fill((&releases.ns, &cast.stranger), &resource, there.annotations()).await
}

fn recorded(document: &Value) -> &Value {
    &document["workloads"][0]["recorded"]
}

/// Whoever may annotate a Deployment could keep a bad release running.
#[tokio::test]
async fn a_rollback_goes_before_its_record() -> Result<()> {
    let releases = Releases::pushed("ecr-full").await?;
    let cast = Cast::of(&releases).await?;
    let fills = [
        ("api-few", NO_ROOM, false),
        ("api-many", Fill { values: 40, spare: 700, without_ours: true }, false),
        ("api-cause", Fill { values: 1, spare: 2600, without_ours: true }, true),
    ];
    for (name, how, is_recorded) in fills {
        releases.deploy_after_previous(name).await?;
        fill(&releases, &cast, name, how).await?;
        let output = cast.runs(&format!("deploy/{name} --yes -ojson")).await?.ends(0)?;
        let document = output.json()?;
        assert_eq!(releases.image(name).await?, PREVIOUS, "{how:?}");
        assert_eq!(recorded(&document), is_recorded, "{how:?}: {}", said(&output));
        assert_eq!(finding(&document, "annotations-full").is_none(), is_recorded, "{how:?}: {}", said(&output));
        assert_eq!(releases.record(name).await?["result"] == "done", is_recorded, "{how:?}");
        assert_eq!(releases.events(name).await?, ["RolledBack"], "{how:?}");
        cast.runs(&format!("history deploy/{name}")).await?.ends(0)?;
        // And forward again, for a person.
        let words = format!("deploy/{name} --to-tag {NEWEST} --yes");
        let told = cast.runs(&words).await?.ends(0)?;
        assert_eq!(releases.image(name).await?, NEWEST, "{how:?}");
        ensure!(is_recorded || told.stderr.contains("not recorded"), "{how:?}: {}", said(&told));
    }
    Ok(())
}

/// What was recorded before would stand in the way, or tell of what is past.
#[tokio::test]
async fn what_was_recorded_makes_room() -> Result<()> {
    let releases = Releases::pushed("ecr-full-ours").await?;
    let cast = Cast::of(&releases).await?;
    releases.deploy_after_previous("api").await?;
    cast.runs("deploy/api --yes").await?.ends(0)?;
    releases.set_image("api", NEWEST).await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await?;
    fill(&releases, &cast, "api", Fill { values: 1, spare: 0, without_ours: false }).await?;
    let output = cast.runs("deploy/api --yes --no-wait -ojson").await?.ends(0)?;
    assert_eq!(releases.image("api").await?, PREVIOUS);
    let written = releases.written("api").await?;
    assert_eq!(recorded(&output.json()?), written.record.is_some(), "{}", said(&output));
    ensure!(written.history.is_none_or(|history| history.len() < 1000), "the oldest is dropped first");
    Ok(())
}

/// To the last byte nothing rolls out, as a controller copies annotations and adds its own: the image is written
/// all the same, and once somebody has made room it is rolled out.
#[tokio::test]
async fn to_the_last_byte_the_image_is_written() -> Result<()> {
    let releases = Releases::pushed("ecr-full-brim").await?;
    let cast = Cast::of(&releases).await?;
    releases.deploy_after_previous("api").await?;
    fill(&releases, &cast, "api", Fill { values: 1, spare: 0, without_ours: true }).await?;
    let output = cast.runs("deploy/api --yes --timeout=12s -ojson").await?.ends(4)?;
    assert_eq!(releases.image("api").await?, PREVIOUS, "{}", said(&output));
    let document = output.json()?;
    assert_eq!(recorded(&document), false, "{}", said(&output));
    // The same words would go one further back.
    ensure!(document["next"].as_str().is_some_and(|next| !next.contains("ecr-rollback")), "{}", said(&output));
    ecr::annotate(&releases.ns, "deployment/api", "example.com/fill-0-").await?;
    releases.ns.rolled_out("deployment/api", LIMIT).await
}

/// The same between what a run has read and what it writes.
#[tokio::test]
async fn annotations_that_are_filled_meanwhile_are_no_obstacle() -> Result<()> {
    let releases = Releases::pushed("ecr-full-meanwhile").await?;
    let cast = Cast::of(&releases).await?;
    for (name, how) in [("api", NO_ROOM), ("web", Fill { values: 2, spare: 1500, without_ours: true })] {
        releases.deploy_after_previous(name).await?;
        let words = format!("deploy/{name} --yes -ojson");
        let stopped = releases.stopped_at(&words, is_image_patch, When::Before).await?;
        fill(&releases, &cast, name, how).await?;
        let output = stopped.go_on().await?.ends(0)?;
        let written = releases.written(name).await?;
        assert_eq!(written.image, PREVIOUS, "{}", said(&output));
        assert_eq!(recorded(&output.json()?), written.record.is_some(), "it says what isn't so: {}", said(&output));
    }
    Ok(())
}

/// A rollback that fails takes itself back, recorded or not.
#[tokio::test]
async fn an_unrecorded_rollback_that_fails_is_taken_back() -> Result<()> {
    let releases = Releases::with("ecr-full-failing", Behavior::CrashLoop).await?;
    let cast = Cast::of(&releases).await?;
    releases.deploy(&releases.app("api")).await?;
    fill(&releases, &cast, "api", NO_ROOM).await?;
    let output = cast.runs("deploy/api --yes --timeout=50s -ojson").await?.ends(5)?;
    let written = releases.written("api").await?;
    assert_eq!(written.image, NEWEST, "{}", said(&output));
    assert_eq!(recorded(&output.json()?), written.record.is_some(), "{}", said(&output));
    ensure!(written.record.is_none(), "{}", said(&output));
    releases.ns.rolled_out("deployment/api", LIMIT).await
}
