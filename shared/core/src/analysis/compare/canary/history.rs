//! What Prometheus has kept of a release: raw counters of both sides, and the weights with their times.

use std::collections::BTreeMap;

use super::super::super::counters::{Millis, Series, spacing};
use super::plan::Plan;

/// How far back stable is looked at before the release begins, in milliseconds: 30 minutes.
pub const BEFORE: Millis = 1_800_000;
/// Counters are asked for from a minute before that on, so that what is born in these 30 minutes is seen to be.
const MARGIN: Millis = 60_000;
/// So many series tell how they are scraped.
const ENOUGH: usize = 64;
/// Labels that tell the replicas of a Prometheus apart where it says nothing else: those of the operator and of Thanos'
/// and Mimir's documents.
pub const REPLICA_LABELS: [&str; 3] = ["prometheus_replica", "__replica__", "__prometheus_replica__"];

/// A raw counter with its labels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Labeled {
    pub labels: BTreeMap<String, String>,
    pub series: Series,
}

/// What one side counts for a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counters {
    /// All requests.
    pub requests: Vec<Labeled>,
    /// Of an error ratio those that failed; of a histogram those that took no longer than a bound, a part a bound.
    pub parts: Vec<Part>,
}

/// One counter beside that of all requests.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Part {
    /// The histogram's bound, in the unit of the metric (seconds).
    pub bound: Option<f64>,
    pub counted: Vec<Labeled>,
}

/// Both sides of a metric.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measured {
    pub canary: Counters,
    /// From `asked_since` on.
    pub stable: Counters,
}

/// Since when which share of the requests is asked to go to canary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weight {
    pub since: Millis,
    /// From 0 to 100.
    pub percent: f64,
}

/// Since when counters are needed for a release that began at a time: always the same, so that every run comes to the same
/// verdict.
#[must_use]
pub fn asked_since(started: Millis) -> Millis {
    started.saturating_sub(BEFORE).saturating_sub(MARGIN)
}

/// A release as its counters tell it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// When the release began, in milliseconds since 1970.
    pub started: Millis,
    /// Oldest first.
    pub weights: Vec<Weight>,
    /// In the order of the plan's metrics.
    pub metrics: Vec<Measured>,
}

/// How counters are scraped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scraping {
    /// The oldest sample of anything: what begins well after it was born then.
    pub known_since: Millis,
    /// The usual time between two samples.
    pub spacing: Millis,
}

impl Counters {
    /// Requests, and those of them that failed.
    #[must_use]
    pub fn of_errors(requests: Vec<Labeled>, errors: Vec<Labeled>) -> Self {
        Self { requests, parts: vec![Part { bound: None, counted: errors }] }
    }

    /// The buckets of a histogram, told apart by their label `le`; what is `+Inf` counts all requests.
    #[must_use]
    pub fn of_histogram(buckets: Vec<Labeled>) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let mut requests = Vec::new();
        for mut one in buckets {
            let bound = one.labels.remove("le").and_then(|le| le.parse::<f64>().ok()).filter(|le| !le.is_nan());
            match bound {
                Some(le) if le.is_infinite() => requests.push(one),
                Some(le) => {
                    match parts.iter_mut().find(|part| part.bound.is_some_and(|own| own.total_cmp(&le).is_eq())) {
                        Some(part) => part.counted.push(one),
                        None => parts.push(Part { bound, counted: vec![one] }),
                    }
                }
                None => {}
            }
        }
        parts.sort_by(|one, other| one.bound.unwrap_or_default().total_cmp(&other.bound.unwrap_or_default()));
        Self { requests, parts }
    }

    /// Of a pair of Prometheus servers that scrape the same the one that has more samples (of equals the first by
    /// name), for all series, so that nothing is counted twice and no two views are mixed.
    #[must_use]
    pub fn of_one_replica(self, label: &str) -> Self {
        let mut samples: BTreeMap<String, usize> = BTreeMap::new();
        for (name, count) in self.all().filter_map(|one| Some((one.labels.get(label)?, one.series.samples.len()))) {
            let sum = samples.entry(name.clone()).or_default();
            *sum = sum.saturating_add(count);
        }
        let most = samples.into_iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| name);
        let Some(most) = most else { return self };
        let only = |series: Vec<Labeled>| -> Vec<Labeled> {
            series.into_iter().filter(|one| one.labels.get(label).is_none_or(|name| *name == most)).collect()
        };
        let parts = self.parts.into_iter().map(|part| Part { counted: only(part.counted), ..part }).collect();
        Self { requests: only(self.requests), parts }
    }

    /// The time of the newest sample of requests.
    #[must_use]
    pub fn newest(&self) -> Option<Millis> {
        self.requests.iter().filter_map(|one| one.series.samples.last()).map(|(at, _)| *at).max()
    }

    fn all(&self) -> impl Iterator<Item = &Labeled> {
        self.requests.iter().chain(self.parts.iter().flat_map(|part| &part.counted))
    }
}

impl Labeled {
    /// The pod that it is of; what is scraped where that isn't known counts as one.
    #[must_use]
    pub fn pod(&self) -> &str {
        let name = self.labels.get("pod").or_else(|| self.labels.get("instance"));
        name.map_or("", String::as_str)
    }

    fn until(&self, last: Millis) -> Series {
        Series { samples: self.series.samples.iter().copied().filter(|(at, _)| *at <= last).collect() }
    }
}

impl History {
    /// How it is scraped: by what was before the release, where there is that, so that the answer stays the same while
    /// the release goes on; to the second, since no scrape is punctual.
    #[must_use]
    pub fn scraping(&self, plan: &Plan) -> Scraping {
        let sides = || self.metrics.iter().flat_map(|one| [&one.stable, &one.canary]);
        let all = || sides().flat_map(|side| &side.requests);
        let until = |last: Millis| -> Vec<Series> { all().take(ENOUGH).map(|one| one.until(last)).collect() };
        let found = spacing(&until(self.started)).or_else(|| spacing(&until(Millis::MAX))).unwrap_or(plan.interval);
        let seconds = found.saturating_add(500).checked_div(1000).unwrap_or_default();
        let oldest = all().filter_map(|one| one.series.samples.first()).map(|(at, _)| *at).min();
        let known_since = oldest.unwrap_or(self.started).max(asked_since(self.started));
        Scraping { known_since, spacing: seconds.saturating_mul(1000).max(1000) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labeled(labels: &[(&str, &str)], samples: usize) -> Labeled {
        let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Labeled { labels, series: Series { samples: (0..samples).map(|at| (at as Millis * 15_000, 1.0)).collect() } }
    }

    /// thanos#5501 and everybody else who has two of them: what both have scraped would be counted twice.
    #[test]
    fn of_two_prometheus_servers_one_is_taken() {
        let one =
            |replica| labeled(&[("pod", "a"), ("prometheus_replica", replica)], if replica == "b" { 9 } else { 4 });
        let both = Counters::of_errors(vec![one("a"), one("b")], vec![one("a"), one("b"), labeled(&[], 1)]);
        let taken = both.of_one_replica("prometheus_replica");
        assert_eq!(taken.requests, [one("b")]);
        assert_eq!(taken.parts[0].counted, [one("b"), labeled(&[], 1)]);
        let alone = Counters::of_errors(vec![labeled(&[("pod", "a")], 2)], vec![]);
        assert_eq!(alone.clone().of_one_replica("prometheus_replica"), alone);
        let even = Counters::of_errors(vec![labeled(&[("r", "b")], 2), labeled(&[("r", "a")], 2)], vec![]);
        assert_eq!(even.of_one_replica("r").requests, [labeled(&[("r", "a")], 2)]);
    }

    #[test]
    fn buckets_are_put_in_the_order_of_their_bounds() {
        let bucket = |le, pod| labeled(&[("le", le), ("pod", pod)], 1);
        let all =
            ["+Inf", "0.5", "0.1", "10", "word", "NaN"].into_iter().flat_map(|le| [bucket(le, "a"), bucket(le, "b")]);
        let found = Counters::of_histogram(all.chain([labeled(&[("pod", "c")], 1)]).collect());
        assert_eq!(found.requests, [labeled(&[("pod", "a")], 1), labeled(&[("pod", "b")], 1)]);
        assert_eq!(found.parts.iter().map(|part| part.bound).collect::<Vec<_>>(), [Some(0.1), Some(0.5), Some(10.0)]);
        assert!(found.parts.iter().all(|part| part.counted.len() == 2));
    }

    #[test]
    fn scrapes_that_are_not_punctual_are_as_far_apart_as_they_are_meant_to_be() {
        let requests = |times: &[Millis]| {
            let samples = times.iter().map(|at| (*at, 1.0)).collect();
            let side = Counters::of_errors(vec![Labeled { series: Series { samples }, ..Labeled::default() }], vec![]);
            Measured { stable: side, canary: Counters::default() }
        };
        let plan = Plan::of(Vec::new(), 1);
        let scraped =
            |times, started| History { started, metrics: vec![requests(times)], ..History::default() }.scraping(&plan);
        assert_eq!(scraped(&[7, 15_011, 29_998, 45_002], 90_000), Scraping { known_since: 7, spacing: 15_000 });
        assert_eq!(scraped(&[0, 15_000, 30_000, 35_000, 40_000, 45_000, 50_000], 30_000).spacing, 15_000);
        assert_eq!(scraped(&[100, 5_100], 0).spacing, 5_000);
        assert_eq!(scraped(&[], 77), Scraping { known_since: 77, spacing: 15_000 });
    }
}
