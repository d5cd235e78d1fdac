//! What is asked of the counters: one test of one ratio, a part of the promise each.

use super::super::super::counters::Millis;
use super::super::Counted;
use super::counts::Counts;
use super::grid::Grid;
use super::history::{Counters, History, Measured, Scraping};
use super::hypothesis::Hypothesis;
use super::interval::Interval;
use super::latency::{Histogram, Side};
use super::law::Law;
use super::plan::{Metric, Plan, Promise};

/// One ratio that is tested, with all that was counted of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The plan's metric.
    pub metric: usize,
    /// Of latency: the bound of the histogram, and whether what is below it is counted.
    pub bound: Option<(f64, bool)>,
    /// Its part of the promise; all of them together are 1.
    pub share: f64,
    pub hypothesis: Hypothesis,
    pub law: Law,
    /// Stable's usual rate before the release, where it is known.
    pub usual: Option<f64>,
    /// What is ruled out by proof of goodness; of a histogram one bound alone is asked that.
    pub proof: Option<Hypothesis>,
    /// An interval of the grid each.
    pub intervals: Vec<Interval>,
}

/// Both grids, and how counters are scraped.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    pub scraping: Scraping,
    /// How long an interval is, in milliseconds.
    pub width: Millis,
    pub before: Grid,
    pub grid: Grid,
}

impl Frame {
    /// Those of a release, as far as its intervals are over.
    #[must_use]
    pub fn of(history: &History, plan: &Plan, now: Millis) -> Self {
        let scraping = history.scraping(plan);
        let width = plan.interval.max(scraping.spacing);
        // Series that are born in the first scrapes can't be told from those that were there.
        let known = scraping.known_since.saturating_add(scraping.spacing.saturating_mul(UNSURE));
        let before = Grid::before(history.started, width, known);
        Self { scraping, width, before, grid: Grid::of(history, width, now) }
    }
}

/// What one metric's sides counted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sides {
    /// Stable, before the release.
    pub before: Counts,
    pub canary: Counts,
    pub stable: Counts,
}

/// So many scrapes from the oldest one on it isn't known what was born in them.
const UNSURE: Millis = 3;

/// All questions of a plan to a history.
#[must_use]
pub fn questions(history: &History, plan: &Plan, frame: &Frame) -> Vec<Question> {
    let count = |counters: &Counters, grid: &Grid| Counts::of(counters, grid, frame.scraping, plan.warm_up);
    let of_one = |measured: &Measured| Sides {
        before: count(&measured.stable, &frame.before),
        canary: count(&measured.canary, &frame.grid),
        stable: count(&measured.stable, &frame.grid),
    };
    let sides: Vec<Sides> = history.metrics.iter().map(of_one).collect();
    questions_of(plan, &sides)
}

/// All questions of a plan to what was counted, in the order of its metrics.
#[must_use]
pub fn questions_of(plan: &Plan, sides: &[Sides]) -> Vec<Question> {
    let each = plan.metrics.iter().zip(sides).enumerate();
    each.flat_map(|(index, (metric, sides))| of_metric(metric, index, plan, sides)).collect()
}

fn of_metric(metric: &Metric, index: usize, plan: &Plan, sides: &Sides) -> Vec<Question> {
    let share = plan.share(index);
    match metric.promise {
        Promise::ErrorRatio { allowed } => {
            let proof = Some(Hypothesis::as_bad_as(plan.proof.ruled_out.max(allowed)));
            let asked = of_counts(index, share, sides, &|counts| counts.errors(None));
            vec![Question { hypothesis: Hypothesis::worse(allowed), proof, ..asked }]
        }
        Promise::SuccessRate { kept } => {
            let asked = of_counts(index, share, sides, &|counts| counts.errors(None));
            let usual = asked.usual.unwrap_or_default().max(LEAST);
            let proof = Some(Hypothesis::no_more_successful(kept, usual));
            vec![Question { hypothesis: Hypothesis::less_successful(kept, usual), proof, ..asked }]
        }
        Promise::Latency { slower, quantile } => of_latency((index, share), (slower, quantile), plan, sides),
    }
}

/// A question a bound; the mean of their evidence is the metric's.
fn of_latency(
    (index, share): (usize, f64),
    (slower, quantile): (f64, f64),
    plan: &Plan,
    sides: &Sides,
) -> Vec<Question> {
    let histogram = histogram(&sides.before);
    let all = histogram.sides(slower);
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let share = share / all.len().max(1) as f64;
    let told = histogram.bound_of(quantile);
    let ask = |side: &Side| {
        let bound = Some(side.bound);
        let count = |counts: &Counts| if side.is_below { counts.errors(bound) } else { counts.rest(bound) };
        let is_told = told == Some(side.part) && !side.is_below;
        let proof = is_told.then(|| Hypothesis::as_bad_as(plan.proof.ruled_out.max(side.allowed)));
        let bound = Some((side.bound, side.is_below));
        Question { bound, hypothesis: side.hypothesis(), proof, ..of_counts(index, share, sides, &count) }
    };
    all.iter().map(ask).collect()
}

/// What was counted, before anything is asked of it.
fn of_counts(metric: usize, share: f64, sides: &Sides, count: &dyn Fn(&Counts) -> Vec<Counted>) -> Question {
    let before = count(&sides.before);
    let all = before.iter().copied().fold(Counted::default(), Counted::and);
    let usual = (all.requests > 0.0).then(|| all.errors / all.requests);
    let (canary, stable) = (count(&sides.canary), count(&sides.stable));
    let intervals = canary.into_iter().zip(stable).map(|(canary, stable)| Interval { canary, stable }).collect();
    let (law, hypothesis) = (Law::measured(&before), Hypothesis::worse(1.0));
    Question { metric, bound: None, share, hypothesis, law, usual, proof: None, intervals }
}

/// A rate of errors that is taken where none was seen.
const LEAST: f64 = 0.0001;

/// A side's buckets, added up.
#[must_use]
pub fn histogram(counts: &Counts) -> Histogram {
    let below = counts.parts.iter().filter_map(|(bound, counted)| Some(((*bound)?, counted.iter().sum()))).collect();
    Histogram { below, requests: counts.requests.iter().sum() }
}
