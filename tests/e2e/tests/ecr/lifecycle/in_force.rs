//! The policy that is in force already.

use anyhow::{Result, ensure};
use e2e::common::run::Ended;
use e2e::ecr::policy_file::PolicyFile;
use e2e::namespace;
use serde_json::json;

use super::{count_kept, days_ago, item, lifecycle, puts, runs, six_releases};
use lab::registry::Image;

/// A nightly job would say "nothing to do" while what runs expires.
#[tokio::test]
async fn a_policy_in_force_that_takes_what_runs_is_no_nothing_to_do() -> Result<()> {
    let ns = namespace("lifecycle-in-force").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    let apply = format!("apply {} --keep-tagged 2 --yes", repository.name());
    lifecycle(&ns, &apply).await?.ends(0)?;
    lifecycle(&ns, &apply).await?.ends(0)?.tells("nothing to do")?;
    runs(&ns, &repository.image("latest-release-1.0.1")).await?;
    let refused = lifecycle(&ns, &apply).await?.ends(1)?;
    refused.tells("running")?.tells("--keep-rollback-target")?.tells("latest-release-1.0.1")?;
    let document = lifecycle(&ns, &format!("{apply} -o json")).await?.ends(1)?.json()?;
    assert_eq!((&document["reason"], &item(&document, &repository)["unchanged"]), (&json!("InUse"), &json!(true)));
    // The way out, and the way to have it so.
    assert_eq!(puts(&repository).await?, 1);
    lifecycle(&ns, &format!("{apply} --force=running,rollback-target")).await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(puts(&repository).await?, 1);
    lifecycle(&ns, &format!("{apply} --keep-rollback-target")).await?.ends(0)?;
    ensure!(count_kept(&repository).await? > Some(4), "what runs is kept");
    Ok(())
}

/// The same where only time takes it, and where the words say to keep what is in force.
#[tokio::test]
async fn what_a_policy_in_force_takes_soon_is_told() -> Result<()> {
    let ns = namespace("lifecycle-in-force-age").await?;
    let repository = ns.repository("ms-account-management").await?;
    repository.push(Image::new("1.0.0").pushed_at(days_ago(1))).await?;
    let selection =
        json!({"tagStatus": "any", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 14});
    let policy = PolicyFile::of_rule(&ns, "age", &selection, "expire")?;
    let apply = format!("apply {} -f {} --yes", repository.name(), policy.0.display());
    lifecycle(&ns, &apply).await?.ends(0)?;
    runs(&ns, &repository.image("1.0.0")).await?;
    lifecycle(&ns, &apply).await?.ends(1)?.tells("goes-later")?;
    let kept = format!("apply {} --keep-rollback-target --yes", repository.name());
    lifecycle(&ns, &kept).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(32));
    Ok(())
}
