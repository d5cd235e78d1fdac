//! What a contract takes away is gone.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::{api, color, replicas};
use e2e::bluegreen::routed::{http_route, two_colors};
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, said};
use e2e::{LIMIT, namespace};
use lab::fixtures::{Behavior, Job};

use super::{NEXT, TO_GREEN, jobs, with_jobs};

/// The old version would write into columns that are gone.
#[tokio::test]
async fn behind_a_contract_there_is_no_way_back() -> Result<()> {
    let ns = with_jobs("contract", &[Job::new("drop"), Job::new("bad").fails(1)]).await?;
    bluegreen(&ns, &format!("{TO_GREEN} --retain=1h")).await?.ends(0)?;
    let too_early = bluegreen(&ns, "cleanup api --contract=cronjob/drop --yes").await?.ends(1)?;
    ensure!(jobs(&ns).await?.is_empty(), "blue is up: {}", said(&too_early));
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    bluegreen(&ns, &format!("{TO_GREEN} --retain=0s --force=rolled-back")).await?.ends(0)?;
    let words = "cleanup api --contract=cronjob/bad --yes";
    bluegreen(&ns, words).await?.ends(1)?.tells("contract failed")?;
    assert_eq!(replicas(&ns, "api-blue").await?, 0);
    bluegreen(&ns, "rollback api --yes").await?.ends(1)?.tells("contracted")?;
    bluegreen(&ns, "cleanup api --contract=cronjob/drop --yes").await?.ends(0)?;
    bluegreen(&ns, "cleanup api --contract=cronjob/drop --yes").await?.ends(0)?.tells("was run already")?;
    for back in ["rollback api --yes", "switch api --to blue --scale --yes --verify-for=0"] {
        bluegreen(&ns, back).await?.ends(1)?.tells("contracted")?;
    }
    assert_eq!(active(&ns, "api").await?, "green");
    // The next version on that color is free to go, and its own way back is green.
    bluegreen(&ns, NEXT).await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    assert_eq!(active(&ns, "api").await?, "green");
    Ok(())
}

/// What the live version needs would be taken away: it is the old one again.
#[tokio::test]
async fn after_going_back_there_is_nothing_to_contract() -> Result<()> {
    let ns = with_jobs("contract-back", &[Job::new("drop")]).await?;
    let words = "cleanup api --contract=cronjob/drop --before-due --yes";
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    bluegreen(&ns, "rollback api --yes").await?.ends(0)?;
    bluegreen(&ns, words).await?.ends(1)?.tells("went back from green to blue")?;
    bluegreen(&ns, &format!("{TO_GREEN} --force=rolled-back --after-switch=[\"false\"]")).await?.ends(5)?;
    bluegreen(&ns, words).await?.ends(1)?.tells("went back")?;
    // By hand, and by a switch.
    bluegreen(&ns, &format!("{TO_GREEN} --force=failed-before")).await?.ends(0)?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, words).await?.ends(1)?.tells("went back")?;
    ensure!(jobs(&ns).await?.is_empty(), "it was run");
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-green").await?), (1, 1), "nothing was taken down");
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    bluegreen(&ns, words).await?.ends(0)?.tells("no rollback to blue")?;
    Ok(())
}

/// A color of another purpose would keep the contract from being run, and nobody say so.
#[tokio::test]
async fn other_colors_are_none_of_it() -> Result<()> {
    let ns = with_jobs("contract-third", &[Job::new("drop")]).await?;
    let red = api().color(color("red", 1, Behavior::Ready)).objects().into_iter();
    ns.apply_all(&red.filter(|object| object["kind"] == "Deployment").collect::<Vec<_>>()).await?;
    ns.rolled_out("deployment/api-red", LIMIT).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    let early = bluegreen(&ns, "cleanup api --contract=cronjob/drop --yes -ojson").await?.ends(1)?.json()?;
    let next = early["next"].as_str().unwrap_or_default();
    ensure!(next.contains("--contract") && next.contains("--before-due"), "{early:#}");
    bluegreen(&ns, "cleanup api --contract=cronjob/drop --color=red --yes").await?.ends(2)?;
    bluegreen(&ns, "cleanup api --contract=cronjob/drop --before-due --yes").await?.ends(0)?.tells("contract run")?;
    assert_eq!((replicas(&ns, "api-blue").await?, replicas(&ns, "api-red").await?), (0, 1));
    Ok(())
}

/// Our record lies on the route: the contract would never be run, and "somebody else" be blamed.
#[tokio::test]
async fn a_route_is_contracted_as_a_service_is() -> Result<()> {
    let ns = namespace("contract-route").await?;
    two_colors(&ns, 1).await?;
    ns.apply(&http_route(1, 0)).await?;
    ns.apply(&Job::new("drop").cron()).await?;
    bluegreen(&ns, TO_GREEN).await?.ends(0)?;
    let words = "cleanup api --contract=cronjob/drop --before-due --yes";
    bluegreen(&ns, words).await?.ends(0)?.tells("contract run")?;
    bluegreen(&ns, words).await?.ends(0)?.tells("was run already")?;
    bluegreen(&ns, "rollback api --yes").await?.ends(1)?.tells("contracted")?;
    Ok(())
}
