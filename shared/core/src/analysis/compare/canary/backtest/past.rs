//! What a service's pods counted in the last days, an interval after the other.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::super::super::counters::Millis;
use super::super::counts::Counts;
use super::super::grid::Grid;
use super::super::history::{Counters, Labeled, Part, Scraping};

/// Pods with what they counted for each metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// How long an interval is, in milliseconds.
    pub width: Millis,
    intervals: usize,
    /// A list a metric, a pod each, all in one order.
    metrics: Vec<Vec<Counts>>,
}

impl Past {
    /// Stable's counters of each metric in a stretch of time, pod by pod.
    #[must_use]
    pub fn of(metrics: &[Counters], within: Range<Millis>, width: Millis, scraping: Scraping) -> Self {
        let grid = Grid::over(within.start, within.end, width);
        let by_pod: Vec<BTreeMap<String, Counters>> = metrics.iter().map(by_pod).collect();
        let mut pods: Vec<&String> = by_pod.iter().flat_map(BTreeMap::keys).collect();
        pods.sort();
        pods.dedup();
        let counts = |(all, own): (&Counters, &BTreeMap<String, Counters>)| {
            let none = empty(all);
            let of = |pod: &&String| Counts::of(own.get(*pod).unwrap_or(&none), &grid, scraping, 0);
            pods.iter().map(of).collect()
        };
        let metrics = metrics.iter().zip(&by_pod).map(counts).collect();
        Self { width: width.max(1), intervals: grid.len(), metrics }
    }

    /// How many intervals there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.intervals
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals == 0
    }

    /// Pods that served somebody in some intervals.
    pub(super) fn serving(&self, intervals: Range<usize>) -> Vec<usize> {
        let served = |counts: &Counts| {
            counts.requests.get(intervals.clone()).unwrap_or_default().iter().any(|requests| *requests > 0.0)
        };
        let pods = self.metrics.first().map(Vec::as_slice).unwrap_or_default();
        pods.iter().enumerate().filter(|(_, counts)| served(counts)).map(|(pod, _)| pod).collect()
    }

    /// What some pods counted together.
    pub(super) fn sum(&self, metric: usize, pods: &[usize], intervals: Range<usize>) -> Counts {
        let all = self.metrics.get(metric).map(Vec::as_slice).unwrap_or_default();
        let mut sum = all.first().map(|one| one.nothing_like(intervals.len())).unwrap_or_default();
        pods.iter().filter_map(|pod| all.get(*pod)).for_each(|one| sum.add(&one.within(intervals.clone())));
        sum
    }

    /// The service's rate of errors over all of it; where none was seen the least that could have been.
    pub(super) fn usual(&self, metric: usize) -> f64 {
        let all = self.metrics.get(metric).map(Vec::as_slice).unwrap_or_default();
        let requests: f64 = all.iter().flat_map(|one| &one.requests).sum();
        let errors: f64 = all.iter().filter_map(|one| one.parts.first()).flat_map(|(_, errors)| errors).sum();
        if requests > 0.0 { errors.max(1.0) / requests } else { 0.0 }
    }
}

fn by_pod(counters: &Counters) -> BTreeMap<String, Counters> {
    let mut pods: BTreeMap<String, Counters> = BTreeMap::new();
    let own = |pods: &mut BTreeMap<String, Counters>, one: &Labeled, put: &dyn Fn(&mut Counters, Labeled)| {
        put(pods.entry(one.pod().to_owned()).or_insert_with(|| empty(counters)), one.clone());
    };
    for one in &counters.requests {
        own(&mut pods, one, &|of_pod, one| of_pod.requests.push(one));
    }
    for (at, part) in counters.parts.iter().enumerate() {
        for one in &part.counted {
            own(&mut pods, one, &|of_pod, one| {
                of_pod.parts.get_mut(at).into_iter().for_each(|part| part.counted.push(one.clone()))
            });
        }
    }
    pods
}

/// The same parts, and nothing in them.
fn empty(counters: &Counters) -> Counters {
    let part = |part: &Part| Part { bound: part.bound, counted: Vec::new() };
    Counters { requests: Vec::new(), parts: counters.parts.iter().map(part).collect() }
}
