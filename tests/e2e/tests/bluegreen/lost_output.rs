//! Nobody reads what is printed, or it can't be written: the cluster must not notice.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::record;
use e2e::bluegreen::{active, blue_green};
use e2e::common::lost_output::{loses_data, run, ways};
use e2e::common::run::Ended;
use e2e::namespace;

/// `… | head -1` would end a switch in its middle: traffic half moved, and no result in the record.
#[tokio::test]
async fn a_switch_whose_output_is_lost_is_made_and_recorded() -> Result<()> {
    let ns = namespace("lost-switch").await?;
    blue_green(&ns, 1).await?;
    for (turn, way) in ways().enumerate() {
        let to = if turn % 2 == 0 { "green" } else { "blue" };
        for words in [
            format!("bluegreen switch api --to {to} --yes --verify-for=1s"),
            format!(
                "bluegreen switch api --to {} --yes --verify-for=0 -o jsonl",
                if to == "green" { "blue" } else { "green" }
            ),
            format!("bluegreen switch api --to {to} --yes --verify-for=0 -v 6 -o json"),
        ] {
            run(&ns, way, &words).await?.ends(0).with_context(|| format!("{way}: {words}"))?;
            let result = record(&ns, "api").await?["result"].clone();
            ensure!(result == "done", "{way}: {words}: the record says {result}");
            ensure!(words.contains(&format!("--to {}", active(&ns, "api").await?)), "{way}: {words}");
        }
    }
    Ok(())
}

/// A rollback in an outage would not be taken back where it fails, or be left without a result.
#[tokio::test]
async fn a_rollback_whose_output_is_lost_is_made_and_recorded() -> Result<()> {
    let ns = namespace("lost-rollback").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    for (turn, way) in ways().enumerate() {
        let flags = if turn % 2 == 0 { "--yes" } else { "--yes --verify-for=1s" };
        run(&ns, way, &format!("bluegreen rollback api {flags}")).await?.ends(0).context(way)?;
        let result = record(&ns, "api").await?["result"].clone();
        ensure!(result == "done", "{way}: the record says {result}");
    }
    Ok(())
}

/// A clean-up that nobody reads would leave a color half taken down, or a note that it is being taken down.
#[tokio::test]
async fn a_clean_up_whose_output_is_lost_is_made() -> Result<()> {
    let ns = namespace("lost-cleanup").await?;
    blue_green(&ns, 1).await?;
    for (turn, way) in ways().enumerate() {
        let (to, left) = if turn % 2 == 0 { ("green", "blue") } else { ("blue", "green") };
        bluegreen(&ns, &format!("switch api --to {to} --scale --yes --verify-for=0 --retain=0s")).await?.ends(0)?;
        run(&ns, way, "bluegreen cleanup --due --yes -v 6").await?.ends(0).context(way)?;
        assert_eq!(replicas(&ns, &format!("api-{left}")).await?, 0, "{way}");
    }
    Ok(())
}

/// A pipeline would fail because of `| head`, and say that the plugin crashed.
#[tokio::test]
async fn whatever_is_printed_nothing_crashes_when_it_is_lost() -> Result<()> {
    let ns = namespace("lost-words").await?;
    blue_green(&ns, 1).await?;
    for (words, code) in [
        ("bluegreen status gone", 1),
        ("bluegreen switch api --to green", 6),
        ("bluegreen undo api", 2),
        ("bluegreen --no-such-flag", 2),
    ] {
        for way in ways() {
            run(&ns, way, words).await?.ends(code).with_context(|| format!("{way}: {words}"))?;
        }
    }
    Ok(())
}

/// A nightly `status > report.txt` would be called a success, with an empty report on a full disk.
#[tokio::test]
async fn a_run_that_only_looks_fails_where_its_output_does() -> Result<()> {
    let ns = namespace("lost-looks").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    for words in [
        "bluegreen status api -v 6",
        "bluegreen status -o wide",
        "bluegreen status api -o yaml",
        "bluegreen status api -o name",
        "bluegreen status api --wait-for=converged",
        "bluegreen history api",
        "bluegreen preflight api",
        "bluegreen switch api --to blue --dry-run=server -o json",
        "bluegreen completion",
        "bluegreen --help",
    ] {
        for way in ways() {
            run(&ns, way, words).await?.ends(loses_data(way)).with_context(|| format!("{way}: {words}"))?;
        }
    }
    let told = run(&ns, "{ {}; } >/dev/full", "bluegreen status api").await?.ends(1)?;
    ensure!(told.stderr.contains("could not be written"), "{}", told.stderr);
    Ok(())
}

/// What has not to end because its reader went or its disk is full would never do so again.
#[tokio::test]
async fn a_watch_ends_with_its_output() -> Result<()> {
    let ns = namespace("lost-watch").await?;
    blue_green(&ns, 1).await?;
    run(&ns, "{ {}; } >/dev/full", "bluegreen status api --watch").await?.ends(1)?;
    Ok(())
}
