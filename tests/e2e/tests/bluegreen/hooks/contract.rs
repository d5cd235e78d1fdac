//! What a contract takes away is gone.

use anyhow::{Result, ensure};
use e2e::bluegreen::active;
use e2e::bluegreen::app::replicas;
use e2e::bluegreen::run::bluegreen;
use e2e::common::run::{Ended, said};
use lab::fixtures::Job;

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
