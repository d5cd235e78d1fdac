//! How many times stable's rate canary's is: an interval that holds however often one looks.

use super::super::mean_of_logs;
use super::interval::Interval;
use super::law::Law;

/// Ratios that the interval's own evidence is a mean over, 1/64 to 64.
const POINTS: i32 = 25;
const MIDDLE: i32 = 12;
const FARTHEST: f64 = 64.0;
/// Beyond a million times, or a millionth, there is no end.
const END: f64 = 1e6;
/// Halvings between two points: an end is right to a five-hundredth of itself.
const HALVINGS: usize = 8;

/// The ratio of canary's rate to stable's, with its ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio of the two rates as they were counted; none where stable had no errors or one side served nobody.
    pub seen: Option<f64>,
    /// At least; none where it may be as little as one likes.
    pub low: Option<f64>,
    /// At most; none where it may be as much as one likes.
    pub high: Option<f64>,
}

impl Ratio {
    /// A confidence sequence: with a probability of at most `alpha` the true ratio ever leaves it.
    ///
    /// These are all ratios whose likelihood is more than `alpha` times the mean likelihood of 25 ratios from 1/64 to
    /// 64, evenly spaced in their logarithm (Robbins' method of mixtures). It is a ratio within intervals, never one of
    /// sums: it stays right where weights and rates change. Where errors come in clumps it holds for both laws.
    #[must_use]
    pub fn between(intervals: &[Interval], law: &Law, alpha: f64) -> Self {
        let useful: Vec<Interval> = intervals.iter().copied().filter(is_useful).collect();
        let (low, high) = ends(&useful, &Law::OneByOne, alpha);
        let of_clumps = matches!(law, Law::Clumps(_)).then(|| ends(&useful, law, alpha));
        let seen = seen(intervals);
        let Some((other_low, other_high)) = of_clumps else { return Self { seen, low, high } };
        let both = |one: Option<f64>, other: Option<f64>, pick: fn(f64, f64) -> f64| Some(pick(one?, other?));
        Self { seen, low: both(low, other_low, f64::min), high: both(high, other_high, f64::max) }
    }
}

fn ends(useful: &[Interval], law: &Law, alpha: f64) -> (Option<f64>, Option<f64>) {
    let likelihood = |ratio: f64| useful.iter().map(|one| law.likelihood(one, ratio)).sum::<f64>();
    let points: Vec<(f64, f64)> = (0..POINTS).map(point).map(|at| (at, likelihood(at))).collect();
    let logs: Vec<f64> = points.iter().map(|(_, log)| *log).collect();
    let least = mean_of_logs(&logs) + alpha.ln();
    let is_in = |ratio: f64| likelihood(ratio) > least;
    let inside = || points.iter().filter(|(_, log)| *log > least).map(|(at, _)| *at);
    let has_any = !useful.is_empty();
    let low = inside().next().filter(|_| has_any).and_then(|low| end(low, 0.5, &is_in));
    let high = inside().next_back().filter(|_| has_any).and_then(|high| end(high, 2.0, &is_in));
    (low, high)
}

fn is_useful(interval: &Interval) -> bool {
    let (canary, stable) = interval.sound();
    canary.requests > 0.0 && stable.requests > 0.0 && canary.errors + stable.errors > 0.0
}

fn seen(intervals: &[Interval]) -> Option<f64> {
    let all = intervals.iter().copied().fold(Interval::default(), Interval::and);
    let (canary, stable) = all.sound();
    let rate = (canary.errors / canary.requests) / (stable.errors / stable.requests);
    rate.is_finite().then_some(rate)
}

fn point(step: i32) -> f64 {
    FARTHEST.powf(f64::from(step.saturating_sub(MIDDLE)) / f64::from(MIDDLE))
}

/// From a ratio that is in, outward by `times`, to where it ends.
fn end(inside: f64, times: f64, is_in: &impl Fn(f64) -> bool) -> Option<f64> {
    let (mut inside, mut outside) = (inside, inside * times);
    while is_in(outside) {
        inside = outside;
        outside *= times;
        if !(1.0 / END..=END).contains(&outside) {
            return None;
        }
    }
    for _ in 0..HALVINGS {
        let middle = (inside * outside).sqrt();
        if is_in(middle) {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Some(outside)
}

#[cfg(test)]
mod tests {
    use super::super::super::Counted;
    use super::*;

    fn counted(canary: (f64, f64), stable: (f64, f64)) -> Interval {
        let side = |(errors, requests)| Counted { requests, errors };
        Interval { canary: side(canary), stable: side(stable) }
    }

    fn about(found: Option<f64>, wanted: f64) {
        let found = found.expect("an end");
        assert!((found / wanted - 1.0).abs() < 0.06, "{found} is not {wanted}");
    }

    fn at(alpha: f64, interval: Interval) -> Ratio {
        Ratio::between(&[interval], &Law::OneByOne, alpha)
    }

    #[test]
    fn the_ends_are_what_was_worked_out() {
        let early = at(0.05, counted((1.0, 20.0), (0.0, 380.0)));
        about(early.low, 0.18);
        assert_eq!((early.seen, early.high), (None, None));
        let bad = counted((5.0, 225.0), (8.0, 4275.0));
        about(at(0.05, bad).seen, 11.9);
        about(at(0.05, bad).low, 1.6);
        about(at(0.05, bad).high, 68.0);
        about(at(0.01, bad).low, 1.08);
        about(at(0.01, bad).high, 92.0);
        let worse = at(0.05, counted((15.0, 750.0), (28.0, 14250.0)));
        about(worse.low, 3.3);
        about(worse.high, 28.0);
        let neither = at(0.05, counted((2.0, 750.0), (28.0, 14250.0)));
        about(neither.low, 0.05);
        about(neither.high, 7.5);
    }

    #[test]
    fn without_errors_or_without_a_side_nothing_is_known() {
        for nothing in [counted((0.0, 50.0), (0.0, 50.0)), counted((5.0, 50.0), (0.0, 0.0)), Interval::default()] {
            assert_eq!(at(0.05, nothing), Ratio { seen: None, low: None, high: None }, "{nothing:?}");
        }
    }

    /// It narrows, and a like version stays in it, one by one and in clumps.
    #[test]
    fn it_narrows_around_the_truth() {
        let one_by_one = [(2.0, 38.0); 4].map(|(canary, stable)| counted((canary, 1000.0), (stable, 19000.0)));
        let bursts = [(0.0, 18.0), (0.0, 62.0), (6.0, 30.0), (2.0, 42.0)];
        let bursts = bursts.map(|(canary, stable)| counted((canary, 1000.0), (stable, 19000.0)));
        let clumps = Law::Clumps(super::super::law::Clumps { usual: 0.002, dispersion: 3.0 });
        for (law, counted) in [(Law::OneByOne, one_by_one), (clumps, bursts)] {
            let mut wide = f64::INFINITY;
            for many in [2, 15, 120] {
                let found = Ratio::between(&counted.repeat(many), &law, 0.05);
                let (low, high) = (found.low.expect("a low end"), found.high.expect("a high end"));
                assert!(low < 1.0 && 1.0 < high && high / low < wide, "{law:?} {many}: {found:?}");
                wide = high / low;
            }
        }
    }
}
