//! Thousands of pods behind one Service, beside the ten of the small one.

use std::time::{Duration, Instant};

use anyhow::Result;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::api::ListParams;
use lab::Namespace;
use lab::fixtures::{App, Workload};

use crate::figures::megabytes;
use crate::handover::{Small, plugin};
use crate::looking::Cost;
use crate::score::{Score, print_table};

/// The most memory a verb may take.
const MEMORY: u64 = 64_000_000;
/// Pods of the color that a switch goes to first.
const OTHER: u32 = 50;
const UNTIL_READY: Duration = Duration::from_secs(900);
const ROUNDS: usize = 3;

pub async fn run(small: &Small, pods: u32, score: &mut Score) -> Result<()> {
    let lab = small.ns.lab();
    let ns = lab.namespace("crowd").await?;
    let began = Instant::now();
    println!("\nstarting {pods} pods; this takes a minute or two per 5,000");
    let color = |name: &str, version: &str, count| {
        Workload::color(name, &format!("registry.example.com/api:{version}")).replicas(count)
    };
    let app = App::new("api").key("version").color(color("blue", "1.4.0", pods)).color(color("green", "1.5.0", OTHER));
    ns.apply_all(&app.objects()).await?;
    ready(&ns, "api-blue", pods).await?;
    ready(&ns, "api-green", OTHER).await?;
    println!("ready after {:.0} s; a pod weighs {} bytes as JSON", began.elapsed().as_secs_f64(), weight(&ns).await?);

    let mut rows = Vec::new();
    for (name, ns, there) in [("10 pods", &small.ns, &[][..]), ("the crowd", &ns, &["--min-ready=50"])] {
        let (status, switch) = costs(ns, there).await?;
        rows.push(status.row(&format!("status, {name}")));
        rows.push(switch.row(&format!("switch, {name}")));
        let most = status.peak.max(switch.peak);
        score.judge(
            &format!("peak memory, {name}"),
            megabytes(most),
            format!("<= {}", megabytes(MEMORY)),
            most <= MEMORY,
        );
    }
    print_table(&format!("{pods} pods behind one Service, beside 10"), &Cost::COLUMNS, &rows);
    Ok(())
}

/// Switches come in pairs, to and fro; a pair leaves the Service as it was.
async fn costs(ns: &Namespace, more: &[&str]) -> Result<(Cost, Cost)> {
    let (mut status, mut switch) = (Cost::default(), Cost::default());
    for _ in 0..ROUNDS {
        status.add(|| plugin(ns, &["status", "api"])).await?;
        let go = |to: &str| plugin(ns, &[&["switch", "api", "--to", to, "--yes", "--verify-for=0"], more].concat());
        switch.add_pair(|| go("green"), || go("blue")).await?;
    }
    Ok((status, switch))
}

async fn ready(ns: &Namespace, deployment: &str, pods: u32) -> Result<()> {
    let wanted = i32::try_from(pods)?;
    let is_ready = |d: &Deployment| d.status.as_ref().and_then(|s| s.ready_replicas) == Some(wanted);
    ns.wait_for::<Deployment>(deployment, "all pods ready", UNTIL_READY, is_ready).await.map(drop)
}

async fn weight(ns: &Namespace) -> Result<usize> {
    let one = ns.api::<Pod>().list(&ListParams::default().limit(1)).await?;
    Ok(serde_json::to_vec(&one.items)?.len())
}
