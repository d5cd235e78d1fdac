//! Numbers that no cluster has end in a word, never in a panic: not before a write, and not behind one.

use anyhow::{Result, ensure};
use e2e::bluegreen::run::{bluegreen, start};
use e2e::bluegreen::{active, blue_green};
use e2e::common::extremes::{Extremes, bears, counts_wrongly, seeds};
use e2e::common::pods::annotate_pods;
use e2e::common::run::Ended;
use e2e::{LIMIT, namespace};
use k8s_openapi::api::core::v1::Service;
use lab::api_proxy::ApiProxy;
use lab::fixtures::{autoscaler, budget};
use serde_json::json;

const VERBS: [&str; 7] = [
    "status api -o wide",
    "history api",
    "preflight api",
    "rollback api --dry-run=client",
    "switch api --to blue --scale --dry-run=client",
    "switch api --to blue --scale --yes --timeout=2s",
    "cleanup api --dry-run=client",
];

/// Somebody's annotation, or a controller gone wild, would end a run in the middle of a switch, with nobody
/// knowing what is so. `EXTREMES_SEED=N EXTREMES_RUNS=1` has those of a failure again.
#[tokio::test]
async fn numbers_that_no_cluster_has_end_no_run_in_the_middle() -> Result<()> {
    let ns = namespace("extremes").await?;
    blue_green(&ns, 1).await?;
    let mut half = budget("api-pdb", &json!({"app": "api"}), 0);
    half["spec"]["minAvailable"] = json!("50%");
    ns.apply(&half).await?;
    ns.apply(&autoscaler("api-green", 1, 3)).await?;
    let settings = json!({"kubectl-release.dev/min-ready": "50%", "kubectl-release.dev/verify-for": "1s"});
    ns.patch::<Service>("api", json!({"metadata": {"annotations": settings}})).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let seeds = seeds(30);
    println!("EXTREMES_SEED={} EXTREMES_RUNS={}", seeds.start, seeds.end - seeds.start);
    let mut bad = Vec::new();
    for seed in seeds {
        let proxy = ApiProxy::start(ns.lab()).await?;
        counts_wrongly(&proxy, Extremes::new(seed));
        for words in VERBS {
            let borne = bears(&plugin, &proxy, ns.name(), words).await;
            bad.extend(borne.err().map(|why| format!("EXTREMES_SEED={seed}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}

/// An endless watch by annotation must not keep a failed switch from being taken back.
#[tokio::test]
async fn an_endless_watch_still_takes_a_failure_back() -> Result<()> {
    let ns = namespace("extremes-watch").await?;
    blue_green(&ns, 2).await?;
    let endless = json!({"kubectl-release.dev/verify-for": "18446744073709551615"});
    ns.patch::<Service>("api", json!({"metadata": {"annotations": endless}})).await?;
    let running = start(&ns, "switch api --to green --yes --timeout=60s")?;
    bluegreen(&ns, "status api --wait-for active=green --timeout 60s").await?.ends(0)?;
    annotate_pods(&ns, "version=green", &[("lab.kubectl-release.dev/behavior", "never-ready")]).await?;
    running.wait(LIMIT).await?.ends(5)?;
    assert_eq!(active(&ns, "api").await?, "blue");
    Ok(())
}

/// What people and scripts type.
#[tokio::test]
async fn numbers_that_are_typed_end_in_a_word() -> Result<()> {
    let ns = namespace("extremes-typed").await?;
    blue_green(&ns, 1).await?;
    let proxy = ApiProxy::start(ns.lab()).await?;
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let values = [
        "0",
        "-1",
        "2147483648",
        "9223372036854775807",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
        "720h",
        "-9223372036854775808s",
    ];
    let mut bad = Vec::new();
    for flag in ["--timeout", "--verify-for", "--retain", "--request-timeout", "--min-ready"] {
        for value in values {
            let words = format!("switch api --to green --dry-run=client {flag}={value}");
            bad.extend(bears(&plugin, &proxy, ns.name(), &words).await.err().map(|why| format!("{words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
