//! A verb killed at every point between two of its API calls, and what it leaves behind.

//!
//! A point is before or after one call, which is known by its place among the calls of the run:
//! every call of a clean run is one, and none is left out.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use futures::future::try_join_all;
use lab::api_proxy::{ApiProxy, Call, When};
use serde_json::Value;

use super::setup::{Setup, State};
use crate::common::kill_points::{AT_ONCE, HeldRun, Hold, kill_at};
use crate::common::run::{Ended, document};

/// Clean runs; the one with the fewest calls counts, as waiting makes more of them at times.
const CLEAN_RUNS: usize = 3;
/// Of the calls of a clean run, the last so many may be looks at pods that start: how many there are
/// is chance, so the run with the fewest says how many calls there always are.
const LOOKS: usize = 16;

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

/// A namespace that is put back to the start after each point; the points of a scenario are shared
/// out to several.
struct Workspace {
    setup: Setup,
    start: State,
}

impl Workspace {
    async fn put_back(&self) -> Result<()> {
        self.setup.put_back(&self.start).await
    }
}

impl Scenario {
    /// Kills the verb before and after every call of a clean run; types it again or undoes it, in
    /// turn. A write is killed twice, for both.
    ///
    /// # Errors
    /// Where a point leaves something that it must not; the text names the point.
    pub async fn kill_everywhere(&self) -> Result<Tally> {
        let workspaces = try_join_all((0..AT_ONCE).map(|_| self.workspace())).await?;
        let calls = self.count(&workspaces[0]).await?;
        let points: Vec<(usize, When)> = (0..calls).flat_map(|n| [(n, When::Before), (n, When::After)]).collect();
        let work = workspaces.iter().enumerate().map(|(number, workspace)| {
            let own: Vec<_> = points.iter().copied().skip(number).step_by(AT_ONCE).collect();
            async move { self.kill_at_each(workspace, &own).await }
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

    async fn workspace(&self) -> Result<Workspace> {
        let setup = Setup::new(self.name, self.services).await?;
        for command in self.before {
            setup.must(command).await?;
        }
        let start = setup.state().await?;
        setup.settled().await?;
        Ok(Workspace { setup, start })
    }

    /// API calls of a clean run.
    async fn count(&self, workspace: &Workspace) -> Result<usize> {
        let mut fewest = usize::MAX;
        for _ in 0..CLEAN_RUNS {
            let proxy = ApiProxy::start(workspace.setup.ns.lab()).await?;
            let clean = workspace.setup.run_through(proxy.kubeconfig(), self.verb).await?;
            ensure!(clean.code == 0, "the clean run ended with {}: {}", clean.code, clean.stderr);
            fewest = fewest.min(proxy.calls().len());
            workspace.put_back().await?;
        }
        Ok(fewest)
    }

    /// Gives what was done, and the first call that a run no longer makes.
    async fn kill_at_each(
        &self,
        workspace: &Workspace,
        points: &[(usize, When)],
    ) -> Result<(Vec<Killed>, Option<usize>)> {
        let mut done = Vec::new();
        for &(index, when) in points {
            // Before even calls and after odd ones: each call has one of either.
            let again = (index % 2 == 0) == (when == When::Before);
            let Some(call) = self.kill_and_go_on(workspace, index, when, again).await? else {
                return Ok((done, Some(index)));
            };
            done.push((index, when, again));
            if call.is_write() && self.kill_and_go_on(workspace, index, when, !again).await?.is_some() {
                done.push((index, when, !again));
            }
        }
        Ok((done, None))
    }

    /// Kills a run at one point, looks at what it left, and types the verb again or undoes it.
    async fn kill_and_go_on(
        &self,
        workspace: &Workspace,
        index: usize,
        when: When,
        again: bool,
    ) -> Result<Option<Call>> {
        let Some(call) = self.kill_at(workspace, index, when).await? else { return Ok(None) };
        let point = || format!("{}: killed {when:?} call {index} ({})", self.name, call.line());
        explained(&workspace.setup).await.with_context(point)?;
        let (words, ending) = if again { (self.verb, self.finished) } else { (self.undo, self.undone) };
        ends(&workspace.setup, words, ending).await.with_context(point)?;
        workspace.put_back().await.with_context(point)?;
        Ok(Some(call))
    }

    /// Kills a run at one point; gives the call, or nothing where no run gets that far.
    async fn kill_at(&self, workspace: &Workspace, index: usize, when: When) -> Result<Option<Call>> {
        let calls = kill_at(async |attempt| {
            if attempt > 0 {
                workspace.put_back().await?;
            }
            // A proxy of its own: what a dead run had under way doesn't get into the next count.
            let proxy = ApiProxy::start(workspace.setup.ns.lab()).await?;
            let hold = Hold::Cluster(proxy.hold(when, move |call| call.index == index));
            let running = workspace.setup.start(proxy.kubeconfig(), self.verb)?;
            Ok(HeldRun { proxy, hold, running })
        });
        let calls = calls.await.with_context(|| format!("{}: {when:?} call {index}", self.name))?;
        calls.map(|mut calls| calls.drain(index..).next().context("a held call is no call")).transpose()
    }
}

/// Every Service selects a whole color, and `status` says which and what is unfinished.
async fn explained(setup: &Setup) -> Result<()> {
    let colors = setup.colors().await?;
    let mut words = vec!["status"];
    words.extend(setup.services().iter().map(String::as_str));
    words.push("-ojson");
    let shown = document(&setup.must(&words).await?)?;
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

async fn ends(setup: &Setup, words: &[&str], ending: Ending) -> Result<()> {
    let what = || format!("then `{}`", words.join(" "));
    setup.run(words).await?.ends(0).with_context(what)?;
    let colors = setup.colors().await?;
    ensure!(colors.iter().all(|color| *color == ending.color), "{} left {colors:?}", what());
    let blue = setup.size("blue").await?;
    ensure!(ending.blue.is_none_or(|wanted| blue == wanted), "{} left blue with {blue} replicas", what());
    Ok(())
}
