//! What is typed is what is meant: names of repositories, workloads and images as they are pasted.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use lab::registry::{ACCOUNT, EcrClient, Image, REGION};
use serde_json::json;

/// The policy would be put on another repository than the one that was named.
#[tokio::test]
async fn a_policy_goes_to_the_repository_that_was_typed() -> Result<()> {
    let case = Case::new("typed").await?;
    let ecr = EcrClient::inside();
    let literal = format!("repository/{}", case.repository.name());
    let cached = format!("public.ecr.aws/{}", case.repository.name());
    for name in [&literal, &cached] {
        ecr.call(REGION, "CreateRepository", &json!({"repositoryName": name})).await?;
    }
    let policy = async |name: &str| ecr.call(REGION, "GetLifecyclePolicy", &json!({"repositoryName": name})).await.ok();
    let keep = "--keep-untagged 2 --yes";
    case.ecr(&format!("lifecycle apply {literal} {keep}")).await?.ends(0)?.tells(&format!("repository/{literal} "))?;
    ensure!(policy(&literal).await.is_some() && case.repository.lifecycle_policy().await?.is_none());
    case.ecr(&format!("lifecycle apply {cached} {keep}")).await?.ends(0)?;
    policy(&cached).await.context("no policy in the pull-through cache's repository")?;
    // As we print it, it is the other one where there is none of that whole name.
    let arn = format!("arn:aws:ecr:{REGION}:{ACCOUNT}:repository/{}", case.repository.name());
    ecr.call(REGION, "DeleteRepository", &json!({"repositoryName": literal, "force": true})).await?;
    for typed in [&literal, &arn, &case.repository.image("1.0.0")] {
        let shown = case.ecr(&format!("lifecycle show {typed}")).await?.ends(0)?;
        ensure!(shown.stdout.contains(&format!("repository/{}", case.repository.name())), "{}", said(&shown));
    }
    Ok(())
}

/// Names and references that kubectl and the AWS console show would have to be retyped.
#[tokio::test]
async fn workloads_and_images_are_taken_as_they_are_pasted() -> Result<()> {
    let case = Case::new("pasted").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.2"]).await?;
    for name in ["Deployment/api", "deployments.v1.apps/api", "DEPLOY api", "deployment.apps/api"] {
        case.ecr(&format!("{name} --dry-run=client")).await?.ends(0)?.tells("1.0.1")?;
    }
    let (tag, digest) = (case.repository.image("1.0.0"), case.repository.image(&digests[0]));
    for (flags, wanted) in [
        (format!("--to-tag {tag}"), tag.clone()),
        ("--to-tag api:1.0.0".into(), tag.clone()),
        (format!("--to-digest {digest}"), format!("{tag}@{}", digests[0])),
        (format!("--to-tag api:1.0.0 --if-running {}", case.repository.image("1.0.2")), tag.clone()),
    ] {
        assert_eq!(case.planned(&flags).await?, wanted, "{flags}");
    }
    let before = case.written().await?;
    case.back("--to-tag web:1.0.0").await?.ends(1)?.tells("another repository")?;
    case.back("--if-running web:1.0.2").await?.ends(3)?;
    assert_eq!(case.written().await?, before);
    Ok(())
}

/// A pasted reference of what runs would be rolled out again.
#[tokio::test]
async fn an_image_of_the_running_release_is_there_already() -> Result<()> {
    let case = Case::new("there").await?;
    case.push_on(1, Image::new("1.0.0")).await?;
    case.deploy(&["1.0.0"]).await?;
    let image = case.repository.image("1.0.0");
    case.back(&format!("--to-tag {image}")).await?.ends(0)?.tells("nothing to do")?;
    Ok(())
}
