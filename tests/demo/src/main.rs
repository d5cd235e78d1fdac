//! `make demo`: whole releases of a document under real traffic, a bad one that takes itself back, and an image rollback,
//! on a real Kubernetes with a stand-in for ECR.
//!
//! Nothing here is canned: every command is run as it is printed, and its output is its own.

mod stage;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::common::load::{answering, left};
use jiff::{Timestamp, ToSpan};
use lab::Lab;
use lab::registry::Image;
use lab::traffic::{Load, Running};

use stage::Stage;

const SERVICE: &str = "user-service";
const REPOSITORY: &str = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/demo/user-service";
const FIRST: &str = "1.4.0";
const SECOND: &str = "1.5.0";
const BAD: &str = "1.6.0";

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    match play().await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether no request failed.
async fn play() -> Result<bool> {
    let stage = Stage::set(Lab::from_env().await?).await?;
    pushed(&stage, SERVICE, &[FIRST, SECOND, BAD]).await?;
    pushed(&stage, "mailer", &["2.0.0", "2.1.0"]).await?;
    stage.heading("A Service that one color serves, and the file in which its team describes a release");
    stage.must("kubectl create -f tests/demo/api.yaml -n demo").await?;
    stage.until_ready(&["user-service-blue", "mailer"]).await?;
    println!("\n{}", include_str!("../release.yaml"));
    let target = answering(stage.namespace(), SERVICE).await?;
    let load = Load::new(target).rate(240.0).start();
    stage.heading(&format!("240 requests a second go to http://{target} from now on, on new and on kept connections"));

    stage.heading("The release: green is made, waited for, tested, gets the traffic, and is watched");
    stage.must(&deploy(SECOND)).await?;
    left(&load, FIRST, Instant::now()).await?;

    stage.heading("Something is wrong with it? Back at once, and forward again");
    let back = Departure::of(&stage, &load, SECOND, "kubectl bluegreen rollback user-service --yes -n demo").await?;
    stage
        .must("kubectl bluegreen switch user-service --to green --verify-for 2s --force=failed-before --yes -n demo")
        .await?;
    left(&load, FIRST, Instant::now()).await?;

    stage.heading("The next release goes to blue, passes its tests, and loses a pod once users are on it");
    turns_bad(&stage).await?;
    left(&load, BAD, Instant::now()).await?;
    stage.must("kubectl bluegreen history user-service -n demo").await?;

    stage.heading("Another workload, without colors: back to the image that was pushed before");
    stage.must("kubectl ecr-rollback deployment/mailer --yes -n demo").await?;

    let traffic = load.stop().await;
    let failed = traffic.failures().len();
    stage.heading(&format!(
        "{} requests, {failed} failed; new connections left green {} ms after `rollback` was started",
        thousands(traffic.total()),
        back.millis(),
    ));
    if failed > 0 {
        println!("{traffic}");
    }
    Ok(failed == 0)
}

/// Pushes these tags, one a day.
async fn pushed(stage: &Stage, repository: &str, tags: &[&str]) -> Result<()> {
    let repository = stage.namespace().repository(repository).await?;
    for (tag, day) in tags.iter().zip(1_i64..) {
        let time = Timestamp::now() - (24 * (tags.len() as i64 - day)).hours();
        repository.push(Image::new(tag).pushed_at(time)).await?;
    }
    Ok(())
}

fn deploy(tag: &str) -> String {
    format!("kubectl bluegreen deploy -f tests/demo/release.yaml --image app={REPOSITORY}:{tag} --yes -n demo")
}

/// The version is good until users come: one of its pods falls over then, and two serve until the traffic is back.
async fn turns_bad(stage: &Stage) -> Result<()> {
    let deploying = stage.start(&deploy(BAD)).await?;
    stage.until_selected(SERVICE, "blue").await?;
    let pod = stage.a_pod("version=blue").await?;
    stage
        .must(&format!("kubectl annotate {pod} lab.kubectl-release.dev/behavior=crash-loop -n demo --overwrite"))
        .await?;
    stage.ends(deploying, 5).await
}

/// How long after a command was started the last new connection reached the version it leaves.
struct Departure(Duration);

impl Departure {
    async fn of(stage: &Stage, load: &Running, version: &str, command: &str) -> Result<Self> {
        let started = stage.must(command).await?;
        let seen = left(load, version, started).await?;
        ensure!(seen.last_fresh(version).is_some(), "no new connection reached {version} before it was left");
        Ok(Self(seen.lag(version, started)))
    }

    fn millis(&self) -> u128 {
        self.0.as_millis()
    }
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn big_numbers_can_be_read() {
        assert_eq!(
            ["7", "123", "4,812", "1,000,000"],
            [7, 123, 4812, 1_000_000].map(thousands).each_ref().map(String::as_str)
        );
    }
}
