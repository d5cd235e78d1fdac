//! Rules by age: what stays now and goes when its age runs out.

use anyhow::{Context, Result, ensure};
use e2e::common::run::{Ended, finding};
use e2e::ecr::policy_file::PolicyFile;
use e2e::namespace;
use lab::Namespace;
use lab::registry::{Image, Repository};
use serde_json::{Value, json};

use super::{count_kept, days_ago, item, lifecycle, puts, runs};

/// Two releases of these days ago, of which the second runs.
async fn released(test: &str, days: [i64; 2]) -> Result<(Namespace, Repository)> {
    let ns = namespace(test).await?;
    let repository = ns.repository("ms-account-management").await?;
    for (tag, days) in ["1.0.0", "1.0.1"].into_iter().zip(days) {
        repository.push(Image::new(tag).pushed_at(days_ago(days))).await?;
    }
    runs(&ns, &repository.image("1.0.1")).await?;
    Ok((ns, repository))
}

fn older_than(ns: &Namespace, status: &str, days: u32) -> Result<PolicyFile> {
    let mut selection =
        json!({"tagStatus": status, "countType": "sinceImagePushed", "countUnit": "days", "countNumber": days});
    if status == "tagged" {
        selection["tagPatternList"] = json!(["1.*"]);
    }
    PolicyFile::of_rule(ns, &format!("{status}-{days}"), &selection, "expire")
}

fn weight(document: &Value) -> Option<String> {
    finding(document, "goes-later").and_then(|found| found["severity"].as_str().map(str::to_owned))
}

/// What runs would be gone a day later, after "nothing in use goes".
#[tokio::test]
async fn what_runs_and_grows_too_old_soon_stops_a_policy() -> Result<()> {
    let (ns, repository) = released("lifecycle-ages", [0, 0]).await?;
    let (one_day, tagged) = (older_than(&ns, "any", 1)?, older_than(&ns, "tagged", 14)?);
    for policy in [&one_day, &tagged] {
        let apply = format!("apply {} -f {} --yes", repository.name(), policy.0.display());
        let refused = lifecycle(&ns, &apply).await?.ends(1)?;
        let said = format!("{}{}", refused.stdout, refused.stderr);
        ensure!(said.contains("goes-later") && !said.contains("nothing in use goes"), "{said}");
        ensure!(said.contains("--keep-rollback-target"), "{said}");
        let document = lifecycle(&ns, &format!("{apply} -o json")).await?.ends(1)?.json()?;
        let shown = item(&document, &repository);
        assert_eq!((&document["reason"], &shown["summary"]["inUseAndGoing"]), (&json!("InUse"), &json!(0)));
        ensure!(shown["summary"]["inUseAndGoingLater"] == 2, "what it goes back to is in use, too: {shown}");
        let images = shown["images"].as_array().context("no images")?;
        ensure!(images.iter().all(|image| image["goesLater"]["rule"] == 1), "{shown}");
    }
    assert_eq!(puts(&repository).await?, 0);
    // Another name gives up something else.
    let apply = format!("apply {} -f {} --yes", repository.name(), one_day.0.display());
    lifecycle(&ns, &format!("{apply} --force=in-history")).await?.ends(1)?;
    lifecycle(&ns, &format!("{apply} --keep-rollback-target")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(31));
    lifecycle(&ns, &format!("{apply} --force=goes-later")).await?.ends(0)?;
    assert_eq!(count_kept(&repository).await?, Some(1));
    Ok(())
}

/// A policy for what is old that nobody could ever put in force would be put past us.
#[tokio::test]
async fn what_goes_in_a_month_or_later_is_said_and_stops_nothing() -> Result<()> {
    let (ns, repository) = released("lifecycle-ages-far", [40, 10]).await?;
    for (days, exit, wanted) in [(365, 0, "warn"), (75, 0, "warn"), (60, 1, "block")] {
        let policy = older_than(&ns, "any", days)?;
        let apply = format!("apply {} -f {} --yes -o json --dry-run=client", repository.name(), policy.0.display());
        let document = lifecycle(&ns, &apply).await?.ends(exit)?.json()?;
        assert_eq!(weight(&document).as_deref(), Some(wanted), "{days} days");
    }
    // Tags keep what runs from the rule.
    let untagged = older_than(&ns, "untagged", 14)?;
    let apply = format!("apply {} -f {} --yes", repository.name(), untagged.0.display());
    lifecycle(&ns, &apply).await?.ends(0)?.tells("nothing in use goes")?;
    Ok(())
}

/// An image in the archive can't be pulled, and pods that run for long pull nothing.
#[tokio::test]
async fn a_rule_by_the_last_pull_takes_what_runs_without_pulling() -> Result<()> {
    let (ns, repository) = released("lifecycle-ages-pull", [3, 2]).await?;
    let selection =
        json!({"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 20});
    let policy = PolicyFile::of_rule(&ns, "pulled", &selection, "archive")?;
    let apply = format!("apply {} -f {} --yes", repository.name(), policy.0.display());
    let document = lifecycle(&ns, &format!("{apply} -o json")).await?.ends(1)?.json()?;
    let images = item(&document, &repository)["images"].as_array().context("no images")?;
    let later = &images.iter().find(|image| image["tags"] == json!(["1.0.1"])).context("no image")?["goesLater"];
    assert_eq!((&later["verdict"], &later["unlessPulled"]), (&json!("archive"), &json!(true)));
    lifecycle(&ns, &format!("{apply} --keep-rollback-target --dry-run=client")).await?.ends(0)?;
    Ok(())
}
