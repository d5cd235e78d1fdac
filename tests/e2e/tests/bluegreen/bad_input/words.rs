//! Command lines that make no sense.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::bluegreen::{active, blue_green};
use e2e::common::run::{Ended, admin, said};
use e2e::namespace;

use super::{clear, refused};

/// A script with a typing error would do something else than it says.
#[tokio::test]
async fn nonsense_is_wrong_usage() -> Result<()> {
    let ns = namespace("nonsense").await?;
    blue_green(&ns, 1).await?;
    let before = versions(&ns).await?;
    for (words, about) in [
        ("status api -o nonsense", "nonsense"),
        ("switch api --to green --yes --min-ready lots", "min-ready"),
        ("switch api --to green --yes --min-ready 0", "min-ready"),
        ("switch api --to green --yes --min-ready 0%", "min-ready"),
        ("switch api --to green --yes --verify-for soon", "verify-for"),
        ("switch api --to green --yes --verify-for=-3s", "verify-for"),
        ("switch api --to green --yes --timeout whenever", "timeout"),
        ("switch api --to green --to-image 1.5.0 --yes", "--to"),
        ("switch api --to green --yes --dry-run=maybe", "dry-run"),
        ("switch api --to green --yes --nonsense", "nonsense"),
        ("switch api --to green --yes --force=twin-servce", "twin-service"),
        ("switch api --to green --yes --force=gitops,nonsense", "nonsense"),
        ("switch --to green --yes", "SERVICE"),
        ("cleanup --yes", "SERVICE"),
        ("status api --wait-for nothing", "wait-for"),
        ("status --wait-for converged", "SERVICE"),
        ("swich api --to green --yes", "switch"),
    ] {
        let output = bluegreen(&ns, words).await?.ends(2).context(words)?;
        clear(&output).context(words)?;
        output.tells(about).context(words)?;
        // A script reads why; a bad format is nobody's.
        if !words.contains("-o nonsense") {
            let document = bluegreen(&ns, &format!("{words} -ojson")).await?.ends(2).context(words)?.json()?;
            assert_eq!((&document["reason"], &document["exitCode"]), (&"BadUsage".into(), &2.into()), "{words}");
        }
    }
    assert_eq!(versions(&ns).await?, before);
    Ok(())
}

/// A Deployment's name would be taken for a Service's, or the other way round.
#[tokio::test]
async fn only_services_are_switched() -> Result<()> {
    let ns = namespace("not-a-service").await?;
    blue_green(&ns, 1).await?;
    for words in ["switch deploy/api --to green --yes", "status deploy/api", "history pod/api", "cleanup sts/api --yes"]
    {
        refused(&ns, words, 2, "BadUsage", "svc/").await.context(words)?;
    }
    for name in ["svc/api", "service/api", "services/api"] {
        bluegreen(&ns, &format!("status {name}")).await?.ends(0)?;
    }
    Ok(())
}

/// What people know from other tools would end in a list of everything.
#[tokio::test]
async fn verbs_of_other_tools_lead_to_ours() -> Result<()> {
    let ns = namespace("other-verbs").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    for (words, meant) in [("undo api", "rollback"), ("promote api --to blue --yes", "switch")] {
        let output = bluegreen(&ns, words).await?.ends(2)?;
        clear(&output)?;
        output.tells(&format!("kubectl bluegreen {meant}"))?;
    }
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A CI job that is run again would toggle back to the old version.
#[tokio::test]
async fn without_a_terminal_a_switch_names_its_target() -> Result<()> {
    let ns = namespace("bare-switch").await?;
    blue_green(&ns, 1).await?;
    refused(&ns, "switch api --yes", 2, "BadUsage", "--to").await?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// A pipeline that forgot `--yes` would hang, or go on without anybody having agreed.
#[tokio::test]
async fn without_a_terminal_nothing_happens_unasked() -> Result<()> {
    let ns = namespace("nobody-asked").await?;
    blue_green(&ns, 1).await?;
    refused(&ns, "switch api --to green", 6, "NotConfirmed", "--yes").await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0 --retain=0").await?.ends(0)?;
    refused(&ns, "rollback api", 6, "NotConfirmed", "--yes").await?;
    refused(&ns, "cleanup api", 6, "NotConfirmed", "--yes").await?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// A name with a path in it would reach another object than the one that was checked.
#[tokio::test]
async fn names_can_not_lead_elsewhere() -> Result<()> {
    let ns = namespace("names").await?;
    let kubectl = admin(&ns);
    for name in ["../secrets/x", "api?dryRun=All", "API", "", "a b", "\u{1b}[31mapi"] {
        let output = kubectl.run(&["bluegreen", "status", name]).await?.ends(2).with_context(|| format!("{name:?}"))?;
        clear(&output)?;
    }
    let output = kubectl.run(&["bluegreen", "status", "api", "-n", "../../x"]).await?.ends(2)?;
    ensure!(output.stderr.contains("namespace"), "{}", said(&output));
    Ok(())
}
