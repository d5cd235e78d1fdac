//! `make demo`: a switch and a rollback under real traffic, on a real Kubernetes.
//!
//! Nothing here is canned: every command is run as it is printed, and its output is its own.

mod stage;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use e2e::common::load::{answering, left};
use lab::Lab;
use lab::traffic::{Load, Running};

use stage::Stage;

const BLUE: &str = "1.4.0";
const GREEN: &str = "1.5.0";

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
    stage.heading("One Service, and two versions of an application: blue has the traffic, green waits");
    stage.must("kubectl create -f tests/demo/api.yaml -n demo").await?;
    stage.until_ready(&["api-blue", "api-green"]).await?;
    let target = answering(stage.namespace(), "api").await?;
    let load = Load::new(target).rate(240.0).start();
    stage.heading(&format!("240 requests a second go to http://{target} from now on, on new and on kept connections"));
    stage.must("kubectl bluegreen status api -n demo").await?;

    stage.heading("The release: one command, which checks, writes once, and watches green for 5 seconds");
    let switched =
        Departure::of(&stage, &load, BLUE, "kubectl bluegreen switch api --to green --verify-for 5s --yes -n demo")
            .await?;
    stage.must("kubectl bluegreen status api -n demo").await?;

    stage.heading("Something is wrong with green? Back at once");
    let back = Departure::of(&stage, &load, GREEN, "kubectl bluegreen rollback api --yes -n demo").await?;
    stage.must("kubectl bluegreen history api -n demo").await?;

    stage.heading("Green's pods are taken down, and a switch to nothing is refused");
    stage.must("kubectl bluegreen cleanup api --before-due --yes -n demo").await?;
    stage.refused("kubectl bluegreen switch api --to green --yes -n demo").await?;
    stage.must("kubectl bluegreen switch api --to green --scale --verify-for 0 --yes -n demo").await?;
    left(&load, BLUE, Instant::now()).await?;

    let traffic = load.stop().await;
    let failed = traffic.failures().len();
    stage.heading(&format!(
        "{} requests, {failed} failed; new connections left blue {} ms after `switch` was started, and green {} ms after `rollback`",
        thousands(traffic.total()),
        switched.millis(),
        back.millis(),
    ));
    if failed > 0 {
        println!("{traffic}");
    }
    Ok(failed == 0)
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
