//! A plan held against a service's own past: its pods split at random, as if some of them had been a canary.

use std::time::Duration;

use fastrand::Rng;

use super::super::super::counters::Millis;
use super::grid::Grid;
use super::history::{BEFORE, History, Scraping, Weight};
use super::plan::{Plan, Promise};
use super::question::{Frame, Sides, questions_of};
use super::walk::walk;
use past::Past;

pub mod past;

#[cfg(test)]
mod tests;

/// A step of the plan that is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Canary's part of the pods, from 1 to 99; of few pods it is the nearest that they allow.
    pub percent: u8,
    pub lasts: Duration,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Backtest {
    pub releases: usize,
    /// Releases that changed nothing and were aborted.
    pub false_aborts: usize,
    pub faults: Vec<Injected>,
}

/// A fault that was put into canary's counters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Injected {
    /// So many times the service's rate of errors.
    pub times: f64,
    /// Releases in which it was found.
    pub found: usize,
    /// In half of the releases it was found within so long, and with so many failed requests; none where it was found in
    /// fewer.
    pub median: Option<Duration>,
    pub failed: Option<f64>,
}

impl Backtest {
    /// Of 1,000 releases.
    #[must_use]
    pub fn false_aborts_per_thousand(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "thousands")]
        let share = self.false_aborts as f64 / self.releases.max(1) as f64;
        1000.0 * share
    }
}

/// Why a past can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is shorter than a release and the 30 minutes before it.
    TooShort,
    /// Nowhere in it did two pods serve at the same time.
    OnePod,
}

/// Runs `releases` releases of a plan over a past, each beginning at a time and with pods drawn by `seed`, once as they
/// were and once with each fault in canary's error counters. Traffic that stops, resets and bursts are the service's own.
///
/// # Errors
/// Where there is too little to run over.
pub fn backtest(
    past: &Past,
    plan: &Plan,
    steps: &[Step],
    faults: &[f64],
    (releases, seed): (usize, u64),
) -> Result<Backtest, Unusable> {
    let rehearsal = Rehearsal::of(past, plan, steps).ok_or(Unusable::TooShort)?;
    let mut random = Rng::with_seed(seed);
    let drawn: Vec<Drawn> = (0..releases).filter_map(|_| rehearsal.draw(&mut random)).collect();
    if drawn.is_empty() {
        return Err(Unusable::OnePod);
    }
    let false_aborts = drawn.iter().filter(|drawn| rehearsal.run(drawn, None).is_some()).count();
    let injected = |times: &f64| {
        let found = drawn.iter().map(|drawn| rehearsal.run(drawn, Some(*times)));
        injected(*times, drawn.len(), found.flatten().collect())
    };
    Ok(Backtest { releases: drawn.len(), false_aborts, faults: faults.iter().map(injected).collect() })
}

/// When it was found, and how many requests had failed at canary by then.
type Found = (Duration, f64);

fn injected(times: f64, releases: usize, mut found: Vec<Found>) -> Injected {
    found.sort_by_key(|one| one.0);
    // The median of all releases, in which those that were missed come last.
    let median = found.get(releases.checked_div(2).unwrap_or_default()).copied();
    let failed = median.and_then(|_| {
        let mut failed: Vec<f64> = found.iter().map(|(_, failed)| *failed).collect();
        failed.sort_by(f64::total_cmp);
        failed.get(failed.len().checked_div(2)?).copied()
    });
    Injected { times, found: found.len(), median: median.map(|(after, _)| after), failed }
}

/// Where a release begins, and which pods are canary's, in the order in which they come to it.
struct Drawn {
    first: usize,
    pods: Vec<usize>,
    seed: u64,
}

struct Rehearsal<'a> {
    past: &'a Past,
    plan: &'a Plan,
    /// Intervals before a release, and in each step, with canary's percent.
    before: usize,
    steps: Vec<(usize, u8)>,
    frame: Frame,
}

impl<'a> Rehearsal<'a> {
    fn of(past: &'a Past, plan: &'a Plan, steps: &[Step]) -> Option<Self> {
        let width = past.width.max(1);
        let count = |millis: Millis| usize::try_from(millis.checked_div(width)?).ok();
        let lasts = |step: &Step| Some((count(Millis::try_from(step.lasts.as_millis()).ok()?)?, step.percent));
        let before = count(BEFORE)?;
        let steps: Option<Vec<(usize, u8)>> = steps.iter().map(lasts).collect();
        let frame = frame(width, steps.as_ref()?)?;
        let rehearsal = Self { past, plan, before, steps: steps?, frame };
        (rehearsal.length() <= past.len() && !rehearsal.frame.grid.is_empty()).then_some(rehearsal)
    }

    fn length(&self) -> usize {
        self.steps.iter().fold(self.before, |all, (count, _)| all.saturating_add(*count))
    }

    /// None where the drawn time has fewer than two pods.
    fn draw(&self, random: &mut Rng) -> Option<Drawn> {
        let first = random.usize(0..=self.past.len().checked_sub(self.length())?);
        let mut pods = self.past.serving(first..first.saturating_add(self.length()));
        random.shuffle(&mut pods);
        (pods.len() > 1).then(|| Drawn { first, pods, seed: random.u64(..) })
    }

    /// When it was found, if it was.
    fn run(&self, drawn: &Drawn, fault: Option<f64>) -> Option<Found> {
        let mut random = Rng::with_seed(drawn.seed);
        let metrics = self.plan.metrics.iter().enumerate();
        let sides: Vec<Sides> = metrics
            .map(|(metric, asked)| {
                let mut sides = self.sides(drawn, metric);
                let is_of_errors = !matches!(asked.promise, Promise::Latency { .. });
                if let Some(times) = fault.filter(|_| is_of_errors) {
                    inject(&mut sides, (times - 1.0) * self.past.usual(metric), &mut random);
                }
                sides
            })
            .collect();
        let crossed = walk(&questions_of(self.plan, &sides), &self.frame, self.plan).crossed?;
        let intervals = usize::try_from(crossed.at.checked_div(self.past.width)?).ok()?;
        let of_errors = sides.iter().find(|one| one.canary.parts.first().is_some_and(|(bound, _)| bound.is_none()));
        let errors = of_errors.and_then(|one| one.canary.parts.first());
        let failed = errors.map_or(0.0, |(_, errors)| errors.iter().take(intervals).sum());
        Some((Duration::from_millis(u64::try_from(crossed.at).ok()?), failed))
    }

    /// What both sides would have counted.
    fn sides(&self, drawn: &Drawn, metric: usize) -> Sides {
        let begins = drawn.first.saturating_add(self.before);
        let release = begins..drawn.first.saturating_add(self.length());
        let sum = |pods: &[usize], range| self.past.sum(metric, pods, range);
        let (mut canary, mut stable) = (sum(&[], release.clone()), sum(&[], release));
        let mut from = begins;
        for (count, percent) in &self.steps {
            let to = from.saturating_add(*count);
            let (judged, others) = drawn.pods.split_at(part(drawn.pods.len(), *percent));
            let at = from.saturating_sub(begins)..to.saturating_sub(begins);
            canary.put(at.clone(), &sum(judged, from..to));
            stable.put(at, &sum(others, from..to));
            from = to;
        }
        Sides { before: sum(&drawn.pods, drawn.first..begins), canary, stable }
    }
}

/// How many of so many pods are canary's: at least one, and never all.
fn part(pods: usize, percent: u8) -> usize {
    let share = pods.saturating_mul(usize::from(percent)).saturating_add(50).checked_div(100).unwrap_or_default();
    share.min(pods.saturating_sub(1)).max(1)
}

/// A release that begins at 0.
fn frame(width: Millis, steps: &[(usize, u8)]) -> Option<Frame> {
    let mut since: Millis = 0;
    let mut weights = Vec::new();
    for (count, percent) in steps {
        weights.push(Weight { since, percent: f64::from(*percent) });
        since = since.checked_add(Millis::try_from(*count).ok()?.checked_mul(width)?)?;
    }
    weights.push(Weight { since, percent: 100.0 });
    let history = History { started: 0, weights, metrics: Vec::new() };
    let grid = Grid::of(&history, width, Millis::MAX);
    Some(Frame {
        scraping: Scraping { known_since: 0, spacing: width },
        width,
        before: Grid::before(0, width, 0),
        grid,
    })
}

/// So many more errors a request, each for itself.
fn inject(sides: &mut Sides, rate: f64, random: &mut Rng) {
    let Some((_, errors)) = sides.canary.parts.first_mut() else { return };
    for (count, requests) in errors.iter_mut().zip(&sides.canary.requests) {
        *count += binomial((requests - *count).max(0.0), rate, random);
    }
}

/// How many of so many happen, each with a probability: by the waiting times between them.
fn binomial(of: f64, probability: f64, random: &mut Rng) -> f64 {
    if probability >= 1.0 {
        return of;
    }
    if probability <= 0.0 {
        return 0.0;
    }
    let (mut at, mut count) = (0.0, 0.0);
    loop {
        at += ((1.0 - random.f64()).ln() / (-probability).ln_1p()).floor() + 1.0;
        if at > of {
            return count;
        }
        count += 1.0;
    }
}
