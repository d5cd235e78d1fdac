//! Random states, reproducible by their seeds: `STATES_SEED` is the first (and the only one, unless
//! `STATES_RUNS` says how many), `STATES_AT_ONCE` how many run side by side.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use e2e::bluegreen::states::run::many;
use lab::Lab;

/// What `make test` runs.
const RUNS: u64 = 300;
/// Runs wait most of the time: for pods, and for what is verified.
const AT_ONCE: u64 = 24;

/// A Service would stand empty in an outage that a switch or a rollback made, or made worse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_run_leaves_a_service_empty_while_another_color_is_ready() -> Result<()> {
    let seed = number("STATES_SEED")?;
    let runs = number("STATES_RUNS")?.unwrap_or(if seed.is_some() { 1 } else { RUNS });
    let at_once = number("STATES_AT_ONCE")?.unwrap_or(AT_ONCE).min(runs);
    let first = seed.map_or_else(by_the_clock, Ok)?;
    println!("STATES_SEED={first} STATES_RUNS={runs}");
    let began = Instant::now();
    let tally = many(&Lab::from_env().await?, first, runs, usize::try_from(at_once)?).await?;
    println!(
        "{} runs in {:.0?}, {} moved a Service, exit codes {:?}",
        tally.runs,
        began.elapsed(),
        tally.moved,
        tally.codes
    );
    tally.holds()
}

fn number(name: &str) -> Result<Option<u64>> {
    let Ok(text) = std::env::var(name) else { return Ok(None) };
    text.parse().map(Some).with_context(|| format!("{name} is no number: {text}"))
}

fn by_the_clock() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() << 12)
}
