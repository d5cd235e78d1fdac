//! No request fails while a version is released by the number of pods, and each share is the one that was asked for.
//! Alone in its program: kube-proxy's syncs are everybody's.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::LIMIT;
use e2e::canary::stage::{GOOD, SERVES, Stage};
use e2e::common::load::answering;
use e2e::common::run::Ended;
use lab::Lab;
use lab::traffic::{Kind, Load, Outcome, Running, Traffic};

const RATE: f64 = 300.0;
/// Requests that a share is measured by, at least.
const LEAST: usize = 2000;
/// kube-proxies follow within a second (`minSyncPeriod`); twice as long is enough.
const FOLLOWED: Duration = Duration::from_secs(2);
/// So many deviations are met by chance once in a million.
const DEVIATIONS: f64 = 4.9;

/// How many new connections there were, and how many of them came to the new version.
fn shared(traffic: &Traffic) -> (usize, usize) {
    let fresh: Vec<_> = traffic.requests().iter().filter(|request| request.kind == Kind::Fresh).collect();
    let is_new = |outcome: &Outcome| matches!(outcome, Outcome::Answered { version, .. } if version == GOOD);
    (fresh.len(), fresh.iter().filter(|request| is_new(&request.outcome)).count())
}

/// Whether so many of so many are this share, but for chance.
fn is_share((all, new): (usize, usize), share: f64) -> bool {
    let (all, new) = (all as f64, new as f64);
    (new - all * share).abs() <= DEVIATIONS * (all * share * (1.0 - share)).sqrt() + 1.0
}

async fn measured(load: &Running) -> (usize, usize) {
    let since = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(200)).await;
        let found = shared(&load.since(since));
        if found.0 >= LEAST || since.elapsed() > LIMIT {
            return found;
        }
    }
}

#[tokio::test]
async fn shares_are_those_that_were_asked_for_and_no_request_fails() -> Result<()> {
    let stage = Stage::in_namespace(Lab::from_env().await?.namespace("canary-load").await?, 20).await?;
    stage.deploy(&stage.app().pre_stop(2)).await?;
    let target = answering(&stage.ns, "api").await?;
    // Pods of the first rollout, which ended at once, are forgotten.
    tokio::time::sleep(FOLLOWED).await;
    let began = Instant::now();
    let fresh = Load::new(target).fresh_clients(3).kept_clients(0).rate(RATE).max_time(3 * LIMIT).start();
    let kept = Load::new(target).fresh_clients(0).kept_clients(3).rate(60.0).max_time(3 * LIMIT).start();
    let image = stage.repository.image(GOOD);
    let plan = "--steps 5,20,50,100 --pause 100m --time-scale 60 --yes";
    let running = stage.start(&format!("run api --image api={image} --router replicas {plan}"))?;
    for (number, weight) in (0_usize..).zip([5_u32, 20, 50]) {
        stage.until(&format!("{weight}%"), |record| record["state"]["weights"][number]["weight"] == weight).await?;
        tokio::time::sleep(FOLLOWED).await;
        let found = measured(&fresh).await;
        println!("{weight}%: {} of {} requests", found.1, found.0);
        ensure!(found.0 >= LEAST && is_share(found, f64::from(weight) / 100.0), "{weight}% is {found:?}");
        // The test can fail: twice the share is another one.
        ensure!(!is_share(found, (f64::from(weight) / 50.0).min(0.9)), "{found:?} would pass for any share");
        stage.canary("promote api --yes").await?.ends(0)?;
    }
    running.wait(2 * LIMIT).await?.ends(0)?;
    stage.is_alone(GOOD).await?;
    for traffic in [fresh.stop().await, kept.stop().await] {
        println!("{traffic}");
        ensure!(traffic.versions().contains_key(SERVES) && traffic.versions().contains_key(GOOD), "{traffic}");
        let when: Vec<Duration> = traffic.failures().iter().map(|failed| failed.started - began).collect();
        ensure!(when.is_empty(), "failed after {when:?}\n{traffic}");
    }
    Ok(())
}
