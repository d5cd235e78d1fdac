//! Canary beside stable: whether it is worse, however often one looks.
//!
//! Given how many errors both sides have in an interval, canary's part of them says how many times stable's rate canary's
//! rate is, whatever that rate is and however the traffic changes. Each interval multiplies the evidence of a few
//! alternatives by how much likelier they make what was counted than what is allowed does; while canary is as good as
//! allowed that is a supermartingale, so the probability that it ever reaches 1/α is at most α. `docs/analysis.md` tells
//! what that promises and what it doesn't.
//!
//! All of it is a function of counters that Prometheus keeps, the weights with their times, and the plan: any machine
//! comes to the same verdict at any time, and a run that was killed needs to have kept nothing else.

pub mod backtest;
pub mod counts;
pub mod evidence;
pub mod gamma;
pub mod grid;
pub mod history;
pub mod hold;
pub mod hypothesis;
pub mod interval;
pub mod latency;
pub mod law;
pub mod outlook;
pub mod plan;
pub mod question;
pub mod ratio;
pub mod share;
pub mod split;
pub mod verdict;
pub mod walk;

#[cfg(test)]
mod tests;

use super::super::counters::{Millis, is_silent};
use super::Counted;
use counts::Counts;
use history::{Counters, History, Measured};
use interval::Interval;
use latency::Quantile;
use law::Law;
use plan::{Metric, Plan, Promise};
use question::{Frame, Question, histogram, questions};
use ratio::Ratio;
use split::Split;
use verdict::{Decision, Nothing, Stand, Standing, Verdict};
use walk::{Walk, proven, walk};

/// Intervals of ratios and quantiles that are told hold with 95 %.
const TOLD: f64 = 0.05;

/// How canary stands at a time, in milliseconds since 1970.
#[must_use]
pub fn judge(history: &History, plan: &Plan, now: Millis) -> Verdict {
    let frame = Frame::of(history, plan, now);
    let questions = questions(history, plan, &frame);
    let walk = walk(&questions, &frame, plan);
    let judged = Judged { history, plan, frame: &frame, questions: &questions, walk: &walk, now };
    let each = plan.metrics.iter().enumerate();
    let metrics: Vec<Standing> = each.map(|(index, metric)| judged.standing(index, metric)).collect();
    let split = history.metrics.first().and_then(|measured| Split::of(measured, history, plan, now));
    Verdict {
        decision: decision(&walk, &metrics),
        p: (-walk.most).exp().min(1.0),
        evidence: walk.now,
        needed: -plan.alpha().ln(),
        hold: hold::hold(&questions, &plan.metrics),
        metrics,
        split,
    }
}

/// When canary was first proven to be worse, which is all that has to be known of a release that is over.
#[must_use]
pub fn first_proof(history: &History, plan: &Plan, now: Millis) -> Option<walk::Crossing> {
    let frame = Frame::of(history, plan, now);
    walk(&questions(history, plan, &frame), &frame, plan).crossed
}

fn decision(walk: &Walk, metrics: &[Standing]) -> Decision {
    if let Some(crossed) = walk.crossed {
        return Decision::Worse(crossed);
    }
    let unknown =
        metrics.iter().find_map(|one| if let Stand::Unknown(nothing) = one.stand { Some(nothing) } else { None });
    if let Some(nothing) = unknown.or(metrics.is_empty().then_some(Nothing::NotYet)) {
        return Decision::Unknown(nothing);
    }
    let since = metrics.iter().map(|one| if let Stand::NotWorse(since) = one.stand { Some(since) } else { None });
    let since: Option<Vec<Millis>> = since.collect();
    since.and_then(|all| all.into_iter().max()).map_or(Decision::Open, Decision::NotWorse)
}

/// What a metric's standing is told from.
struct Judged<'a> {
    history: &'a History,
    plan: &'a Plan,
    frame: &'a Frame,
    questions: &'a [Question],
    walk: &'a Walk,
    now: Millis,
}

impl Judged<'_> {
    fn standing(&self, index: usize, metric: &Metric) -> Standing {
        let told = self.told(index);
        let measured = self.history.metrics.get(index);
        let intervals = told.map(|told| told.intervals.as_slice()).unwrap_or_default();
        let all = intervals.iter().copied().fold(Interval::default(), Interval::and);
        let law = told.map_or(Law::OneByOne, |told| told.law);
        Standing {
            name: metric.name.clone(),
            stand: measured
                .filter(|_| told.is_some())
                .map_or(Stand::Unknown(Nothing::NoCounters), |measured| self.stand(index, measured)),
            bound: told.and_then(|told| told.bound),
            canary: all.canary,
            stable: all.stable,
            allowed: told.map(|told| told.hypothesis.allowed),
            ratio: Ratio::between(intervals, &law, TOLD),
            evidence: self.walk.of_metric(self.questions, index),
            law,
            quantile: measured.and_then(|measured| self.quantile(metric.promise, measured)),
        }
    }

    /// Of a metric's questions the one with the most evidence.
    fn told(&self, index: usize) -> Option<&Question> {
        let own = self.questions.iter().zip(&self.walk.evidence).filter(|(question, _)| question.metric == index);
        own.max_by(|(_, one), (_, other)| one.ln().total_cmp(&other.ln())).map(|(question, _)| question)
    }

    fn stand(&self, index: usize, measured: &Measured) -> Stand {
        if self.walk.crossed.is_some_and(|crossed| crossed.metric == index) {
            return Stand::Worse;
        }
        if let Some(nothing) = self.nothing(index, measured) {
            return Stand::Unknown(nothing);
        }
        let own = self.questions.iter().filter(|question| question.metric == index);
        let since = own.filter_map(|question| proven(question, self.frame, self.plan.proof.alpha)).max();
        since.map_or(Stand::Open, Stand::NotWorse)
    }

    fn nothing(&self, index: usize, measured: &Measured) -> Option<Nothing> {
        let spacing = self.frame.scraping.spacing;
        let is_silent = |side: &Counters| is_silent(side.newest(), self.now, spacing);
        let Some(last) = self.frame.grid.stretches().last().filter(|last| !last.range().is_empty()) else {
            return Some(Nothing::NotYet);
        };
        let own = self.questions.iter().find(|question| question.metric == index);
        let intervals = own.and_then(|question| question.intervals.get(last.range())).unwrap_or_default();
        let idle = |side: fn(&Interval) -> Counted| intervals.iter().all(|one| side(one).requests <= 0.0);
        match () {
            () if is_silent(&measured.canary) => Some(Nothing::SilentCanary),
            () if is_silent(&measured.stable) => Some(Nothing::SilentStable),
            () if idle(|one| one.canary) => Some(Nothing::IdleCanary),
            () if idle(|one| one.stable) => Some(Nothing::IdleStable),
            () => None,
        }
    }

    fn quantile(&self, promise: Promise, measured: &Measured) -> Option<(Quantile, Quantile)> {
        let Promise::Latency { quantile, .. } = promise else { return None };
        let of = |side: &Counters| {
            let counts = Counts::of(side, &self.frame.grid, self.frame.scraping, self.plan.warm_up);
            histogram(&counts).quantile(quantile, TOLD)
        };
        Some((of(&measured.canary), of(&measured.stable)))
    }
}
