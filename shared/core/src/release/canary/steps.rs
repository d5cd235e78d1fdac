//! The steps of a canary as a plan: what holds at each of them, and how long it waits.

#[cfg(test)]
mod tests;
pub mod typed;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::routes::{HeaderRoute, MirrorRoute};
use super::step::{CanaryScale, Pause, Step};
use crate::release::document::Time;

/// All of the requests, where a router counts in nothing else.
pub const ALL: u32 = 100;

/// The plan. Steps are counted from 0; behind the last one the canary has all requests.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
pub struct Steps {
    pub steps: Vec<Step>,
    /// The weight that is all of the requests (`maxTrafficWeight`).
    #[serde(default = "all", skip_serializing_if = "is_all")]
    pub most: u32,
}

fn all() -> u32 {
    ALL
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_all(most: &u32) -> bool {
    *most == ALL
}

/// What a step waits for before the next one comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// For what it sets to be in effect, and for no longer.
    InEffect,
    /// For this time.
    For(Duration),
    /// For somebody who promotes it.
    ForSomebody,
    /// For a verdict.
    ForVerdict,
}

impl Default for Steps {
    fn default() -> Self {
        Self { steps: Vec::new(), most: ALL }
    }
}

impl Steps {
    /// Whether every step is done.
    #[must_use]
    pub fn is_over(&self, at: usize) -> bool {
        at >= self.steps.len()
    }

    /// The step with this number.
    #[must_use]
    pub fn get(&self, at: usize) -> Option<&Step> {
        self.steps.get(at)
    }

    /// The weight in force at a step: that of the last one that set it, none before the first, all behind the last
    /// (`GetCurrentSetWeight` of Argo's `utils/replicaset/canary.go`).
    #[must_use]
    pub fn weight_at(&self, at: usize) -> u32 {
        if self.is_over(at) {
            return self.most;
        }
        let weight = |step: &Step| if let Step::SetWeight(weight) = step { Some(*weight) } else { None };
        self.so_far(at).rev().find_map(weight).unwrap_or_default()
    }

    /// Every weight that is set, with its step, and all requests behind the last one where it isn't set before.
    #[must_use]
    pub fn weights(&self) -> Vec<(usize, u32)> {
        let weight = |(at, step): (usize, &Step)| if let Step::SetWeight(w) = step { Some((at, *w)) } else { None };
        let mut weights: Vec<(usize, u32)> = self.steps.iter().enumerate().filter_map(weight).collect();
        if weights.last().is_none_or(|(_, weight)| *weight != self.most) {
            weights.push((self.steps.len(), self.most));
        }
        weights
    }

    /// The size that a step before has asked for, unless it is that of the weight again (`UseSetCanaryScale`).
    #[must_use]
    pub fn scale_at(&self, at: usize) -> Option<CanaryScale> {
        if self.is_over(at) {
            return None;
        }
        let scale = |step: &Step| if let Step::SetCanaryScale(scale) = step { Some(*scale) } else { None };
        self.so_far(at).rev().find_map(scale).filter(|scale| *scale != CanaryScale::MatchTrafficWeight)
    }

    /// Header routes in force at a step; there are none any more behind the last one.
    #[must_use]
    pub fn header_routes_at(&self, at: usize) -> Vec<&HeaderRoute> {
        let mut routes: Vec<&HeaderRoute> = Vec::new();
        for step in self.so_far(at) {
            if let Step::SetHeaderRoute(route) = step {
                routes.retain(|before| before.name != route.name);
                routes.extend((!route.matches.is_empty()).then_some(route));
            }
        }
        if self.is_over(at) { Vec::new() } else { routes }
    }

    /// Mirrors in force at a step, as [`Steps::header_routes_at`].
    #[must_use]
    pub fn mirror_routes_at(&self, at: usize) -> Vec<&MirrorRoute> {
        let mut routes: Vec<&MirrorRoute> = Vec::new();
        for step in self.so_far(at) {
            if let Step::SetMirrorRoute(route) = step {
                routes.retain(|before| before.name != route.name);
                routes.extend((!route.matches.is_empty()).then_some(route));
            }
        }
        if self.is_over(at) { Vec::new() } else { routes }
    }

    /// What a step waits for.
    #[must_use]
    pub fn waits_at(&self, at: usize) -> Waits {
        match self.get(at) {
            Some(Step::Pause(Pause { duration: Some(Time(time)) })) => Waits::For(*time),
            Some(Step::Pause(Pause { duration: None })) => Waits::ForSomebody,
            Some(Step::Analysis(_)) => Waits::ForVerdict,
            _ => Waits::InEffect,
        }
    }

    /// What is left of a pause that began then; nothing where the step is none of a certain time.
    #[must_use]
    pub fn left(&self, at: usize, since: Timestamp, now: Timestamp) -> Option<Duration> {
        let Waits::For(time) = self.waits_at(at) else { return None };
        let gone = Duration::try_from(now.duration_since(since)).unwrap_or_default();
        Some(time.saturating_sub(gone))
    }

    /// How long all pauses of a certain time from here on take together.
    #[must_use]
    pub fn pauses_from(&self, at: usize) -> Duration {
        let of = |at: usize| if let Waits::For(time) = self.waits_at(at) { time } else { Duration::ZERO };
        (at..self.steps.len()).map(of).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// How long a weight is in force by pauses alone: from the step that sets it to the one that sets the next.
    #[must_use]
    pub fn holds(&self, at: usize) -> Duration {
        let sets = |at: usize| matches!(self.get(at), Some(Step::SetWeight(_)));
        let next = (at.saturating_add(1)..self.steps.len()).find(|next| sets(*next)).unwrap_or(self.steps.len());
        self.pauses_from(at).saturating_sub(self.pauses_from(next))
    }

    /// The step at which a canary stands whose router gives it this weight already.
    #[must_use]
    pub fn adopting(&self, weight: u32) -> Option<usize> {
        if weight == 0 {
            return None;
        }
        self.steps.iter().position(|step| *step == Step::SetWeight(weight))
    }

    /// The same with every pause so many times as short.
    #[must_use]
    pub fn scaled(&self, times: u32) -> Self {
        let scaled = |step: &Step| match step {
            Step::Pause(Pause { duration: Some(Time(time)) }) => {
                let shorter = time.checked_div(times).unwrap_or(*time);
                Step::Pause(Pause { duration: Some(Time(shorter)) })
            }
            other => other.clone(),
        };
        Self { steps: self.steps.iter().map(scaled).collect(), most: self.most }
    }

    fn so_far(&self, at: usize) -> impl DoubleEndedIterator<Item = &Step> {
        self.steps.iter().take(at.saturating_add(1))
    }
}
