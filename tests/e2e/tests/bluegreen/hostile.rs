//! Whoever may name a container or annotate a Service has no say in what a terminal shows or a shell does.

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{api, color, rolled_out};
use e2e::bluegreen::blue_green;
use e2e::bluegreen::run::bluegreen;
use e2e::common::hostile::{HOSTILE, Place, harmless, random_words, refuses, says, seeds, speaks};
use e2e::common::run::Ended;
use e2e::namespace;
use lab::api_proxy::ApiProxy;
use lab::fixtures::Behavior;

/// Looks, plans and a move that goes wrong, for people and for programs.
const VERBS: [&str; 14] = [
    "status api",
    "status",
    "status api -o wide",
    "status api -o json",
    "status api -o yaml",
    "status api -o name",
    "history api -o wide",
    "history api -o json",
    "preflight api",
    "switch api --to green --dry-run=client",
    "switch api --to green --yes --scale --timeout=3s --verify-for=0s",
    "rollback api --dry-run=client -o yaml",
    "rollback api --yes --timeout=3s",
    "cleanup api --dry-run=client",
];

/// A few of them, for many words.
const RANDOMLY: [&str; 6] = [
    "status api -o wide",
    "status api -o json",
    "history api -o wide",
    "preflight api",
    "rollback api --dry-run=client",
    "switch api --to blue --yes --timeout=3s --verify-for=0s",
];

/// One annotation clears the screen of a person in an outage, and the next command that they paste is
/// somebody else's.
#[tokio::test]
async fn words_of_others_are_shown_and_never_obeyed() -> Result<()> {
    let ns = namespace("hostile").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    bluegreen(&ns, "switch api --to blue --yes --verify-for=0").await?.ends(0)?;
    speak_up(&ns, Behavior::Ready).await
}

/// The same where pods fail: their reasons and messages are shown.
#[tokio::test]
async fn words_of_others_about_failing_pods_are_never_obeyed() -> Result<()> {
    let ns = namespace("hostile-failing").await?;
    speak_up(&ns, Behavior::CrashLoop).await
}

/// An admission webhook's refusal, and the warnings of a policy, are read by people and by jobs.
#[tokio::test]
async fn refusals_and_warnings_of_others_are_never_obeyed() -> Result<()> {
    let ns = namespace("hostile-refusals").await?;
    blue_green(&ns, 1).await?;
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    for (seed, code) in seeds(6).zip([403, 409, 422, 400, 500, 429]) {
        for words in [HOSTILE.to_owned(), random_words(seed)] {
            let proxy = ApiProxy::start(ns.lab()).await?;
            refuses(&proxy, &words, code);
            for verb in ["switch api --to green --yes --timeout=3s --verify-for=0s", "preflight api -ojson"] {
                harmless(&plugin, &proxy, ns.name(), verb)
                    .await
                    .with_context(|| format!("HOSTILE_SEED={seed} {code}: {verb}"))?;
            }
        }
    }
    Ok(())
}

/// The same with words that nobody thought of: `HOSTILE_SEED=N HOSTILE_RUNS=1` has those of a failure again.
#[tokio::test]
async fn random_words_of_others_are_never_obeyed() -> Result<()> {
    let ns = namespace("hostile-random").await?;
    blue_green(&ns, 1).await?;
    bluegreen(&ns, "switch api --to green --yes --verify-for=0").await?.ends(0)?;
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let seeds = seeds(21);
    println!("HOSTILE_SEED={} HOSTILE_RUNS={}", seeds.start, seeds.end - seeds.start);
    let mut bad = Vec::new();
    for (seed, place) in seeds.zip(Place::ALL.into_iter().cycle()) {
        let proxy = ApiProxy::start(ns.lab()).await?;
        says(&proxy, place, &random_words(seed));
        for words in RANDOMLY {
            let said = harmless(&plugin, &proxy, ns.name(), words).await;
            bad.extend(said.err().map(|why| format!("HOSTILE_SEED={seed} {place:?}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}

async fn speak_up(ns: &lab::Namespace, behavior: Behavior) -> Result<()> {
    if behavior != Behavior::Ready {
        rolled_out(ns, &api().color(color("blue", 1, Behavior::Ready))).await?;
        ns.apply(&api().workload(&color("green", 1, behavior))).await?;
    }
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    let mut bad = Vec::new();
    for place in Place::ALL {
        let proxy = ApiProxy::start(ns.lab()).await?;
        speaks(&proxy, place);
        for words in VERBS {
            let said = harmless(&plugin, &proxy, ns.name(), words).await;
            bad.extend(said.err().map(|why| format!("{place:?}: {words}\n{why:#}")));
        }
    }
    ensure!(bad.is_empty(), "{}", bad.join("\n\n"));
    Ok(())
}
