//! A verb killed at every point between two of its API calls, and what it leaves behind.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use lab::api_proxy::{ApiProxy, Call, Hold, When};
use lab::{Output, Running};
use serde_json::Value;

use crate::document;
use crate::scene::{Scene, State};

/// Namespaces that one scenario's points are shared out to.
const LANES: usize = 6;
/// Clean runs; the one with the fewest calls counts, as waiting makes more of them at times.
const CLEAN_RUNS: usize = 3;
/// How often a point is tried where the run ended before it got there.
const TRIES: usize = 6;
/// Of the calls of a clean run, the last so many may be looks at pods that start: how many there are
/// is chance, so the run with the fewest says how many calls there always are.
const LOOKS: usize = 16;
/// Between two looks at whether the call is there.
pub(crate) const GLANCE: Duration = Duration::from_millis(100);

/// A verb, where it starts, and how it ends when it is typed again or undone.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    pub services: &'static [&'static str],
    /// Commands that lead from blue to the start.
    pub before: &'static [&'static [&'static str]],
    pub verb: &'static [&'static str],
    pub undo: &'static [&'static str],
    pub finished: Ending,
    pub undone: Ending,
}

/// What all Services select in the end, and how many pods blue asks for, if that is certain.
#[derive(Debug, Clone, Copy)]
pub struct Ending {
    pub color: &'static str,
    pub blue: Option<i32>,
}

/// What became of a scenario's points.
#[derive(Debug, Default)]
pub struct Tally {
    /// API calls of a run that goes through.
    pub calls: usize,
    /// Points at which the verb was killed: before and after each call.
    pub killed: BTreeSet<(usize, bool)>,
    /// How often the verb was typed again afterwards.
    pub finished: usize,
    /// How often it was undone afterwards.
    pub undone: usize,
}

/// A call, before or after it, and whether the verb was typed again (or undone).
type Killed = (usize, When, bool);

/// One lane: a namespace that is put back to the start after each point.
struct Lane {
    scene: Scene,
    start: State,
    /// Calls of runs that were killed stay held: nobody is there who would have made them.
    graveyard: Vec<Hold>,
}

impl Scenario {
    /// Kills the verb before and after every call of a clean run; types it again or undoes it, in
    /// turn. A write is killed twice, for both.
    ///
    /// # Errors
    /// Where a point leaves something that it must not; the text names the point.
    pub async fn kill_everywhere(&self) -> Result<Tally> {
        let mut lanes = try_join_all((0..LANES).map(|_| self.lane())).await?;
        let calls = self.count(&lanes[0]).await?;
        let points: Vec<(usize, When)> = (0..calls).flat_map(|n| [(n, When::Before), (n, When::After)]).collect();
        let work = lanes.iter_mut().enumerate().map(|(lane, at)| {
            let own: Vec<_> = points.iter().copied().skip(lane).step_by(LANES).collect();
            async move { self.kill_at_each(at, &own).await }
        });
        let mut tally = Tally { calls, ..Tally::default() };
        for (done, never_came) in try_join_all(work).await? {
            tally.calls = never_came.unwrap_or(calls).min(tally.calls);
            for (index, when, again) in done {
                tally.killed.insert((index, when == When::After));
                if again { tally.finished += 1 } else { tally.undone += 1 }
            }
        }
        ensure!(tally.calls + LOOKS >= calls, "{}: call {} of {calls} never came", self.name, tally.calls);
        tally.killed.retain(|(index, _)| *index < tally.calls);
        let calls = tally.calls;
        let Tally { killed, finished, undone, .. } = &tally;
        println!("{}: {calls} calls, {} points, {finished} typed again, {undone} undone", self.name, killed.len());
        Ok(tally)
    }

    async fn lane(&self) -> Result<Lane> {
        let scene = Scene::set(self.name, self.services).await?;
        for command in self.before {
            scene.must(command).await?;
        }
        let start = scene.state().await?;
        scene.settled().await?;
        Ok(Lane { scene, start, graveyard: Vec::new() })
    }

    /// API calls of a clean run.
    async fn count(&self, lane: &Lane) -> Result<usize> {
        let mut fewest = usize::MAX;
        for _ in 0..CLEAN_RUNS {
            let proxy = ApiProxy::start(lane.scene.ns.lab()).await?;
            let clean = lane.scene.run_through(proxy.kubeconfig(), self.verb).await?;
            ensure!(clean.code == 0, "the clean run ended with {}: {}", clean.code, clean.stderr);
            fewest = fewest.min(proxy.calls().len());
            lane.scene.put_back(&lane.start).await?;
        }
        Ok(fewest)
    }

    /// Gives what was done, and the first call that a run no longer makes.
    async fn kill_at_each(&self, lane: &mut Lane, points: &[(usize, When)]) -> Result<(Vec<Killed>, Option<usize>)> {
        let mut done = Vec::new();
        for &(index, when) in points {
            // Before even calls and after odd ones: each call has one of either.
            let again = (index % 2 == 0) == (when == When::Before);
            let Some(call) = self.kill_and_go_on(lane, index, when, again).await? else {
                return Ok((done, Some(index)));
            };
            done.push((index, when, again));
            if call.is_write() && self.kill_and_go_on(lane, index, when, !again).await?.is_some() {
                done.push((index, when, !again));
            }
        }
        Ok((done, None))
    }

    /// Kills a run at one point, looks at what it left, and types the verb again or undoes it.
    async fn kill_and_go_on(&self, lane: &mut Lane, index: usize, when: When, again: bool) -> Result<Option<Call>> {
        let Some(call) = self.kill_at(lane, index, when).await? else { return Ok(None) };
        let point = || format!("{}: killed {when:?} call {index} ({})", self.name, call.line());
        explained(&lane.scene).await.with_context(point)?;
        let (words, ending) = if again { (self.verb, self.finished) } else { (self.undo, self.undone) };
        ends(&lane.scene, words, ending).await.with_context(point)?;
        lane.scene.put_back(&lane.start).await.with_context(point)?;
        Ok(Some(call))
    }

    /// Kills a run at one point; gives the call, or nothing where no run gets that far.
    async fn kill_at(&self, lane: &mut Lane, index: usize, when: When) -> Result<Option<Call>> {
        for _ in 0..TRIES {
            // A proxy of its own: what the dead run had under way doesn't reach the next count.
            let proxy = ApiProxy::start(lane.scene.ns.lab()).await?;
            let hold = proxy.hold(when, move |call| call.index == index);
            let running = lane.scene.start(proxy.kubeconfig(), self.verb)?;
            let (held, output) = kill_once(running, async || hold.reached(GLANCE).await.ok()).await?;
            lane.graveyard.push(hold);
            match held {
                Some(call) => {
                    ensure!(output.code == 128 + 9, "{} ended before it was killed {when:?} call {index}", self.name);
                    return Ok(Some(call));
                }
                None => lane.scene.put_back(&lane.start).await?,
            }
        }
        Ok(None)
    }
}

/// Kills a run as soon as something is there, or lets it end where that never comes.
///
/// # Errors
/// Where it can't be killed.
pub async fn kill_once<T>(mut running: Running, there: impl AsyncFn() -> Option<T>) -> Result<(Option<T>, Output)> {
    let found = loop {
        match there().await {
            Some(found) => break Some(found),
            None if running.has_ended()? => break None,
            None => {}
        }
    };
    Ok((found, running.kill().await?))
}

/// Every Service selects a whole color, and `status` says which and what is unfinished.
async fn explained(scene: &Scene) -> Result<()> {
    let colors = scene.colors().await?;
    let mut words = vec!["status"];
    words.extend(scene.services().iter().map(String::as_str));
    words.push("-ojson");
    let shown = document(&scene.must(&words).await?)?;
    for (index, color) in colors.iter().enumerate() {
        let service = &shown["services"][index];
        ensure!(service["active"] == *color, "status says {}, selected is {color}", service["active"]);
        let notes = service["notes"].as_array().map_or(0, Vec::len);
        let record = &service["record"];
        let unfinished = record["to"] == *color && record["result"] == Value::Null && record["id"] != Value::Null;
        ensure!(!unfinished || notes > 0, "status does not say that the run was cut off: {service}");
        let split = colors.iter().any(|other| other != color);
        ensure!(!split || notes > 0, "status of {} does not say that others are elsewhere: {service}", service["name"]);
    }
    Ok(())
}

async fn ends(scene: &Scene, words: &[&str], ending: Ending) -> Result<()> {
    let output = scene.run(words).await?;
    ensure!(
        output.code == 0,
        "then `{}` ended with {}:\n{}\n{}",
        words.join(" "),
        output.code,
        output.stdout,
        output.stderr
    );
    let colors = scene.colors().await?;
    ensure!(colors.iter().all(|color| *color == ending.color), "then `{}` left {colors:?}", words.join(" "));
    let blue = scene.size("blue").await?;
    ensure!(
        ending.blue.is_none_or(|wanted| blue == wanted),
        "then `{}` left blue with {blue} replicas",
        words.join(" ")
    );
    Ok(())
}
