//! One override a finding.

use anyhow::Result;
use e2e::common::run::{Ended, finding};
use e2e::namespace;
use lab::Namespace;
use lab::registry::Repository;
use serde_json::json;

use super::{count_kept, days_ago, lifecycle, puts, runs, six_releases};

const KEEP_ONE: &str = "--keep-tagged 1 --tag-prefix latest";

/// Six releases that a scanner pulled yesterday, as Inspector does; the one of that number runs.
async fn scanned(test: &str, running: usize) -> Result<(Namespace, Repository)> {
    let ns = namespace(test).await?;
    let repository = ns.repository("ms-account-management").await?;
    for digest in six_releases(&repository).await? {
        let yesterday = days_ago(1).as_duration().as_secs_f64();
        repository.set(&digest, json!({"lastRecordedPullTime": yesterday})).await?;
    }
    runs(&ns, &repository.image(&format!("latest-release-1.0.{running}"))).await?;
    Ok((ns, repository))
}

/// Where a scanner pulls everything, nothing would ever expire, or what runs would.
#[tokio::test]
async fn pulls_can_be_given_up_and_what_runs_is_still_spared() -> Result<()> {
    let (ns, repository) = scanned("lifecycle-scanner", 5).await?;
    let apply = format!("apply {} {KEEP_ONE} --yes", repository.name());
    let refused = lifecycle(&ns, &apply).await?.ends(1)?;
    refused.tells("pulled-lately")?.tells("--force=pulled-lately")?;
    // The rollback target goes as well, and that is another objection.
    lifecycle(&ns, &format!("{apply} --force=pulled-lately")).await?.ends(1)?.tells("rollback-target")?;
    assert_eq!(puts(&repository).await?, 0);
    let both = lifecycle(&ns, &format!("{apply} --force=pulled-lately,rollback-target -o json")).await?.ends(0)?;
    let document = both.json()?;
    assert_eq!(finding(&document, "pulled-lately").map(|found| found["overridden"].clone()), Some(json!(true)));
    assert_eq!(count_kept(&repository).await?, Some(1));
    Ok(())
}

/// A policy that keeps all that a scanner has touched keeps everything, for ever.
#[tokio::test]
async fn what_is_given_up_raises_no_number() -> Result<()> {
    let (ns, repository) = scanned("lifecycle-raised", 3).await?;
    let apply = format!("apply {} {KEEP_ONE} --yes --keep-rollback-target", repository.name());
    lifecycle(&ns, &format!("{apply} --force=pulled-lately")).await?.ends(0)?;
    // 1.0.3 runs, and 1.0.2 is what it goes back to.
    assert_eq!(count_kept(&repository).await?, Some(4));
    lifecycle(&ns, &apply).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(6));
    lifecycle(&ns, &format!("{apply} --allow-expiring-in-use")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(1));
    Ok(())
}

/// One name must not stand for another.
#[tokio::test]
async fn what_runs_goes_only_by_its_own_name() -> Result<()> {
    let (ns, repository) = scanned("lifecycle-named", 0).await?;
    let apply = format!("apply {} {KEEP_ONE} --yes", repository.name());
    for others in ["pulled-lately", "pulled-lately,rollback-target,asked-for,in-history,cluster-unread"] {
        lifecycle(&ns, &format!("{apply} --force={others}")).await?.ends(1)?.tells("running")?;
    }
    assert_eq!(puts(&repository).await?, 0);
    lifecycle(&ns, &format!("{apply} --force=running,pulled-lately")).await?.ends(0)?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}

/// A name that is no check would override nothing, and a check of a rollback is none here.
#[tokio::test]
async fn unknown_names_are_wrong_usage_and_what_was_not_checked_can_be_made_to_block() -> Result<()> {
    let ns = namespace("lifecycle-names").await?;
    let repository = ns.repository("ms-account-management").await?;
    let apply = format!("apply {} {KEEP_ONE} --yes", repository.name());
    for name in ["puled-lately", "hpa-at-limit", ""] {
        lifecycle(&ns, &format!("{apply} --force={name}")).await?.ends(2)?;
    }
    // The lab's ECR knows no previews of its own.
    lifecycle(&ns, &format!("{apply} --strict")).await?.ends(1)?.tells("ecr-preview")?;
    assert_eq!(puts(&repository).await?, 0);
    let forced = format!("{apply} --strict --force=ecr-preview,kinds-unread");
    lifecycle(&ns, &forced).await?.ends(0)?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}

/// A cluster that can't be asked is an objection like others.
#[tokio::test]
async fn an_unread_cluster_is_given_up_by_its_name_only() -> Result<()> {
    let ns = namespace("lifecycle-no-cluster").await?;
    let repository = ns.repository("ms-account-management").await?;
    six_releases(&repository).await?;
    let apply = format!("apply {} {KEEP_ONE} --contexts gone --yes", repository.name());
    lifecycle(&ns, &format!("{apply} --force=running")).await?.ends(1)?.tells("cluster-unread")?;
    assert_eq!(puts(&repository).await?, 0);
    lifecycle(&ns, &format!("{apply} --force=cluster-unread")).await?.ends(0)?;
    assert_eq!(puts(&repository).await?, 1);
    Ok(())
}
