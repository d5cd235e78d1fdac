//! Whoever may set an image or a change cause has no say in what a terminal shows or a shell does.

mod registry;
mod writes;

use anyhow::{Result, ensure};
use e2e::common::hostile::{Place, harmless, random_words, says, seeds, speaks};
use e2e::ecr::case::Case;
use lab::api_proxy::ApiProxy;

/// Looks, plans and a rollback, for people and for programs.
const VERBS: [&str; 8] = [
    "WORKLOAD --dry-run=client",
    "WORKLOAD --dry-run=client -o json",
    "WORKLOAD --dry-run=client -o yaml",
    "WORKLOAD --from rollout-history --dry-run=client",
    "history WORKLOAD -o wide",
    "history WORKLOAD -o json",
    "unpin WORKLOAD --dry-run=client",
    "WORKLOAD --yes --no-wait",
];

/// An image's name would run as a command, once the line that shows it is pasted.
#[tokio::test]
async fn words_of_others_are_shown_and_never_obeyed() -> Result<()> {
    let case = Case::released("hostile").await?;
    let plugin = case.ns.lab().plugins().join("kubectl-ecr_rollback");
    let mut bad = Vec::new();
    for place in Place::ALL {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        speaks(&proxy, place);
        for words in VERBS {
            let words = words.replace("WORKLOAD", &case.resource());
            let said = harmless(&plugin, &proxy, case.ns.name(), &words).await;
            bad.extend(said.err().map(|why| format!("{place:?}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}

/// The same with words that nobody thought of: `HOSTILE_SEED=N HOSTILE_RUNS=1` has those of a failure again.
#[tokio::test]
async fn random_words_of_others_are_never_obeyed() -> Result<()> {
    let case = Case::released("hostile-random").await?;
    let plugin = case.ns.lab().plugins().join("kubectl-ecr_rollback");
    let seeds = seeds(14);
    println!("HOSTILE_SEED={} HOSTILE_RUNS={}", seeds.start, seeds.end - seeds.start);
    let mut bad = Vec::new();
    for (seed, place) in seeds.zip(Place::ALL.into_iter().cycle()) {
        let proxy = ApiProxy::start(case.ns.lab()).await?;
        says(&proxy, place, &random_words(seed));
        for words in ["WORKLOAD --dry-run=client", "WORKLOAD --dry-run=client -o json", "history WORKLOAD -o wide"] {
            let words = words.replace("WORKLOAD", &case.resource());
            let said = harmless(&plugin, &proxy, case.ns.name(), &words).await;
            bad.extend(said.err().map(|why| format!("HOSTILE_SEED={seed} {place:?}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
