//! One scenario from setting the stage to the verdict, and many of them side by side.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::future::join_all;
use lab::{Lab, Namespace, Output, Running, eventually};
use tokio::time::sleep;

use super::echo::Echo;
use super::judge::{Ran, complaint};
use super::picture::{Change, pictures};
use super::scenario::{Disturbance, Happening, Scenario, Since, Verb};
use super::stage::Stage;
use super::watched::Watched;
use crate::LIMIT;
use crate::common::run::said;

/// How long things are looked at after a run.
const AFTERWARDS: Duration = Duration::from_secs(2);
/// After so many runs, people hear of it.
const NEWS: u64 = 250;
/// Between two looks at whether the run has moved a Service, or ended.
const GLANCE: Duration = Duration::from_millis(20);

/// What came of many runs.
#[derive(Debug, Default)]
pub struct Tally {
    pub runs: usize,
    /// Runs with each exit code.
    pub codes: std::collections::BTreeMap<u8, usize>,
    /// Runs that moved a Service.
    pub moved: usize,
    /// Stories that ended as none may.
    pub counterexamples: Vec<String>,
}

/// How one run went.
struct Told {
    code: u8,
    moved: bool,
    counterexample: Option<String>,
}

/// Runs the scenarios of so many seeds, beginning with the first, some of them at once.
///
/// # Errors
/// Where a stage can't be set.
pub async fn many(lab: &Lab, first: u64, count: u64, at_once: usize) -> Result<Tally> {
    let next = AtomicU64::new(0);
    let echo = Echo::begin(lab.namespace("states-echo").await?).await?;
    let workers = join_all((0..at_once).map(|_| async {
        let ns = lab.namespace("states").await?;
        let mut told = Vec::new();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return anyhow::Ok(told);
            }
            if number > 0 && number.is_multiple_of(NEWS) {
                println!("{number} of {count}");
            }
            told.push(one(&ns, &echo, Scenario::of(first.wrapping_add(number))).await?);
        }
    }))
    .await;
    let mut tally = Tally::default();
    for worker in workers {
        for Told { code, moved, counterexample } in worker? {
            tally.runs += 1;
            *tally.codes.entry(code).or_default() += 1;
            tally.moved += usize::from(moved);
            tally.counterexamples.extend(counterexample);
        }
    }
    Ok(tally)
}

async fn one(ns: &Namespace, echo: &Echo, scenario: Scenario) -> Result<Told> {
    let story = scenario.to_string();
    let stage = Stage::set(ns, scenario).await.with_context(|| story.clone())?;
    let played = play(&stage, echo).await.with_context(|| story.clone());
    stage.clear().await.with_context(|| story)?;
    played
}

async fn play(stage: &Stage<'_>, echo: &Echo) -> Result<Told> {
    let services = stage.services();
    if let Some(words) = stage.scenario.before(&services) {
        let output = run(stage.ns, &words)?.wait(LIMIT).await?;
        // Where that can't be, there is nothing to go back from.
        if output.code != 0 {
            return Ok(Told { code: output.code, moved: false, counterexample: None });
        }
    }
    let watched = Watched::begin(stage.ns, &stage.app);
    seen(&watched, &services).await?;
    let promised = promised(stage, &watched, &services[0]);
    let (words, insisted) = (stage.scenario.words(&services), stage.scenario.insists());
    let began = Instant::now();
    let mut running = run(stage.ns, &words)?;
    disturb(stage, &watched, &mut running, began).await?;
    let output = running.wait(LIMIT).await?;
    let ended = began + output.elapsed;
    sleep(AFTERWARDS).await;
    let changes = watched.changes();
    let mut told = Told { code: output.code, moved: false, counterexample: None };
    let (words, lag) = (said(&output), echo.longest(began, Instant::now()));
    for service in &services {
        let pictures = pictures(&changes, service);
        let Scenario { from, to, .. } = stage.scenario;
        let ran = Ran {
            began,
            ended,
            lag,
            code: output.code,
            from,
            to,
            told: &words,
            insisted,
            promised,
            pictures: &pictures,
        };
        told.moved |= pictures.iter().any(|picture| picture.at >= began && picture.selected == stage.scenario.to);
        if let Some(why) = complaint(&ran) {
            let why = format!("{why} (news took up to {lag:?})");
            told.counterexample = Some(counterexample(stage, &why, &output, &pictures, began));
        }
    }
    Ok(told)
}

fn run(ns: &Namespace, words: &[String]) -> Result<Running> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let plugin = ns.lab().plugins().join("kubectl-bluegreen");
    Running::start(ns.kubectl_as(ns.lab().kubeconfig()).plugin(Path::new(&plugin), &words))
}

/// Waits until every Service and what is behind it has been seen.
async fn seen(watched: &Watched, services: &[String]) -> Result<()> {
    eventually("everything is seen", LIMIT, || async {
        let changes = watched.changes();
        let served = |name: &String| pictures(&changes, name).last().is_some_and(|picture| picture.served_by() > 0);
        Ok(services.iter().all(served).then_some(()))
    })
    .await
}

/// What exit code 0 promises: as many pods as serve before, where nobody says that fewer will do and
/// nothing takes them away meanwhile.
fn promised(stage: &Stage<'_>, watched: &Watched, service: &str) -> usize {
    let fewer_will_do = match &stage.scenario.verb {
        Verb::Switch { flags } => flags.contains("--force"),
        Verb::Rollback { flags } => flags.contains("--now"),
    };
    let disturbed = !stage.scenario.disturbances.is_empty();
    let serving = pictures(&watched.changes(), service).last().map_or(1, super::picture::Picture::served_by);
    if fewer_will_do || disturbed { 1 } else { serving }
}

/// Lets happen what is to happen, for as long as the run goes on.
async fn disturb(stage: &Stage<'_>, watched: &Watched, running: &mut Running, began: Instant) -> Result<()> {
    let mut moved: Option<Instant> = None;
    let mut open: Vec<Disturbance> = stage.scenario.disturbances.clone();
    while !open.is_empty() && !running.has_ended()? {
        if moved.is_none() && has_moved(stage, watched, began) {
            moved = Some(Instant::now());
        }
        let is_due = |disturbance: &Disturbance| match disturbance.after {
            Since::Start(wait) => began.elapsed() >= wait,
            Since::Move(wait) => moved.is_some_and(|at| at.elapsed() >= wait),
        };
        let due: Vec<Disturbance> = open.iter().copied().filter(is_due).collect();
        open.retain(|disturbance| !is_due(disturbance));
        for Disturbance { what, .. } in due {
            if let Happening::LoseNode { node } = what
                && let Some(name) = stage.node(node)
            {
                watched.note(Change::NodeLost(name.to_owned()));
            }
            stage.happen(what).await?;
        }
        sleep(GLANCE).await;
    }
    Ok(())
}

fn has_moved(stage: &Stage<'_>, watched: &Watched, began: Instant) -> bool {
    let moved = |(at, change): &(Instant, Change)| match change {
        Change::Service(_, Some(service)) => *at >= began && service.color == stage.scenario.to,
        _ => false,
    };
    watched.changes().iter().any(moved)
}

fn counterexample(
    stage: &Stage<'_>,
    why: &str,
    output: &Output,
    pictures: &[super::picture::Picture],
    began: Instant,
) -> String {
    let mut text = format!("{why}\n{}  exit code {} after {:?}\n", stage.scenario, output.code, output.elapsed);
    for picture in pictures {
        let at = picture.at.checked_duration_since(began).map_or("before".to_owned(), |at| format!("{at:.2?}"));
        text.push_str(&format!(
            "  {at}: {} selected, {:?} serving, {:?} ready\n",
            picture.selected, picture.serving, picture.reachable
        ));
    }
    format!("{text}{}", said(output))
}

impl Tally {
    /// No run ended as none may.
    ///
    /// # Errors
    /// Where one did: all stories, to be run again by their seeds.
    pub fn holds(&self) -> Result<()> {
        let bad = &self.counterexamples;
        ensure!(bad.is_empty(), "{} of {} runs:\n{}", bad.len(), self.runs, bad.join("\n\n"));
        if self.runs > 50 && self.moved * 3 < self.runs {
            bail!("only {} of {} runs moved a Service: {:?}", self.moved, self.runs, self.codes);
        }
        Ok(())
    }
}
