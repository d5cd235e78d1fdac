//! A hundred whole releases under load: nothing lost, nothing left over, no more memory for the last than for the
//! second.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, color, rolled_out};
use e2e::common::load::{answering, left};
use e2e::common::peak;
use k8s_openapi::api::core::v1::Service;
use kube::ResourceExt;
use lab::fixtures::{Behavior, Job};
use lab::traffic::Load;
use lab::{Lab, Namespace};

use crate::figures::megabytes;
use crate::score::Score;

/// Releases from one line to the next.
const A_LINE: usize = 10;
/// Far more than the slowest takes.
const A_RELEASE: Duration = Duration::from_secs(60);
/// What our annotations on a Service may weigh.
const ANNOTATIONS: usize = 24 * 1024;
const DOCUMENT: &str = "apiVersion: kubectl-release.dev/v1
kind: BlueGreenDeployment
metadata: {name: api}
spec:
  healthCheck: {httpGet: {path: /ready, port: 8080}, initialDelaySeconds: 0, periodSeconds: 1}
  smokeTests: [{name: front, endpoint: /}]
  hooks:
    migrate: cronjob/expand
    afterSwitch: cronjob/warm
  retainPreviousVersion: 1s
  verify: {for: 1s}
";

pub async fn run(lab: &Lab, releases: usize, score: &mut Score) -> Result<()> {
    let ns = lab.namespace("releases").await?;
    let slow = |name| color(name, 3, Behavior::Ready).pre_stop(2);
    rolled_out(&ns, &api().color(slow("blue")).color(slow("green"))).await?;
    for name in ["expand", "warm"] {
        ns.apply(&Job::new(name).cron()).await?;
    }
    let file = std::env::temp_dir().join(format!("releases-{}.yaml", std::process::id()));
    std::fs::write(&file, DOCUMENT)?;
    let services = count(&ns, "services").await?;
    let most = A_RELEASE * u32::try_from(releases)?;
    let load = Load::new(answering(&ns, "api").await?).fresh_clients(3).kept_clients(3).rate(300.0);
    let load = load.max_requests(10_000_000).max_time(most).start();
    let (mut peaks, began, mut old) = (Vec::new(), Instant::now(), "1.4.0".to_owned());
    for number in 1..=releases {
        let tag = format!("2.{number}.0");
        let image = format!("app=registry.example.com/api:{tag}");
        let words = ["deploy", "-f", &file.display().to_string(), "--image", &image, "--yes"];
        let before = active(&ns, "api").await?;
        let plugin = ns.lab().plugins().join("kubectl-bluegreen");
        let command = ns.kubectl_as(ns.lab().kubeconfig()).plugin(&plugin, &words);
        peaks.push(peak::of(command, A_RELEASE).await?);
        ensure!(active(&ns, "api").await? != before, "release {number} did not get the traffic");
        left(&load, &old, Instant::now()).await?;
        old = tag;
        if number.is_multiple_of(A_LINE) {
            let so_far = load.so_far();
            println!(
                "{number:>4} releases in {:>4} s  {:>7} requests  {} failed  peak {}",
                began.elapsed().as_secs(),
                so_far.total(),
                so_far.failures().len(),
                megabytes(peaks.last().copied().unwrap_or_default())
            );
        }
    }
    std::fs::remove_file(&file)?;
    let traffic = load.stop().await;
    println!("\n{traffic}");
    let failed = traffic.failures().len();
    score.judge(&format!("failed requests in {releases} releases"), failed.to_string(), "0".into(), failed == 0);
    memory(&peaks, score)?;
    left_over(&ns, services, score).await
}

fn memory(peaks: &[u64], score: &mut Score) -> Result<()> {
    let (second, last) = (*peaks.get(1).context("too few")?, *peaks.last().context("too few")?);
    let bound = second + second / 10;
    let what = "memory of the last release, beside the second's + 10 %";
    score.judge(what, megabytes(last), format!("<= {}", megabytes(bound)), last <= bound);
    Ok(())
}

/// What a release leaves for people to look at goes with the next one: one release's Jobs are there.
async fn left_over(ns: &Namespace, services: usize, score: &mut Score) -> Result<()> {
    let jobs = count(ns, "jobs").await?;
    score.judge("Jobs left over", jobs.to_string(), "<= 2".into(), jobs <= 2);
    let now = count(ns, "services").await?;
    score.judge("Services", now.to_string(), services.to_string(), now == services);
    let workloads = count(ns, "deployments").await?;
    score.judge("Deployments", workloads.to_string(), "2".into(), workloads == 2);
    let service = ns.api::<Service>().get("api").await?;
    let weigh = |(key, value): (&String, &String)| key.len() + value.len();
    let bytes: usize = service.annotations().iter().map(weigh).sum();
    score.judge("bytes of annotations", bytes.to_string(), format!("<= {ANNOTATIONS}"), bytes <= ANNOTATIONS);
    Ok(())
}

/// Objects of a kind in the namespace, by a plural as kubectl takes it.
async fn count(ns: &Namespace, plural: &str) -> Result<usize> {
    let listed = ns.kubectl(&["get", plural, "-o", "name"]).await?;
    ensure!(listed.code == 0, "{}", listed.stderr);
    Ok(listed.stdout.lines().count())
}
