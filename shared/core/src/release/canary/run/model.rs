//! A cluster that is small enough to be run through thousands of times: two workloads whose pods follow in their own
//! time.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Act, Facts, Phase, Side, State, Version, Which, Word, next};
use crate::release::canary::step::{Pause, Step};
use crate::release::canary::steps::{ALL, Steps};
use crate::release::document::Time;

/// One workload: pods of each version, and those that the Services know of.
#[derive(Debug, Clone, Default)]
pub struct Pods {
    pub wanted: u32,
    pub noted: u32,
    /// Available pods of the template that is asked for, and of another one.
    pub own: u32,
    pub others: u32,
    pub serving: u32,
}

/// Both workloads and the record.
#[derive(Debug, Clone)]
pub struct Cluster {
    pub state: State,
    pub stable: Pods,
    pub stable_asks_for: Version,
    pub canary: Option<Pods>,
    pub now: Timestamp,
    /// Its pods get ready.
    pub canary_is_good: bool,
    pub writes: usize,
}

impl Pods {
    fn full(count: u32) -> Self {
        Self { wanted: count, noted: count, own: count, others: 0, serving: count }
    }

    /// Available at all.
    pub fn available(&self) -> u32 {
        self.own + self.others
    }

    fn side(&self) -> Side {
        let Self { wanted, noted, own, others, serving } = *self;
        Side { wanted, noted, available: own, others, serving, listed: serving, stuck: None }
    }

    /// One thing happens that the controllers do by themselves: the first of these that is to be done, from this one on.
    fn follow(&mut self, which: u8, gets_ready: bool) {
        for turn in 0..3 {
            match (which + turn) % 3 {
                0 if gets_ready && self.own < self.wanted => return self.own += 1,
                1 if self.available() > self.wanted && self.others > 0 => {
                    self.others -= 1;
                    return self.serving = self.serving.min(self.available());
                }
                1 if self.available() > self.wanted => {
                    self.own -= 1;
                    return self.serving = self.serving.min(self.available());
                }
                2 if self.serving < self.available() => return self.serving += 1,
                _ => {}
            }
        }
    }

    fn is_settled(&self, gets_ready: bool) -> bool {
        self.others == 0 && self.serving == self.own && (self.own == self.wanted || !gets_ready)
    }
}

impl Cluster {
    /// A stable workload alone, and a release that begins: these weights with pauses of a minute.
    pub fn new(replicas: u32, surge: u32, weights: &[u32]) -> Self {
        let minute = Step::Pause(Pause { duration: Some(Time(Duration::from_secs(60))) });
        let steps = weights.iter().flat_map(|weight| [Step::SetWeight(*weight), minute.clone()]).collect();
        Self {
            state: State::new(Steps { steps, most: ALL }, replicas, surge),
            stable: Pods::full(replicas),
            stable_asks_for: Version::Old,
            canary: None,
            now: Timestamp::UNIX_EPOCH,
            canary_is_good: true,
            writes: 0,
        }
    }

    pub fn facts(&self) -> Facts {
        Facts {
            stable: self.stable.side(),
            stable_asks_for: self.stable_asks_for,
            canary: self.canary.as_ref().map(Pods::side),
            now: self.now,
        }
    }

    /// What serves, of both.
    pub fn ready(&self) -> u32 {
        self.stable.available() + self.canary.as_ref().map_or(0, Pods::available)
    }

    /// Somebody types `abort`.
    pub fn abort(&mut self) {
        self.state.phase = Phase::Aborting(Word { by: "me".into(), at: self.now, why: String::new() });
    }

    /// Whoever runs it looks and does one thing; with `lost` it is killed before it is written. Answers with what it was
    /// going to do.
    pub fn run_once(&mut self, lost: bool) -> Act {
        let facts = self.facts();
        let act = next(&self.state, &facts);
        if !lost && !matches!(act, Act::Wait(_) | Act::Stop(_) | Act::Nothing) {
            self.state = self.state.after(&act, &facts);
            self.write(&act);
            self.writes += 1;
        }
        act
    }

    fn write(&mut self, act: &Act) {
        match act {
            Act::Create { replicas } => {
                assert!(self.canary.is_none());
                self.canary = Some(Pods { wanted: *replicas, noted: *replicas, ..Pods::default() });
            }
            Act::Scale { which: Which::Stable, to } => (self.stable.wanted, self.stable.noted) = (*to, *to),
            Act::Scale { which: Which::Canary, to } => {
                let canary = self.canary.as_mut().expect("what is scaled is there");
                (canary.wanted, canary.noted) = (*to, *to);
            }
            Act::Promote => self.asks_for(Version::New),
            Act::Restore => {
                self.asks_for(Version::Old);
                let size = self.state.written.stable;
                (self.stable.wanted, self.stable.noted) = (size, size);
            }
            Act::Remove => self.canary = None,
            _ => {}
        }
    }

    fn asks_for(&mut self, version: Version) {
        self.stable_asks_for = version;
        self.stable.others += std::mem::take(&mut self.stable.own);
    }

    /// Time passes, and one of the controllers does something.
    pub fn follow(&mut self, which: u8) {
        self.now = self.now.saturating_add(SignedDuration::from_secs(7)).unwrap();
        let is_good = self.canary_is_good;
        match (which.is_multiple_of(2), &mut self.canary) {
            (true, Some(canary)) if !canary.is_settled(is_good) => canary.follow(which / 2, is_good),
            _ => self.stable.follow(which / 2, true),
        }
    }
}
