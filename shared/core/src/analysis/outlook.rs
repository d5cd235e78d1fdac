//! What can be said of a metric before anything is asked: when it fails, and what it can't see.

mod query;

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use super::argo::provider::CanaryMetric;
use super::argo::run::measured_in_its_step;
use super::promql::Query;
use super::verdict::Rules;
use crate::duration::short_duration;

/// What a query may be told by.
#[derive(Debug, Clone, Copy)]
pub struct Words<'w> {
    /// The Service, the workload, what its pods are labelled with: any of them selects it.
    pub service: &'w [&'w str],
    /// What only the canary has: its own Service, its hash, its subset, its label's value.
    pub canary: &'w [&'w str],
}

/// Where and how long a metric is measured.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// From its first measurement on to the end of the run.
    pub lasts: Duration,
    /// How long the weight of its step is in force; nothing in the background.
    pub step: Option<Duration>,
}

/// One thing that its author may not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remark {
    /// The failure that counts, and when it comes at the earliest.
    FailsWith { failure: u32, at: Duration },
    /// There are no more measurements than may fail.
    CanNotFail { measurements: u32, limit: u32 },
    /// Argo rejects it at a step; this many are measured there.
    EndlessAtAStep { measurements: u32 },
    /// It is asked of everybody.
    NoSelector,
    /// Of the canary no less than of the stable version.
    WholeService,
    /// It sees what was before its step.
    LooksBackFurther { range: Duration, step: Duration },
    /// While nothing fails there is no such series.
    EmptyInHealthyTimes,
}

/// All that can be said of a metric.
#[must_use]
pub fn remarks(metric: &CanaryMetric, place: Place, words: Words<'_>) -> Vec<Remark> {
    let rules = metric.rules();
    let mut found = of_rules(&rules, place);
    let text = metric.provider.prometheus.as_ref().map(|prometheus| prometheus.query.as_str());
    let Some(query) = text.and_then(Query::of) else { return found };
    found.extend(query::seen(&query, words));
    if let Some(step) = place.step
        && let Some(range) = query.ranges.iter().max().filter(|range| **range > step)
    {
        found.push(Remark::LooksBackFurther { range: *range, step });
    }
    let (success, failure) = metric.conditions().unwrap_or_default();
    let is_told = success.iter().chain(&failure).any(|condition| condition.tells_of_empty());
    if !is_told && query::is_empty_in_healthy_times(&query) {
        found.push(Remark::EmptyInHealthyTimes);
    }
    found
}

fn of_rules(rules: &Rules, place: Place) -> Vec<Remark> {
    let Some(limit) = rules.failure_limit else { return Vec::new() };
    let measurements = measurements(rules, place.lasts);
    let endless = measured_in_its_step(rules).filter(|_| place.step.is_some());
    let mut found: Vec<Remark> =
        endless.map(|measurements| Remark::EndlessAtAStep { measurements }).into_iter().collect();
    found.push(if measurements <= limit {
        Remark::CanNotFail { measurements, limit }
    } else {
        Remark::FailsWith { failure: limit.saturating_add(1), at: failure_at(rules, limit.saturating_add(1)) }
    });
    found
}

/// When a failure comes at the earliest, from the run's start on: the first at the first measurement.
#[must_use]
pub fn failure_at(rules: &Rules, failure: u32) -> Duration {
    let between = rules.interval.unwrap_or_default().saturating_mul(failure.saturating_sub(1));
    rules.initial_delay.saturating_add(between)
}

/// How often it is measured in that time.
#[must_use]
pub fn measurements(rules: &Rules, lasts: Duration) -> u32 {
    let interval = rules.interval.unwrap_or_default().as_millis();
    let possible = lasts.as_millis().checked_div(interval).unwrap_or_default().saturating_add(1);
    let possible = u32::try_from(possible).unwrap_or(u32::MAX);
    rules.count.map_or(possible, |count| if interval == 0 { count } else { count.min(possible) })
}

impl Remark {
    /// What would mend it, for the metric of this name.
    #[must_use]
    pub fn mend(&self, metric: &str) -> Option<String> {
        Some(match self {
            Self::FailsWith { failure: 1, .. } => return None,
            Self::FailsWith { failure, .. } => {
                format!("--set {metric}.failureLimit={} for one earlier", failure.saturating_sub(2))
            }
            Self::CanNotFail { measurements, .. } => {
                format!("--set {metric}.failureLimit={}, or a smaller one", measurements.saturating_sub(1))
            }
            Self::EndlessAtAStep { .. } => format!("--set {metric}.count=N for an end"),
            Self::NoSelector => "name the service in a label of the query".to_owned(),
            Self::WholeService => "name what only the canary's pods have, like version, or compare".to_owned(),
            Self::LooksBackFurther { step, .. } => format!("a range of at most {}", short_duration(*step)),
            Self::EmptyInHealthyTimes => {
                "`or vector(0)` behind the errors, `len(result) == 0 || …`, or --no-data=zero".to_owned()
            }
        })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailsWith { failure, at } => {
                let limit = failure.saturating_sub(1);
                write!(f, "failureLimit {limit}: the {} failure fails it, at {} at the earliest", ordinal(*failure), short_duration(*at))
            }
            Self::CanNotFail { measurements, limit } => {
                write!(f, "it can't fail: {measurements} measured, and {limit} may fail")
            }
            Self::EndlessAtAStep { measurements } => {
                write!(f, "an interval without a count: {measurements} measured in its step, and on to the end; failures add up")
            }
            Self::NoSelector => f.write_str("the query names nothing of this service: it is asked of all of them"),
            Self::WholeService => f.write_str(
                "the query counts the whole service: what the canary does is diluted by all that the stable version does",
            ),
            Self::LooksBackFurther { range, step } => write!(
                f,
                "the query looks back {}, and its step lasts {}: it sees what was before",
                short_duration(*range),
                short_duration(*step)
            ),
            Self::EmptyInHealthyTimes => f.write_str("the answer is empty while nothing fails: there is no such series then"),
        }
    }
}

fn ordinal(number: u32) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        4 => "fourth".to_owned(),
        5 => "fifth".to_owned(),
        other => format!("{other}th"),
    }
}
