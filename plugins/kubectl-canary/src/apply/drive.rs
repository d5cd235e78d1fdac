//! The loop: look, decide, do one thing.

use std::time::Duration;

use jiff::Timestamp;
use release_cli::confirm::has_terminal;
use release_cli::progress::Waiting;
use release_cli::run::{Run, interrupted};
use release_cluster::exchange::ApiError;
use release_cluster::wait::later;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::canary::run::{Act, Facts, Phase, Wait, Which, Word, next};
use tokio::time::{Instant, sleep};

use super::confirmed::is_confirmed;
use super::ended::{other_images, overtaken, paused, risen, stopped, taken, unready, waits_for_somebody};
use super::heartbeat::{Heartbeat, Turn};
use super::rewritten::run_it;
use super::told;
use super::write::{Ground, change};
use crate::facts::facts;
use crate::look::{Look, look};
use crate::record::{CanaryRecord, Image};
use crate::standing::{Standing, standing};

/// How often it looks: words of others are heard within a second.
const LOOK: Duration = Duration::from_millis(400);
/// So often in a row may the API server refuse one thing whose conditions held when it was looked at.
const REFUSALS: u32 = 4;
/// So long may the API server not be there, or answer nothing clear, before the run is given up.
const SILENCE: Duration = Duration::from_secs(60);

/// How far a run is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    End,
    /// Its first weight is in effect.
    FirstWeight,
    /// It holds at a step.
    Held,
}

/// What a run is driven by.
#[derive(Debug)]
pub struct Drive<'a> {
    run: &'a Run,
    stable: &'a str,
    id: String,
    services: Vec<String>,
    heartbeat: Heartbeat<'a>,
    until: Until,
    had_turn: bool,
    refused: u32,
    silent: Option<Instant>,
    /// Since when the same is waited for that is to take effect.
    waiting: Instant,
}

/// Goes on, or is there.
enum Turned {
    On,
    Reached(Box<CanaryRecord>),
}

impl<'a> Drive<'a> {
    /// Drives this release of that Deployment.
    #[must_use]
    pub fn new(
        run: &'a Run,
        stable: &'a str,
        record: &CanaryRecord,
        (heartbeat, until): (Heartbeat<'a>, Until),
    ) -> Self {
        Self {
            run,
            stable,
            id: record.id.clone(),
            services: record.services.clone(),
            heartbeat,
            until,
            had_turn: false,
            refused: 0,
            silent: None,
            waiting: Instant::now(),
        }
    }

    /// Drives it as far as it is to go; the last record is the answer. Whoever stops it lets the release go, so that
    /// anybody can go on.
    ///
    /// # Errors
    /// As the exit codes say.
    pub async fn run(mut self) -> Outcome<CanaryRecord> {
        self.run.lets_go_by_itself();
        let outcome = tokio::select! {
            outcome = self.turns() => outcome,
            () = interrupted() => {
                let message = format!("interrupted; {}", self.run.standing_text());
                let go_on = told::ways(self.run, self.stable);
                Err(Failure::new(Exit::Interrupted, "Interrupted", message).next(go_on))
            }
        };
        self.heartbeat.let_go().await;
        outcome
    }

    async fn turns(&mut self) -> Outcome<CanaryRecord> {
        loop {
            let seen = match look(&self.run.cluster, self.stable, &self.services).await {
                Ok(seen) => seen,
                Err(error) => {
                    self.not_heard(error).await?;
                    continue;
                }
            };
            match self.turn(&seen).await? {
                Turned::On => {}
                Turned::Reached(record) => return Ok(*record),
            }
        }
    }

    /// An API server that is away for a moment ends no run.
    async fn not_heard(&mut self, error: ApiError) -> Outcome<()> {
        let since = *self.silent.get_or_insert_with(Instant::now);
        let is_passing = error.is_passing() || error.leaves_write_unclear();
        if !is_passing || since.elapsed() > SILENCE {
            return Err(Failure::from(error));
        }
        self.run.waiting(&format!("the API server: {}", error.short()));
        sleep(LOOK).await;
        Ok(())
    }

    async fn turn(&mut self, seen: &Look) -> Outcome<Turned> {
        let record = self.own_record(seen)?;
        if !matches!(record.state.phase, Phase::Aborting(_)) {
            self.canary_is_own(seen, &record)?;
        }
        let facts = facts(seen, &record);
        self.run.stands(told::standing(self.run, self.stable, &record, &facts));
        if record.state.phase == Phase::Over {
            return Ok(Turned::Reached(Box::new(record)));
        }
        match self.heartbeat.beat(seen.lease.as_ref()).await {
            Ok(Turn::Ours) => self.had_turn = true,
            Ok(Turn::Theirs) => return self.watch(seen, &record).await,
            Err(error) => return self.not_heard(error).await.map(|()| Turned::On),
        }
        let act = next(&record.state, &facts);
        if self.is_there(&record, &act) {
            return Ok(Turned::Reached(Box::new(record)));
        }
        self.carry_out(seen, &record, (&facts, act)).await.map(|()| Turned::On)
    }

    /// The record of this release; nobody takes it away unseen.
    fn own_record(&self, seen: &Look) -> Outcome<CanaryRecord> {
        match standing(&seen.recorded, &seen.stable.workload, seen.marker().as_ref()) {
            Standing::UnderWay(record) | Standing::Over(record) if record.id == self.id => Ok(*record),
            Standing::Risen(_, why) => Err(risen(self.run, self.stable, &why)),
            _ => Err(overtaken(self.run, self.stable)),
        }
    }

    /// The canary is this release's, and runs what its record says. Who goes back needs neither: what is none of ours
    /// stays.
    fn canary_is_own(&self, seen: &Look, record: &CanaryRecord) -> Outcome<()> {
        let Some(canary) = &seen.canary else { return Ok(()) };
        if seen.marker().is_none_or(|marker| marker.id != self.id) {
            return Err(taken(&canary.workload));
        }
        let runs_it = record.are_images_of(&canary.raw, Image::After);
        if runs_it { Ok(()) } else { Err(other_images(self.run, self.stable, &canary.workload)) }
    }

    fn is_there(&self, record: &CanaryRecord, act: &Act) -> bool {
        match self.until {
            Until::End => false,
            Until::FirstWeight => !record.state.weights.is_empty(),
            Until::Held => matches!(act, Act::Wait(Wait::Pause { .. } | Wait::Somebody | Wait::Resume)),
        }
    }

    /// Somebody else runs it: whoever takes it back is watched, and to anybody else it is left.
    async fn watch(&self, seen: &Look, record: &CanaryRecord) -> Outcome<Turned> {
        let holder = seen.lease.as_ref().map(|held| held.holder.clone()).unwrap_or_default();
        if self.had_turn && !matches!(record.state.phase, Phase::Aborting(_)) {
            let message = format!("{holder} runs this release now");
            return Err(Failure::changed(message).next(told::look_at(self.run, self.stable)));
        }
        self.run.waiting(&format!("{holder} runs it"));
        sleep(LOOK).await;
        Ok(Turned::On)
    }

    async fn carry_out(&mut self, seen: &Look, record: &CanaryRecord, (facts, act): (&Facts, Act)) -> Outcome<()> {
        match act {
            Act::Wait(wait) => self.wait(seen, record, (facts, wait)).await,
            Act::Stop(stop) => Err(stopped(self.run, self.stable, (record, &stop))),
            act => self.write(seen, record, (facts, act)).await,
        }
    }

    async fn write(&mut self, seen: &Look, record: &CanaryRecord, (facts, act): (&Facts, Act)) -> Outcome<()> {
        if act == Act::Restore {
            is_confirmed(self.run, seen, record).await?;
        }
        run_it(self.run, self.stable, (seen, record), &act)?;
        let ground = Ground { look: seen, record, facts, namespace: &self.run.cluster.namespace };
        let Some(change) = change(&ground, &act) else { return Ok(()) };
        match self.run.cluster.apply(&change, self.run.write_mode()).await {
            Ok(_) => {
                told::done(self.run, record, (&act, facts));
                (self.refused, self.silent, self.waiting) = (0, None, Instant::now());
                Ok(())
            }
            // Somebody wrote it meanwhile, or we did and were not told: the next look says so.
            Err(error) if matches!(error.code(), Some(404 | 409 | 422)) && self.refused < REFUSALS => {
                self.refused = self.refused.saturating_add(1);
                sleep(LOOK).await;
                Ok(())
            }
            // A policy may want a pod of each workload; none of the canary's is needed any more.
            Err(error) if is_last_of_canary(&act, facts) && matches!(error.code(), Some(403 | 422)) => {
                Box::pin(self.write(seen, record, (facts, Act::Remove))).await
            }
            Err(error) => self.not_heard(error).await,
        }
    }

    async fn wait(&mut self, seen: &Look, record: &CanaryRecord, (facts, wait): (&Facts, Wait)) -> Outcome<()> {
        self.silent = None;
        let text = told::wait(&wait, record, facts);
        let patience = match wait {
            Wait::Ready { .. } | Wait::Leaving { .. } => {
                return self.wait_for_effect(seen, record, (facts, wait)).await;
            }
            Wait::Somebody if !has_terminal() => return Err(waits_for_somebody(self.run, self.stable, record)),
            Wait::Resume if !has_terminal() && Instant::now() >= self.patience_ends() => {
                return Err(paused(self.run, self.stable));
            }
            Wait::Pause { until } => left(until, facts.now),
            Wait::Somebody | Wait::Resume => LOOK,
        };
        if wait != Wait::Resume {
            self.waiting = Instant::now();
        }
        let until = later(patience);
        self.run.progress.waiting(Waiting { word: told::word(&record.state.phase), text: &text, until, hint: "" });
        sleep(LOOK.min(patience.max(Duration::from_millis(10)))).await;
        Ok(())
    }

    /// What was asked for has `--timeout` to take effect. A canary that doesn't get ready is taken back.
    async fn wait_for_effect(
        &mut self,
        seen: &Look,
        record: &CanaryRecord,
        (facts, wait): (&Facts, Wait),
    ) -> Outcome<()> {
        let (text, until) = (told::wait(&wait, record, facts), self.patience_ends());
        if Instant::now() < until {
            self.run.progress.waiting(Waiting { word: told::word(&record.state.phase), text: &text, until, hint: "" });
            sleep(LOOK).await;
            return Ok(());
        }
        let goes_forward = matches!(record.state.phase, Phase::Running | Phase::Paused(_));
        if goes_forward && matches!(wait, Wait::Ready { which: Which::Canary, .. }) {
            let why = format!("the canary's pods did not get ready in time: {text}");
            return self.write(seen, record, (facts, Act::Abort(why))).await;
        }
        Err(unready(self.run, self.stable, &text))
    }

    fn patience_ends(&self) -> Instant {
        release_cluster::wait::after(self.waiting, self.run.timeout)
    }
}

/// What is asked for is that nothing is left of a canary whose requests stable's pods take.
fn is_last_of_canary(act: &Act, facts: &Facts) -> bool {
    matches!(act, Act::Scale { which: Which::Canary, to: 0 }) && facts.stable.carries() >= facts.stable.wanted
}

fn left(until: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(until.duration_since(now)).unwrap_or_default()
}

/// A word of somebody's, as it is written.
#[must_use]
pub fn word(by: &str, at: Timestamp, why: &str) -> Word {
    Word { by: by.to_owned(), at, why: why.to_owned() }
}
