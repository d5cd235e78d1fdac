//! Numbers that no cluster has end in a word, never in a panic.

use anyhow::{Result, ensure};
use e2e::common::extremes::{Extremes, bears, counts_wrongly, seeds};
use e2e::ecr::case::Case;
use lab::api_proxy::ApiProxy;

/// A controller gone wild would end a rollback in the middle, with nobody knowing what is so.
/// `EXTREMES_SEED=N EXTREMES_RUNS=1` has those of a failure again.
#[tokio::test]
async fn numbers_that_no_cluster_has_end_no_run_in_the_middle() -> Result<()> {
    let case = Case::released("extremes").await?;
    let plugin = case.ns.lab().plugins().join("kubectl-ecr_rollback");
    let seeds = seeds(20);
    println!("EXTREMES_SEED={} EXTREMES_RUNS={}", seeds.start, seeds.end - seeds.start);
    let mut bad = Vec::new();
    for seed in seeds {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        counts_wrongly(&proxy, Extremes::new(seed));
        for words in [
            "WORKLOAD --dry-run=client",
            "history WORKLOAD -o wide",
            "WORKLOAD --from rollout-history --dry-run=client",
        ] {
            let words = words.replace("WORKLOAD", &case.resource());
            let borne = bears(&plugin, &proxy, case.ns.name(), &words).await;
            bad.extend(borne.err().map(|why| format!("EXTREMES_SEED={seed}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
