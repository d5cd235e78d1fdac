//! How far a release has come, as its record keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::act::Act;
use super::facts::{Facts, Which};
use crate::release::canary::pods::Pods;
use crate::release::canary::pods::by_ratio::by_ratio;
use crate::release::canary::step::Step;
use crate::release::canary::steps::Steps;

/// Weights kept with their times; a plan has fewer.
const KEPT: usize = 100;

/// What is to be, and how far it has come.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    #[serde(flatten)]
    pub plan: Steps,
    /// Pods of the stable version when it is alone: so many serve at every moment.
    pub replicas: u32,
    /// So many more may there be for a while; at least one.
    pub surge: u32,
    /// The step that is in hand, from 0.
    pub at: usize,
    /// When it came into effect; nothing while it hasn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// A weight set by hand, until the next one of the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand: Option<u32>,
    pub phase: Phase,
    /// Sizes that we asked for last.
    pub written: SizesWritten,
    /// Weights that were in effect, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub weights: Vec<Weighed>,
}

/// The size that our last write of the stable workload left; that of the canary stands on the canary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct SizesWritten {
    pub stable: u32,
}

/// A weight and when it was found to be in effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
pub struct Weighed {
    pub weight: u32,
    pub at: Timestamp,
}

/// Who said so, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct Word {
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// What a release does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// It goes through its steps.
    Running,
    /// Somebody holds it where it is.
    Paused(Word),
    /// The stable workload gets the template of the canary.
    Promoting,
    /// Everything goes back.
    Aborting(Word),
    Over,
}

impl State {
    /// A release that begins.
    #[must_use]
    pub fn new(plan: Steps, replicas: u32, surge: u32) -> Self {
        Self {
            plan,
            replicas,
            surge: surge.max(1),
            at: 0,
            since: None,
            by_hand: None,
            phase: Phase::Running,
            written: SizesWritten { stable: replicas },
            weights: Vec::new(),
        }
    }

    /// The canary's share of the requests that the step in hand asks for.
    #[must_use]
    pub fn weight(&self) -> u32 {
        self.by_hand.unwrap_or_else(|| self.plan.weight_at(self.at))
    }

    /// The sizes of both that make this share.
    #[must_use]
    pub fn goal(&self) -> Pods {
        by_ratio(self.replicas, self.weight(), false)
    }

    /// True while there is something to do.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.phase != Phase::Over
    }

    /// How it stands once that is done. What the API server does by itself, and what is only waited for, changes
    /// nothing.
    #[must_use]
    pub fn after(&self, act: &Act, facts: &Facts) -> Self {
        let mut state = self.clone();
        match act {
            Act::Scale { which: Which::Stable, to } => state.written.stable = *to,
            Act::Begin => state.began(facts.now),
            Act::Advance => state.advance(facts.now),
            Act::Promote => {
                state.began(facts.now);
                state.phase = Phase::Promoting;
            }
            Act::Restore => state.written.stable = self.replicas.max(facts.stable.wanted),
            Act::Abort(why) => {
                let word = Word { by: String::new(), at: facts.now, why: why.clone() };
                state.phase = Phase::Aborting(word);
            }
            Act::Finish(_) => state.phase = Phase::Over,
            _ => {}
        }
        state
    }

    /// The next step is in hand; where it asks for no other sizes it is in effect at once.
    pub fn advance(&mut self, now: Timestamp) {
        self.began(now);
        let goal = self.goal();
        self.at = self.at.saturating_add(1);
        if self.plan.is_over(self.at) || matches!(self.plan.get(self.at), Some(Step::SetWeight(_))) {
            self.by_hand = None;
        }
        self.since = (self.goal() == goal).then_some(now);
    }

    /// All steps are over at once.
    pub fn skip_to_the_end(&mut self) {
        (self.at, self.since, self.by_hand) = (self.plan.steps.len(), None, None);
    }

    fn began(&mut self, now: Timestamp) {
        self.since = self.since.or(Some(now));
        let weight = self.weight();
        if self.weights.last().is_none_or(|last| last.weight != weight) {
            self.weights.push(Weighed { weight, at: now });
        }
        let beyond = self.weights.len().saturating_sub(KEPT);
        self.weights.drain(..beyond);
    }
}
