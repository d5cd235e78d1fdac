//! One release: what was counted at each scrape, and the same as Prometheus keeps it.

use fastrand::Rng;
use release_core::analysis::compare::canary::history::{Counters, History, Labeled, Measured, Part, Weight};
use release_core::analysis::counters::{Millis, Series};

use crate::random::{clumps, normal, normal_below, poisson};
use crate::setting::{BEFORE, SCRAPE, Setting};

/// When the release begins, in milliseconds.
pub const BEGAN: Millis = 100_000_000;
/// Memory of the drift, in scrapes.
const MEMORY: f64 = 20.0;
/// An outage lasts so many scrapes.
const OUTAGE: usize = 4;
/// Bounds of the histogram, in seconds: those of Prometheus' clients from 10 ms to 5 s.
pub const BOUNDS: [f64; 9] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];
/// Latency is lognormal with this median in seconds and this deviation.
const MEDIAN: f64 = 0.08;
const SPREAD: f64 = 0.8;

/// What one side did between two scrapes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Did {
    pub requests: f64,
    pub errors: f64,
    /// How many took no longer than each bound, and how many there are in all.
    pub within: [f64; 9],
    pub timed: f64,
}

/// Both sides between two scrapes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Scrape {
    pub canary: Did,
    pub stable: Did,
}

/// Half an hour of stable alone, and then the release.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    pub before: Vec<Scrape>,
    pub scrapes: Vec<Scrape>,
    weights: Vec<Weight>,
    has_latency: bool,
}

impl Release {
    /// The one of a seed.
    #[must_use]
    pub fn of(setting: &Setting, seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let outage =
            setting.outage.map(|rate| (random.usize(0..setting.scrapes().saturating_sub(OUTAGE).max(1)), rate));
        let mut drift = normal(&mut random);
        let mut next = |percent: f64, at: Option<usize>, random: &mut Rng| {
            let keep = (-1.0 / MEMORY).exp();
            drift = keep * drift + (1.0 - keep * keep).sqrt() * normal(random);
            let base = (setting.base * (setting.drift * drift - setting.drift * setting.drift / 2.0).exp()).min(0.5);
            let is_out = outage.zip(at).filter(|((from, _), at)| (*from..from + OUTAGE).contains(at));
            let base = is_out.map_or(base, |((_, rate), _)| rate);
            let bad = setting
                .bad
                .as_ref()
                .filter(|(range, _)| at.is_some_and(|at| range.contains(&at)))
                .map(|(_, rate)| *rate);
            let expected = setting.rate * f64::from(SCRAPE);
            let side = |share: f64, rate: f64, slower: f64, random: &mut Rng| {
                did(setting, expected * share, rate, slower, random)
            };
            let weight = percent / 100.0;
            let canary = side(weight, bad.unwrap_or(base), setting.slow.unwrap_or(1.0), random);
            Scrape { canary, stable: side(1.0 - weight, base, 1.0, random) }
        };
        let before = (0..BEFORE).map(|_| next(0.0, None, &mut random)).collect();
        let percents = setting.steps.iter().flat_map(|(percent, scrapes)| std::iter::repeat_n(*percent, *scrapes));
        let scrapes = percents.enumerate().map(|(at, percent)| next(percent, Some(at), &mut random)).collect();
        Self { before, scrapes, weights: weights(setting), has_latency: setting.slow.is_some() }
    }

    /// When it is over.
    #[must_use]
    pub fn over(&self) -> Millis {
        time(self.scrapes.len()) + 1000
    }

    /// As Prometheus has kept it: a series of errors is born with the first one.
    #[must_use]
    pub fn history(&self) -> History {
        let stable = self.before.iter().chain(&self.scrapes).map(|scrape| scrape.stable);
        let canary = self.before.iter().chain(&self.scrapes).map(|scrape| scrape.canary);
        let (canary, stable): (Vec<Did>, Vec<Did>) = (canary.collect(), stable.collect());
        let errors = |side: &[Did]| {
            Counters::of_errors(counter(side, |did| did.requests, true), counter(side, |did| did.errors, false))
        };
        let mut metrics = vec![Measured { canary: errors(&canary), stable: errors(&stable) }];
        if self.has_latency {
            metrics.push(Measured { canary: histogram(&canary), stable: histogram(&stable) });
        }
        History { started: BEGAN, weights: self.weights.clone(), metrics }
    }
}

fn weights(setting: &Setting) -> Vec<Weight> {
    let mut at = 0;
    let each = setting.steps.iter().map(|(percent, scrapes)| {
        let weight = Weight { since: time(at), percent: *percent };
        at += scrapes;
        weight
    });
    each.collect()
}

fn time(scrape: usize) -> Millis {
    BEGAN + Millis::try_from(scrape).unwrap_or(Millis::MAX) * Millis::from(SCRAPE) * 1000
}

fn did(setting: &Setting, expected: f64, rate: f64, slower: f64, random: &mut Rng) -> Did {
    let errors = clumps(expected * rate, setting.clump, random);
    let requests = errors + poisson(expected * (1.0 - rate), random);
    let mut did = Did { requests, errors, ..Did::default() };
    if setting.slow.is_some() {
        let mut below = 0.0;
        for (within, bound) in did.within.iter_mut().zip(BOUNDS) {
            let share = normal_below((bound / (MEDIAN * slower)).ln() / SPREAD);
            did.timed += poisson(expected * (share - below), random);
            *within = did.timed;
            below = share;
        }
        did.timed += poisson(expected * (1.0 - below), random);
    }
    did
}

fn counter(side: &[Did], count: impl Fn(&Did) -> f64, from_zero: bool) -> Vec<Labeled> {
    let first = BEGAN - Millis::try_from(BEFORE).unwrap_or_default() * Millis::from(SCRAPE) * 1000;
    let mut total = 0.0;
    let counted = side.iter().enumerate().map(|(step, did)| {
        total += count(did);
        (first + (Millis::try_from(step).unwrap_or_default() + 1) * Millis::from(SCRAPE) * 1000, total)
    });
    let all = std::iter::once((first, 0.0)).chain(counted);
    let samples: Vec<(Millis, f64)> = all.filter(|(_, total)| from_zero || *total > 0.0).collect();
    vec![Labeled { series: Series { samples }, ..Labeled::default() }]
}

fn histogram(side: &[Did]) -> Counters {
    let part =
        |(at, bound): (usize, &f64)| Part { bound: Some(*bound), counted: counter(side, |did| did.within[at], true) };
    Counters { requests: counter(side, |did| did.timed, true), parts: BOUNDS.iter().enumerate().map(part).collect() }
}
