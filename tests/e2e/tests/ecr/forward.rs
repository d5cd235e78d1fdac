//! Moves to a newer push: no rollbacks, and what comes after them.

use anyhow::{Result, ensure};
use e2e::common::events::events;
use e2e::common::run::{Ended, finding, finding_ids, said};
use e2e::ecr::case::Case;
use lab::fixtures::Behavior;
use lab::registry::Image;

/// An old release, one with a critical finding, and the two that it is about.
async fn releases(test: &str) -> Result<Case> {
    let case = Case::new(test).await?;
    case.push_on(1, Image::new("1.0.2")).await?;
    case.push_on(10, Image::new("1.0.3").findings(&[("CRITICAL", 1)])).await?;
    case.push_on(20, Image::new("1.0.4")).await?;
    case.push_on(21, Image::new("1.0.5")).await?;
    case.deploy(&["1.0.5"]).await?;
    Ok(case)
}

/// The bad release would stay, because "that was rolled back already"; and going one further would
/// skip the good one and end on a release with a critical finding.
#[tokio::test]
async fn after_a_move_forward_the_next_rollback_goes_back_from_there() -> Result<()> {
    let case = releases("forward").await?;
    case.back("").await?.ends(0)?;
    case.asks_for("1.0.4").await?;
    for flags in ["", "--again"] {
        let forward = case.back("--to-tag 1.0.5").await?.ends(0)?;
        ensure!(!forward.stdout.contains("rolled back"), "{}", said(&forward));
        forward.tells("deployment.apps/api moved forward to api:1.0.5")?;
        case.asks_for("1.0.5").await?;
        let record = case.record().await?;
        assert_eq!((&record["verb"], &record["result"]), (&"forward".into(), &"done".into()));
        // The same words again.
        let again = case.back("--to-tag 1.0.5 -ojson").await?.ends(0)?.json()?;
        assert_eq!(again["workloads"][0]["state"], "unchanged");
        case.back(flags).await?.ends(0)?.tells("deployment.apps/api rolled back to api:1.0.4")?;
        case.asks_for("1.0.4").await?;
    }
    let told = events(&case.ns, "api").await?;
    assert_eq!(told.iter().filter(|reason| *reason == "MovedForward").count(), 2, "{told:?}");
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    case.asks_for("1.0.4").await?;
    case.back("--again").await?.ends(0)?;
    case.asks_for("1.0.3").await
}

/// What was taken into use again could not be gone back to.
#[tokio::test]
async fn two_steps_forward_are_two_steps_back() -> Result<()> {
    let case = releases("stairs").await?;
    case.back("--steps 2").await?.ends(0)?;
    case.asks_for("1.0.3").await?;
    for tag in ["1.0.4", "1.0.5"] {
        case.back(&format!("--to-tag {tag}")).await?.ends(0)?.tells("moved forward")?;
    }
    for (flags, tag) in [("", "1.0.4"), ("--again", "1.0.3")] {
        case.back(flags).await?.ends(0)?.tells("rolled back")?;
        case.asks_for(tag).await?;
    }
    Ok(())
}

/// A job that is retried after a move forward that failed would go back one further, or expose users
/// to the bad release once more.
#[tokio::test]
async fn a_move_forward_that_failed_leaves_the_rollback_before_it_standing() -> Result<()> {
    let case = Case::new("forward-fails").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    let bad = case.push_on(5, Image::new("1.0.5").behavior(Behavior::NeverReady)).await?;
    case.apply(&case.app("1.0.4").probed_every(1)).await?;
    case.back("").await?.ends(0)?;
    let forward = "--to-tag 1.0.5 --timeout=9s -ojson";
    let failed = case.back(forward).await?.ends(5)?.json()?;
    assert_eq!(
        (&failed["workloads"][0]["verb"], &failed["workloads"][0]["state"]),
        (&"forward".into(), &"takenBack".into())
    );
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    let retried = case.back(forward).await?.ends(1)?.json()?;
    assert_eq!(finding_ids(&retried).first().map(String::as_str), Some("failed-before"), "{retried:#}");
    case.asks_for("1.0.3").await?;
    // The release was built anew: another image.
    case.repository.delete(&bad).await?;
    case.push_on(6, Image::new("1.0.5")).await?;
    let mended = case.back("--to-tag 1.0.5 -ojson").await?.ends(0)?.json()?;
    ensure!(finding(&mended, "failed-before").is_none(), "{mended:#}");
    case.asks_for("1.0.5").await
}

/// `kubectl rollout undo` puts a ReplicaSet's annotations back on its Deployment, our record among them:
/// a rollback from there would be called done already.
#[tokio::test]
async fn a_record_that_rose_again_is_told_by_its_revision() -> Result<()> {
    let case = Case::new("rose-again").await?;
    case.push(&["1.0.3", "1.0.4", "1.0.5", "1.0.6"]).await?;
    case.deploy(&["1.0.3", "1.0.4", "1.0.5"]).await?;
    case.back("").await?.ends(0)?;
    case.asks_for("1.0.4").await?;
    case.back("").await?.ends(0)?.tells("nothing to do")?;
    case.release("1.0.6").await?;
    case.ns.kubectl(&["rollout", "undo", "deployment/api"]).await?.ends(0)?;
    case.ns.rolled_out("deployment/api", e2e::LIMIT).await?;
    case.asks_for("1.0.4").await?;
    case.back("").await?.ends(0)?;
    case.asks_for("1.0.3").await
}

/// After a rollback by hand the way that is printed leads back to the bad release, which would be called "rolled back",
/// and the good one be left out from then on.
#[tokio::test]
async fn what_leads_to_a_newer_push_is_no_way_back() -> Result<()> {
    let case = Case::new("back-by-hand").await?;
    case.push(&["1.0.2", "1.0.3", "1.0.4"]).await?;
    case.deploy(&["1.0.4", "1.0.3"]).await?;
    case.back("").await?.ends(1)?.tells("--from rollout-history")?;
    let words = "--from rollout-history -ojson";
    let refused = case.back(words).await?.ends(1)?.json()?;
    let found = finding(&refused, "higher-version").map(|found| found["severity"].clone());
    assert_eq!((found, &refused["workloads"][0]["verb"]), (Some("block".into()), &"forward".into()), "{refused:#}");
    case.asks_for("1.0.3").await?;
    let forced = "--from rollout-history --force=higher-version";
    case.back(forced).await?.ends(0)?.tells("moved forward to api:1.0.4")?;
    assert_eq!(case.record().await?["verb"], "forward");
    // The same words mean the same move.
    case.back(forced).await?.ends(0)?.tells("nothing to do")?;
    case.asks_for("1.0.4").await?;
    case.back("--again").await?.ends(0)?.tells("rolled back to api:1.0.3")?;
    case.asks_for("1.0.3").await
}

/// The same where no version says it, and where the tag was pushed again within the minute that pipelines need.
#[tokio::test]
async fn the_order_of_pushes_tells_forward_from_back() -> Result<()> {
    let case = Case::new("newer-commit").await?;
    case.push(&["main-abc1234", "main-bcd2345"]).await?;
    case.deploy(&["main-bcd2345", "main-abc1234"]).await?;
    let plan = case.back("--from rollout-history -ojson").await?.ends(1)?.json()?;
    assert_eq!(plan["workloads"][0]["verb"], "forward", "{plan:#}");
    let case = Case::new("pushed-within-a-minute").await?;
    case.push(&["1.0.1", "1.0.2", "1.0.3"]).await?;
    case.deploy(&["1.0.2", "1.0.3"]).await?;
    case.repository.push(Image::new("1.0.2")).await?;
    let plan = case.back("--from rollout-history -ojson").await?.ends(1)?.json()?;
    assert_eq!(plan["workloads"][0]["verb"], "forward", "{plan:#}");
    case.asks_for("1.0.3").await
}

/// The command that is to watch on would roll back what was just gone to.
#[tokio::test]
async fn what_watches_a_move_forward_on_names_its_target() -> Result<()> {
    let case = releases("forward-on").await?;
    case.back("").await?.ends(0)?;
    case.push_on(22, Image::new("1.0.6").behavior(Behavior::OnDemand)).await?;
    let unfinished = case.back("--to-tag 1.0.6 --timeout=2s -ojson").await?.ends(4)?.json()?;
    let next = unfinished["next"].as_str().unwrap_or_default().to_owned();
    ensure!(next.contains("--to-tag=1.0.6"), "{unfinished:#}");
    let document = case.back("--to-tag=1.0.6 --timeout=2s -ojson").await?.ends(4)?;
    let attached = document.json()?["workloads"][0]["attached"].clone();
    ensure!(attached == true, "{}", said(&document));
    case.asks_for("1.0.6").await
}
