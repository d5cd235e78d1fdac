//! Nobody reads what is printed, or it can't be written: the cluster must not notice.

use anyhow::{Context, Result, ensure};
use e2e::common::lost_output::{loses_data, run, ways};
use e2e::common::run::Ended;
use e2e::ecr::case::{Case, RELEASES};

/// `… | head -1` would end a rollback after its write: nobody waits, and the record has no result.
#[tokio::test]
async fn a_rollback_whose_output_is_lost_is_made_and_recorded() -> Result<()> {
    let case = Case::released("lost-rollback").await?;
    for (turn, way) in ways().enumerate() {
        let tag = RELEASES[turn % 2 + 2];
        let output = if turn % 3 == 1 { " -o jsonl -v 6" } else { "" };
        let words = format!("ecr-rollback deploy/api --to-tag {tag} --yes{output}");
        run(&case.ns, way, &words).await?.ends(0).with_context(|| format!("{way}: {words}"))?;
        case.asks_for(tag).await?;
        let result = case.record().await?["result"].clone();
        ensure!(result == "done", "{way}: {words}: the record says {result}");
    }
    Ok(())
}

/// A template would stay pinned, or say nothing of what it was, because nobody read along.
#[tokio::test]
async fn an_unpin_whose_output_is_lost_is_made_and_recorded() -> Result<()> {
    let case = Case::released("lost-unpin").await?;
    for way in ways() {
        case.back(&format!("--to-tag {} --pin-digest", RELEASES[4])).await?.ends(0)?;
        run(&case.ns, way, "ecr-rollback unpin deploy/api --yes").await?.ends(0).context(way)?;
        case.asks_for(RELEASES[4]).await?;
        let record = case.record().await?;
        ensure!(record["verb"] == "unpin" && record["result"] == "done", "{way}: {record}");
        case.back(&format!("--to-tag {}", RELEASES[5])).await?.ends(0)?;
    }
    Ok(())
}

/// One policy of many would be put, and the others not.
#[tokio::test]
async fn policies_are_put_whoever_reads_along() -> Result<()> {
    let case = Case::released("lost-policies").await?;
    let other = case.ns.repository("other").await?;
    for (n, way) in (6..).zip(ways()) {
        let names = format!("{} {}", case.repository.name(), other.name());
        let words = format!("ecr-rollback lifecycle apply {names} --keep-tagged {n} --yes");
        run(&case.ns, way, &words).await?.ends(0).context(way)?;
        for repository in [&case.repository, &other] {
            let policy = repository.lifecycle_policy().await?.context("no policy")?;
            ensure!(policy["rules"][0]["selection"]["countNumber"] == n, "{way}: {policy}");
        }
    }
    Ok(())
}

/// A pipeline would fail because of `| head`, and say that the plugin crashed.
#[tokio::test]
async fn whatever_is_printed_nothing_crashes_when_it_is_lost() -> Result<()> {
    let case = Case::released("lost-words").await?;
    for (words, code) in [("ecr-rollback deploy/gone --yes", 1), ("ecr-rollback deploy/api", 6)] {
        for way in ways() {
            run(&case.ns, way, words).await?.ends(code).with_context(|| format!("{way}: {words}"))?;
        }
    }
    Ok(())
}

/// An audit `history > report.txt` would be called a success, with an empty report on a full disk.
#[tokio::test]
async fn a_run_that_only_looks_fails_where_its_output_does() -> Result<()> {
    let case = Case::released("lost-looks").await?;
    for words in [
        "ecr-rollback history deploy/api -v 6",
        "ecr-rollback history deploy/api -o json",
        "ecr-rollback deploy/api --dry-run",
        "ecr-rollback completion",
        "ecr-rollback --help",
    ] {
        for way in ways() {
            run(&case.ns, way, words).await?.ends(loses_data(way)).with_context(|| format!("{way}: {words}"))?;
        }
    }
    Ok(())
}
