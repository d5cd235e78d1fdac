//! What is deployed, pushed and put in force while a policy is thought about.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::common::terminal::while_asked;
use e2e::{LIMIT, namespace};
use lab::registry::{Image, Repository, When};
use lab::{Namespace, Output};
use serde_json::json;

use super::{KEEP_FIVE, count_kept, days_ago, item, puts, runs, six_releases};

/// Answers yes, once that has happened.
async fn asked(ns: &Namespace, words: &str, meanwhile: impl AsyncFnOnce() -> Result<()>) -> Result<Output> {
    let words = format!("ecr-rollback lifecycle apply {words}");
    while_asked(ns, &words, ("[y/N]", "y"), meanwhile).await
}

async fn with_releases(test: &str) -> Result<(Namespace, Repository, Vec<String>)> {
    let ns = namespace(test).await?;
    let repository = ns.repository("ms-account-management").await?;
    let digests = six_releases(&repository).await?;
    Ok((ns, repository, digests))
}

/// What was deployed while the question stood open would be gone within a day.
#[tokio::test]
async fn an_image_that_is_deployed_while_the_question_stands_open_is_not_expired() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-asked").await?;
    let deployed = async || runs(&ns, &repository.image("latest-release-1.0.0")).await;
    let output = asked(&ns, &format!("{} {KEEP_FIVE}", repository.name()), deployed).await?.ends(3)?;
    ensure!(output.stdout.contains("latest-release-1.0.0 expires"), "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// Nobody is asked with `--yes`, and ECR's preview takes its time all the same.
#[tokio::test]
async fn an_image_that_is_deployed_while_ecr_makes_its_preview_is_not_expired() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-previewed").await?;
    let held = repository.interceptor().hold("StartLifecyclePolicyPreview", When::Before).await?;
    let words = format!("ecr-rollback lifecycle apply {} {KEEP_FIVE} --yes -o json", repository.name());
    let running = ns.start(&words.split_whitespace().collect::<Vec<_>>())?;
    held.arrived(LIMIT).await?;
    runs(&ns, &repository.image("latest-release-1.0.0")).await?;
    held.release().await?;
    let output = running.wait(LIMIT).await?.ends(3)?;
    assert_eq!(item(&output.json()?, &repository)["reason"], "Changed", "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// A tag that is moved leaves its image untagged, and a rule for such images would take what runs.
#[tokio::test]
async fn an_image_whose_tag_is_moved_while_the_question_stands_open_is_not_expired() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-moved").await?;
    repository.push(Image::untagged().pushed_at(days_ago(2))).await?;
    runs(&ns, &repository.image("latest-release-1.0.3")).await?;
    let moved = async || {
        let again = Image::new("latest-release-1.0.3").pushed_at(days_ago(1));
        repository.push(again).await.map(drop)
    };
    let output = asked(&ns, &format!("{} --keep-untagged 1", repository.name()), moved).await?.ends(3)?;
    ensure!(output.stdout.contains("running"), "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// A person has agreed to one image's going, and two would.
#[tokio::test]
async fn who_agreed_to_one_list_has_not_agreed_to_another() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-pushed").await?;
    let pushed = async || repository.push(Image::new("latest-release-1.0.6")).await.map(drop);
    let output = asked(&ns, &format!("{} {KEEP_FIVE}", repository.name()), pushed).await?.ends(3)?;
    ensure!(output.stdout.contains("latest-release-1.0.1"), "{}", said(&output));
    assert_eq!(puts(&repository).await?, 0);
    Ok(())
}

/// Somebody else's policy would be overwritten unseen.
#[tokio::test]
async fn a_policy_that_is_put_while_the_question_stands_open_stays() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-overtaken").await?;
    let selection = json!({"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 99});
    let theirs = json!({"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]});
    let put = async || repository.put_lifecycle_policy(&theirs).await;
    let output = asked(&ns, &format!("{} {KEEP_FIVE}", repository.name()), put).await?.ends(3)?;
    ensure!(output.stdout.contains("somebody else"), "{}", said(&output));
    assert_eq!(repository.lifecycle_policy().await?, Some(theirs));
    Ok(())
}

/// Of two repositories the one that nobody touched gets its policy.
#[tokio::test]
async fn only_the_repository_that_has_changed_is_left_as_it_is() -> Result<()> {
    let (ns, repository, _) = with_releases("lifecycle-one-of-two").await?;
    let other = ns.repository("other").await?;
    six_releases(&other).await?;
    let deployed = async || runs(&ns, &repository.image("latest-release-1.0.0")).await;
    let words = format!("{} {} {KEEP_FIVE}", repository.name(), other.name());
    asked(&ns, &words, deployed).await?.ends(3)?;
    assert_eq!((count_kept(&repository).await?, count_kept(&other).await?), (None, Some(5)));
    Ok(())
}
