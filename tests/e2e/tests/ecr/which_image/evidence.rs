//! What is shown beside the choice, and what is recognized: images that have expired, registries that
//! were left, forms and types of every kind.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use lab::registry::Image;
use serde_json::json;

/// Who wonders at night why it isn't the release before would find no word.
#[tokio::test]
async fn a_revision_whose_image_has_expired_is_passed_over_with_a_word() -> Result<()> {
    let case = Case::new("expired").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.1", "1.0.2", "1.0.3"]).await?;
    case.repository.delete(&digests[2]).await?;
    let plan = case.plan("").await?;
    let passed = &plan["workloads"][0]["passedOver"];
    assert_eq!(
        (&passed[0]["revision"], &passed[0]["why"]["reason"]),
        (&json!(2), &json!("notInRepository")),
        "{plan:#}"
    );
    let back = case.back("").await?.ends(0)?;
    ensure!(back.stderr.contains("passed over api:1.0.2 (revision 2): no longer in the repository"), "{}", said(&back));
    case.runs(&digests[1]).await?;
    // Also where a person has to decide.
    let case = Case::new("expired-undecided").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.0", "1.0.2", "1.0.3"]).await?;
    case.repository.delete(&digests[2]).await?;
    let refused = case.back("").await?.ends(1)?.tells("1.0.1 was pushed")?.tells("1.0.0 (revision 1) was deployed")?;
    ensure!(refused.stderr.contains("passed over: api:1.0.2 (revision 2)"), "{}", said(&refused));
    Ok(())
}

/// After a move from another registry, "deployed before" would be nothing at all.
#[tokio::test]
async fn a_revision_of_the_registry_before_is_recognized() -> Result<()> {
    for (test, before) in [("moved-hub", "registry.example.com/team/api"), ("moved-name", "ghcr.example.com/acme/shop")]
    {
        let case = Case::new(test).await?;
        // Copied in no order of their own.
        for (day, tag) in [(2, "1.0.1"), (1, "1.0.0"), (3, "1.0.2")] {
            case.push_on(day, Image::new(tag)).await?;
        }
        let elsewhere = lab::fixtures::Workload::new("api", &format!("{before}:1.0.1")).replicas(1).without_pre_stop();
        case.apply(&elsewhere).await?;
        case.release("1.0.2").await?;
        let plan = case.plan("").await?;
        let back = &plan["workloads"][0];
        assert_eq!(back["to"], json!(case.repository.image("1.0.1")));
        assert_eq!((&back["revision"], &back["why"]), (&json!(1), &json!("pushedAndDeployedBefore")), "{back:#}");
        case.back("").await?.ends(0)?;
        case.asks_for("1.0.1").await?;
    }
    Ok(())
}

/// Each UUID would be a form of its own, with nothing before it.
#[tokio::test]
async fn uuids_are_tags_of_one_form() -> Result<()> {
    let case = Case::new("uuids").await?;
    let tags = [
        "550e8400-e29b-41d4-a716-446655440000",
        "12345678-9012-4345-8678-901234567890",
        "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    ];
    case.push(&tags).await?;
    case.push_on(2, Image::new("abc1234").tag("main")).await?;
    case.deploy(&[tags[2]]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for(tags[1]).await?;
    case.back("--again").await?.ends(0)?;
    case.asks_for(tags[0]).await
}

/// A workload of another type of image could not be rolled back at all.
#[tokio::test]
async fn whatever_type_runs_can_be_gone_back_to() -> Result<()> {
    for (test, media_type) in [("rockets", "application/vnd.acme.rocket.config.v1+json"), ("wasm", "application/wasm")]
    {
        let case = Case::new(test).await?;
        for (day, tag) in [(1, "1.0.0"), (2, "1.0.1"), (4, "1.0.2")] {
            case.push_on(day, Image::new(tag).artifact_type(media_type)).await?;
        }
        case.push_on(3, Image::new("1.0.15").artifact_type("application/vnd.cncf.helm.config.v1+json")).await?;
        case.deploy(&["1.0.2"]).await?;
        assert_eq!(case.planned("").await?, case.repository.image("1.0.1"), "{media_type}");
    }
    Ok(())
}
