//! What was pushed and what was deployed are not the same.

use anyhow::{Result, ensure};
use e2e::common::run::{Ended, said};
use e2e::ecr::case::Case;
use lab::registry::{AccessKey, Fault, Image, Status};
use lab::{Kubectl, Running};
use serde_json::Value;

/// "The second newest push" would be the release that is broken right now.
#[tokio::test]
async fn a_push_that_was_never_deployed_plays_no_part() -> Result<()> {
    let case = Case::new("never-deployed").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.1"]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for("1.0.0").await?;
    case.runs(&digests[0]).await
}

/// A hotfix of another branch would be rolled out without anybody having wanted it.
#[tokio::test]
async fn after_a_hotfix_push_to_an_old_branch_a_person_decides() -> Result<()> {
    let case = Case::new("hotfix").await?;
    case.push(&["1.4.0", "1.5.0", "1.4.1", "1.5.1"]).await?;
    case.deploy(&["1.5.0", "1.5.1"]).await?;
    let before = case.written().await?;
    let refused = case.back("").await?.ends(1)?.tells("1.4.1 was pushed")?.tells("1.5.0 (revision 1) was deployed")?;
    for source in ["registry", "rollout-history"] {
        let next = format!("kubectl ecr-rollback deploy/api --from {source} -n {}", case.ns.name());
        ensure!(refused.stderr.contains(&next), "{}", said(&refused));
    }
    assert_eq!(case.written().await?, before);
    assert_eq!(case.planned("--from registry").await?, case.repository.image("1.4.1"));
    assert_eq!(case.planned("--from rollout-history").await?, case.repository.image("1.5.0"));

    case.back("--from registry").await?.ends(0)?;
    case.asks_for("1.4.1").await?;
    case.release("1.5.1").await?;
    case.back("--from rollout-history").await?.ends(0)?;
    case.asks_for("1.5.0").await
}

/// A tie would be broken by chance, and a rollback could go forward.
#[tokio::test]
async fn two_pushes_in_one_second_have_an_order() -> Result<()> {
    let case = Case::new("same-second").await?;
    for (day, tag) in [(1, "1.0.0"), (2, "1.0.10"), (2, "1.0.9")] {
        case.push_on(day, Image::new(tag)).await?;
    }
    for (runs, before) in [("1.0.10", "1.0.9"), ("1.0.9", "1.0.0")] {
        case.deploy(&[runs]).await?;
        assert_eq!(case.planned("--from registry").await?, case.repository.image(before), "before {runs}");
    }
    Ok(())
}

/// Pods would wait for an image that can't be pulled.
#[tokio::test]
async fn an_archived_image_is_passed_over_and_said_so() -> Result<()> {
    let case = Case::new("archived").await?;
    let digests = case.push(&["1.0.0", "1.0.2"]).await?;
    case.push_on(1, Image::new("1.0.1").status(Status::Archived)).await?;
    case.deploy(&["1.0.2"]).await?;
    let refused = case.back("--to-tag 1.0.1").await?.ends(1)?.tells("archive")?;
    for shown in [refused, case.ecr("history deploy/api").await?.ends(0)?.tells("1.0.1")?] {
        shown.tells("aws ecr update-image-storage-class --target-storage-class STANDARD")?;
    }
    case.back("").await?.ends(0)?.tells("passed over")?.tells("1.0.1")?;
    case.runs(&digests[0]).await
}

/// What is "before" an image that nobody can find would be a guess.
#[tokio::test]
async fn a_running_image_that_was_deleted_has_nothing_before_it() -> Result<()> {
    let case = Case::new("deleted").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.1", "1.0.2"]).await?;
    case.repository.delete(&digests[2]).await?;
    let before = case.written().await?;
    case.back("").await?.ends(1)?.tells("not in the repository (any more)")?.tells("--from rollout-history")?;
    assert_eq!(case.written().await?, before);
    case.back("--from rollout-history").await?.ends(0)?;
    case.runs(&digests[1]).await
}

/// With ECR down, or no login, nothing could be rolled back.
#[tokio::test]
async fn the_rollout_history_needs_no_registry_at_all() -> Result<()> {
    let case = Case::new("history").await?;
    let digests = case.push(&["1.0.0", "1.0.1", "1.0.2"]).await?;
    case.deploy(&["1.0.0", "1.0.2"]).await?;
    let key = AccessKey::fresh();
    let user: Kubectl = case.ns.kubectl_as(case.ns.lab().kubeconfig());
    key.interceptor().fail("*", 1000, Fault::server_error()).await?;
    let mut command = user.command(&["ecr-rollback", "deploy/api", "--yes", "--from=rollout-history"]);
    command.envs(key.environment());
    Running::start(command)?.wait(e2e::LIMIT).await?.ends(0)?;
    case.asks_for("1.0.0").await?;
    case.runs(&digests[0]).await
}

/// Builds of a pull request, or release candidates, would go to production.
#[tokio::test]
async fn only_tags_of_the_same_form_are_gone_back_to() -> Result<()> {
    let case = Case::new("form").await?;
    case.push(&["1.3.0", "1.4.0", "pr-482", "1.5.0-rc.1", "v1.4.9", "1.5.0"]).await?;
    case.deploy(&["1.5.0"]).await?;
    assert_eq!(case.planned("").await?, case.repository.image("1.4.0"));
    case.release("1.3.0").await?;
    // The rollout history knows one before it, and it is newer: nobody but a person can say.
    let plan = case.ecr("deploy/api --from registry --dry-run=client -ojson").await?.ends(1)?.json()?;
    assert_eq!(plan["reason"], "NothingOlder");
    assert_eq!(plan["workloads"].as_array().map(Vec::len), Some(0), "{plan}");
    assert_ne!(plan["next"], Value::Null);
    Ok(())
}
