//! From raw counters to what each interval counted.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::super::counters::{Increment, Millis, increments};
use super::super::Counted;
use super::grid::Grid;
use super::history::{Counters, Labeled, Scraping};

/// What one side counted: a number an interval.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counts {
    pub requests: Vec<f64>,
    /// One list a part, with the histogram's bound.
    pub parts: Vec<(Option<f64>, Vec<f64>)>,
}

impl Counts {
    /// Counters of one side in the intervals of a grid. Resets, late births and gaps are seen to sample by sample; what
    /// spans a change of weight, and a pod's first `warm_up` milliseconds under traffic, are left out.
    #[must_use]
    pub fn of(counters: &Counters, grid: &Grid, scraping: Scraping, warm_up: Millis) -> Self {
        let requests = each(&counters.requests, scraping);
        let warm = warm_since(&requests, warm_up);
        let part = |counters: &[Labeled]| placed(&each(counters, scraping), &warm, grid);
        let parts = counters.parts.iter().map(|one| (one.bound, part(&one.counted))).collect();
        Self { requests: placed(&requests, &warm, grid), parts }
    }

    /// What some counters counted in the intervals of a grid, of cold pods, too.
    #[must_use]
    pub fn of_all(counters: &[Labeled], grid: &Grid, scraping: Scraping) -> Vec<f64> {
        placed(&each(counters, scraping), &BTreeMap::new(), grid)
    }

    /// What the part of a bound counted, as errors of the requests. Without such a part nothing was counted, no
    /// requests either: nothing is known of a version that has other bounds.
    #[must_use]
    pub fn errors(&self, bound: Option<f64>) -> Vec<Counted> {
        let is_it = |own: Option<f64>| own.map(f64::to_bits) == bound.map(f64::to_bits);
        let Some((_, errors)) = self.parts.iter().find(|(own, _)| is_it(*own)) else {
            return vec![Counted::default(); self.requests.len()];
        };
        let each = self.requests.iter().zip(errors);
        each.map(|(requests, errors)| Counted { requests: *requests, errors: *errors }).collect()
    }

    /// What it didn't count: requests that took longer than the bound.
    #[must_use]
    pub fn rest(&self, bound: Option<f64>) -> Vec<Counted> {
        let above = |one: Counted| Counted { errors: (one.requests - one.errors).max(0.0), ..one };
        self.errors(bound).into_iter().map(above).collect()
    }
}

impl Counts {
    /// Both added up, of the same parts and intervals.
    pub fn add(&mut self, other: &Self) {
        add(&mut self.requests, &other.requests);
        for ((_, counts), (_, more)) in self.parts.iter_mut().zip(&other.parts) {
            add(counts, more);
        }
    }

    /// Those of some intervals.
    #[must_use]
    pub fn within(&self, intervals: Range<usize>) -> Self {
        let cut = |counts: &Vec<f64>| counts.get(intervals.clone()).unwrap_or_default().to_vec();
        Self {
            requests: cut(&self.requests),
            parts: self.parts.iter().map(|(bound, all)| (*bound, cut(all))).collect(),
        }
    }

    /// Puts others in the place of some intervals.
    pub fn put(&mut self, intervals: Range<usize>, others: &Self) {
        put(&mut self.requests, &intervals, &others.requests);
        for ((_, counts), (_, others)) in self.parts.iter_mut().zip(&others.parts) {
            put(counts, &intervals, others);
        }
    }

    /// The same parts and as many intervals, with nothing counted.
    #[must_use]
    pub fn nothing_like(&self, intervals: usize) -> Self {
        let none = || vec![0.0; intervals];
        Self { requests: none(), parts: self.parts.iter().map(|(bound, _)| (*bound, none())).collect() }
    }
}

fn add(counts: &mut [f64], more: &[f64]) {
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}

fn put(counts: &mut [f64], intervals: &Range<usize>, others: &[f64]) {
    for (count, other) in counts.iter_mut().skip(intervals.start).take(intervals.len()).zip(others) {
        *count = *other;
    }
}

/// Increments where they belong, without those of a pod that isn't warm.
fn placed(all: &[(&str, Vec<Increment>)], warm: &BTreeMap<&str, Millis>, grid: &Grid) -> Vec<f64> {
    let mut counts = vec![0.0; grid.len()];
    for (pod, increments) in all {
        let since = warm.get(pod).copied().unwrap_or(Millis::MIN);
        for one in increments.iter().filter(|one| one.from >= since) {
            if let Some(count) = grid.place(one).and_then(|at| counts.get_mut(at)) {
                *count += one.by;
            }
        }
    }
    counts
}

fn each(counters: &[Labeled], scraping: Scraping) -> Vec<(&str, Vec<Increment>)> {
    let of_one = |one: &Labeled| increments(std::slice::from_ref(&one.series), scraping.known_since, scraping.spacing);
    counters.iter().map(|one| (one.pod(), of_one(one))).collect()
}

/// Since when each pod is warm: it is cold until so long after the scrape that saw its first request.
fn warm_since<'a>(requests: &[(&'a str, Vec<Increment>)], warm_up: Millis) -> BTreeMap<&'a str, Millis> {
    let mut warm = BTreeMap::new();
    if warm_up <= 0 {
        return warm;
    }
    for (pod, increments) in requests {
        if let Some(first) = increments.iter().find(|one| one.by > 0.0) {
            let since = first.to.saturating_add(warm_up);
            warm.entry(*pod).and_modify(|known: &mut Millis| *known = since.min(*known)).or_insert(since);
        }
    }
    warm
}

#[cfg(test)]
mod tests {
    use super::super::super::super::counters::Series;
    use super::super::history::{History, Part, Weight};
    use super::*;

    const BEGAN: Millis = 600_000;
    const SCRAPING: Scraping = Scraping { known_since: 0, spacing: 15_000 };

    fn labeled(pod: &str, samples: &[(Millis, f64)]) -> Labeled {
        let labels = [("pod".to_owned(), pod.to_owned())].into();
        Labeled { labels, series: Series { samples: samples.iter().map(|(at, v)| (BEGAN + at, *v)).collect() } }
    }

    fn counts(requests: Vec<Labeled>, errors: Vec<Labeled>, warm_up: Millis) -> Counts {
        let weights = vec![Weight { since: BEGAN, percent: 5.0 }, Weight { since: BEGAN + 60_000, percent: 20.0 }];
        let grid = Grid::of(&History { weights, ..History::default() }, 15_000, BEGAN + 91_000);
        Counts::of(&Counters::of_errors(requests, errors), &grid, SCRAPING, warm_up)
    }

    /// A scrape each 15 s, some seconds after the beginning of an interval, so many requests each.
    fn steady(pod: &str, first: Millis, by: f64) -> Labeled {
        let mut total = 0.0;
        let samples = (0..12).map(|step| {
            total += by;
            (first + step * 15_000, total)
        });
        labeled(pod, &samples.collect::<Vec<_>>())
    }

    #[test]
    fn what_spans_a_change_of_weight_is_left_out() {
        let found = counts(vec![steady("a", -55_000, 10.0)], vec![], 0);
        // Scrapes at 5, 20, 35, 50, 65, 80 s: the first and the one at 65 s span a change.
        assert_eq!(found.requests, [0.0, 10.0, 10.0, 10.0, 0.0, 10.0]);
    }

    /// prometheus#1673: a series of errors is born with the first one, which would be lost.
    #[test]
    fn births_resets_and_gaps_are_seen() {
        let born = labeled("a", &[(30_000, 1.0), (45_000, 2.0)]);
        let restarted = labeled("b", &[(0, 70.0), (15_000, 80.0), (30_000, 4.0), (60_000, 9.0)]);
        let found = counts(vec![steady("a", 0, 10.0)], vec![born, restarted], 0);
        assert_eq!(found.parts[0].1, [10.0, 1.0 + 4.0, 1.0, 5.0, 0.0, 0.0]);
        let errors = found.errors(None);
        assert_eq!(errors[1], Counted { requests: 10.0, errors: 5.0 });
        assert_eq!(found.rest(None)[1], Counted { requests: 10.0, errors: 5.0 });
        assert_eq!(found.errors(Some(0.5))[1], Counted::default());
    }

    /// A cold start of a minute would be 360 false alarms in 1,000 releases.
    #[test]
    fn a_pod_is_left_out_until_it_is_warm() {
        let cold =
            labeled("new", &[(-30_000, 0.0), (0, 0.0), (15_000, 5.0), (30_000, 9.0), (45_000, 20.0), (60_000, 30.0)]);
        let failed = labeled("new", &[(-30_000, 0.0), (15_000, 5.0), (30_000, 9.0), (45_000, 10.0), (60_000, 12.0)]);
        let all = || (vec![cold.clone(), steady("old", -150_000, 1.0)], vec![failed.clone()]);
        let (requests, errors) = all();
        assert_eq!(counts(requests, errors, 0).requests[..4], [6.0, 4.0, 11.0, 10.0]);
        let (requests, errors) = all();
        let warm = counts(requests, errors, 30_000);
        assert_eq!(warm.requests[..4], [1.0, 0.0, 0.0, 10.0]);
        assert_eq!(warm.parts[0].1[..4], [0.0, 0.0, 0.0, 2.0]);
    }

    #[test]
    fn without_counters_everything_is_zero() {
        let grid = Grid::before(10_000_000, 15_000, 0);
        let found = Counts::of(&Counters { requests: vec![], parts: vec![Part::default()] }, &grid, SCRAPING, 0);
        assert!(found.requests.iter().chain(&found.parts[0].1).all(|count| *count <= 0.0));
    }
}
