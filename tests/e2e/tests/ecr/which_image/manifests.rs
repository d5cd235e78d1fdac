//! What lies in a repository beside images, and images of several parts.

use anyhow::{Result, ensure};
use e2e::common::run::Ended;
use e2e::ecr::case::Case;
use lab::annotations;
use lab::registry::Image;
use serde_json::json;

/// Pods would be told to run a signature.
#[tokio::test]
async fn signatures_attestations_and_referrers_are_no_images() -> Result<()> {
    let case = Case::new("signed").await?;
    let digests = case.push(&["1.0.0", "1.0.1"]).await?;
    for digest in &digests {
        case.push_on(1, Image::signature_of(digest)).await?;
        case.push_on(1, Image::attestation_of(digest)).await?;
        case.push_on(2, Image::referrer_of(digest, "application/spdx+json")).await?;
    }
    case.deploy(&["1.0.1"]).await?;
    case.back("").await?.ends(0)?;
    case.runs(&digests[0]).await?;
    let history = case.ecr("history deploy/api").await?.ends(0)?;
    assert_eq!(history.stdout.lines().count(), 4, "two images below two headings\n{}", history.stdout);
    Ok(())
}

/// Only the nodes of one architecture would find their image.
#[tokio::test]
async fn a_multi_architecture_image_goes_back_as_a_whole() -> Result<()> {
    let case = Case::new("multi-arch").await?;
    let before = case.push_on(1, Image::index_with_attestations("1.0.0", &["amd64", "arm64"])).await?;
    case.push_on(2, Image::index_with_attestations("1.0.1", &["amd64", "arm64"])).await?;
    case.deploy(&["1.0.1"]).await?;
    case.back("--pin-digest").await?.ends(0)?;
    case.asks_for(&format!("1.0.0@{before}")).await?;
    case.runs(&before).await
}

/// Where the runtime reports the platform's own digest, what runs would count as deleted.
#[tokio::test]
async fn a_pod_that_reports_its_platforms_part_runs_the_whole_image() -> Result<()> {
    let case = Case::new("part").await?;
    let before = case.push_on(1, Image::index("latest", &["amd64", "arm64"])).await?;
    let running = Image::index("latest", &["amd64", "arm64"]);
    let (whole, part) = (running.digest(), running.children().pop().unwrap_or_default());
    case.push_on(2, running).await?;
    let reported = json!({"api": {"imageID": case.repository.image(&part)}}).to_string();
    case.apply(&case.app("latest").annotation(annotations::IMAGES, &reported)).await?;
    case.runs(&part).await?;
    let plan = case.plan("").await?;
    let way = [&plan["workloads"][0]["fromDigest"], &plan["workloads"][0]["toDigest"]];
    ensure!(way == [&json!(whole), &json!(before)], "{plan}");
    Ok(())
}
