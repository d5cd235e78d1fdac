//! No request fails while a release goes back. Alone in its program: kube-proxy's syncs are
//! everybody's.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::common::events::events;
use e2e::common::load::answering;
use e2e::common::run::Ended;
use e2e::ecr::CHANGE_CAUSE;
use e2e::ecr::case::{Case, RELEASES};
use lab::traffic::{Load, Running};
use lab::{Lab, eventually};

const APP: &str = "ms-account-management";
/// As long as this nothing but the release has answered, and often enough.
const SETTLED: Duration = Duration::from_millis(300);
const SAMPLES: usize = 30;

/// Waits until all that users get comes from this release.
async fn serves(load: &Running, release: &str) -> Result<()> {
    eventually(&format!("{release} serves"), LIMIT, || async {
        let recent = load.since(Instant::now() - SETTLED);
        let versions: Vec<&str> = recent.versions().into_keys().collect();
        Ok((recent.total() >= SAMPLES && versions == [release]).then_some(()))
    })
    .await
}

/// Users would lose requests in the middle of an outage that the rollback is to end.
#[tokio::test]
async fn a_release_goes_back_under_load_and_no_request_fails() -> Result<()> {
    let case = Case::of("deployment", APP, Lab::from_env().await?.namespace("release").await?).await?;
    let digests = case.push(&RELEASES).await?;
    case.apply(&case.app(RELEASES[5]).replicas(3).pre_stop(2)).await?;
    let target = answering(&case.ns, APP).await?;
    let load = Load::new(target).fresh_clients(3).kept_clients(3).rate(300.0).max_time(2 * LIMIT).start();
    serves(&load, RELEASES[5]).await?;

    let command = format!("deployment/{APP} --yes");
    case.ecr(&command).await?.ends(0)?;
    case.asks_for(RELEASES[4]).await?;
    case.runs(&digests[4]).await?;
    serves(&load, RELEASES[4]).await?;
    assert_eq!(case.record().await?["result"], "done");
    ensure!(case.annotation(CHANGE_CAUSE).await?.is_some_and(|cause| cause.contains(RELEASES[4])));
    ensure!(events(&case.ns, APP).await?.iter().any(|reason| reason == "RolledBack"));

    let before = case.written().await?;
    case.ecr(&command).await?.ends(0)?.tells("nothing to do")?;
    assert_eq!(case.written().await?, before);
    case.ecr(&format!("{command} --again")).await?.ends(0)?;
    case.runs(&digests[3]).await?;
    serves(&load, RELEASES[3]).await?;
    case.release(RELEASES[5]).await?;
    case.ecr(&command).await?.ends(0)?;
    case.runs(&digests[4]).await?;

    let traffic = load.stop().await;
    println!("{traffic}");
    assert!(traffic.reopened() > 0, "kept connections must have been closed by pods that stopped\n{traffic}");
    assert_eq!(traffic.failures().len(), 0, "{traffic}");
    Ok(())
}
