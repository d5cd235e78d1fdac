//! What can be said of a metric before anything is asked: when it fails, and what it can't see.

mod query;
mod remark;

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::argo::provider::CanaryMetric;
use super::argo::run::measured_in_its_step;
use super::promql::Query;
use super::verdict::Rules;
pub use remark::{Remark, Words};

/// Where and how long a metric is measured.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// From its first measurement on to the end of the run.
    pub lasts: Duration,
    /// How long the weight of its step is in force; nothing in the background.
    pub step: Option<Duration>,
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
