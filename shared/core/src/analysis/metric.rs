//! A metric as Argo's `AnalysisTemplate` writes it down.

mod number;

#[cfg(test)]
mod tests;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use number::Number;

use super::expression::Condition;
use super::verdict::{AFTER_ERROR, Rules};
use crate::release::document::time::Time;

/// In Argo four errors in a row are borne.
const ERRORS_IN_A_ROW: u32 = 4;
/// Names stand in columns and messages.
const LONGEST_NAME: usize = 100;
/// No Prometheus takes a longer URL through an API server.
const LONGEST_QUERY: usize = 6000;
/// A measurement more often than that is a load.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);

/// A query that is asked again and again, and what its answers have to be.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Metric")]
pub struct Metric<P = Provider> {
    pub name: String,
    /// From the end of a measurement to the next; without a count for as long as the color is watched.
    pub interval: Option<Time>,
    /// From the switch to the first measurement.
    pub initial_delay: Option<Time>,
    /// So many measurements; one where there is no interval either.
    pub count: Option<Number>,
    /// More failed measurements than that fail it; 0 where nothing is said, and -1 for any number.
    pub failure_limit: Option<Number>,
    /// More inconclusive measurements than that make it inconclusive; 0 where nothing is said.
    pub inconclusive_limit: Option<Number>,
    /// More errors in a row than that fail it; 4 where nothing is said.
    pub consecutive_error_limit: Option<Number>,
    /// So many successes in a row are enough.
    pub consecutive_success_limit: Option<Number>,
    /// An expression over `result` (<https://expr-lang.org>), like `result[0] < 1`.
    pub success_condition: Option<String>,
    pub failure_condition: Option<String>,
    pub provider: P,
}

/// Whom a metric asks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Provider {
    pub prometheus: Prometheus,
}

/// A query to Prometheus.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Prometheus {
    /// Like `http://prometheus-server.monitoring:9090`; `--prometheus` wins over it.
    pub address: Option<String>,
    pub query: String,
    /// Seconds that an answer may take; 30 where nothing is said.
    #[schemars(range(min = 1, max = 3600))]
    pub timeout: Option<u32>,
}

/// Whoever can be asked.
pub trait Asked {
    /// What is wrong with the question, as far as that shows before it is asked.
    ///
    /// # Errors
    /// In words.
    fn check(&self) -> Result<(), String>;

    /// Whether the answer is numbers, and nothing by a name.
    fn answers_numbers(&self) -> bool {
        true
    }
}

impl Asked for Provider {
    fn check(&self) -> Result<(), String> {
        let Prometheus { query, timeout, .. } = &self.prometheus;
        is_query(query)?;
        match timeout {
            Some(seconds) if !(1..=3600).contains(seconds) => Err("timeout is from 1 to 3600 seconds".into()),
            _ => Ok(()),
        }
    }
}

/// Whether it can be sent.
///
/// # Errors
/// Where it is empty, or too long.
pub fn is_query(query: &str) -> Result<(), String> {
    if query.trim().is_empty() || query.len() > LONGEST_QUERY {
        return Err(format!("a query has from 1 to {LONGEST_QUERY} bytes"));
    }
    Ok(())
}

impl<P: Asked> Metric<P> {
    /// What is wrong with it, as far as that shows before anything is asked.
    ///
    /// # Errors
    /// In words that name it.
    pub fn check(&self) -> Result<(), String> {
        let wrong = |why: String| Err(format!("metric {:?}: {why}", self.name));
        if self.name.trim().is_empty() || self.name.chars().count() > LONGEST_NAME {
            return Err(format!("a metric's name has from 1 to {LONGEST_NAME} characters"));
        }
        if let Err(why) = self.limits().and_then(|()| self.times()).and_then(|()| self.provider.check()) {
            return wrong(why);
        }
        let (success, failure) = match self.conditions() {
            Ok(conditions) => conditions,
            Err(why) => return wrong(why),
        };
        match success.iter().chain(&failure).find(|condition| condition.asks_by_name()) {
            Some(one) if self.provider.answers_numbers() => {
                wrong(format!("{}: Prometheus answers numbers", one.text()))
            }
            _ => Ok(()),
        }
    }

    /// Its conditions: what has to hold, and what must not.
    ///
    /// # Errors
    /// Where one of them is none.
    pub fn conditions(&self) -> Result<(Option<Condition>, Option<Condition>), String> {
        let read = |field: &str, text: &Option<String>| {
            // To Argo an empty one is none.
            let text = text.as_deref().map(str::trim).filter(|text| !text.is_empty());
            text.map(Condition::of).transpose().map_err(|why| format!("{field}: {why}"))
        };
        Ok((read("successCondition", &self.success_condition)?, read("failureCondition", &self.failure_condition)?))
    }

    /// How its measurements are counted.
    #[must_use]
    pub fn rules(&self) -> Rules {
        let limit = |limit: Option<Number>| limit.map_or(0, Number::at_least_zero);
        let once = if self.interval.is_none() { Some(1) } else { None };
        // To Argo a count of 0 is none.
        let count = self.count.map(Number::at_least_zero).filter(|count| *count > 0).or(once);
        let failures = self.failure_limit.is_none_or(|limit| limit.0 >= 0);
        Rules {
            interval: self.interval.map(|Time(time)| time),
            initial_delay: self.initial_delay.map(|Time(time)| time).unwrap_or_default(),
            after_error: AFTER_ERROR,
            count,
            failure_limit: failures.then(|| limit(self.failure_limit)),
            inconclusive_limit: limit(self.inconclusive_limit),
            consecutive_error_limit: self.consecutive_error_limit.map_or(ERRORS_IN_A_ROW, Number::at_least_zero),
            consecutive_success_limit: limit(self.consecutive_success_limit),
        }
    }

    fn limits(&self) -> Result<(), String> {
        let all = [
            ("count", self.count),
            ("inconclusiveLimit", self.inconclusive_limit),
            ("consecutiveErrorLimit", self.consecutive_error_limit),
            ("consecutiveSuccessLimit", self.consecutive_success_limit),
        ];
        let below_zero = all.iter().find(|(_, number)| number.is_some_and(|number| number.0 < 0));
        if let Some((field, _)) = below_zero {
            return Err(format!("{field} is at least 0"));
        }
        let rules = self.rules();
        match (rules.failure_limit, rules.consecutive_success_limit) {
            _ if self.failure_limit.is_some_and(|limit| limit.0 < -1) => {
                return Err("failureLimit is at least -1".into());
            }
            (None, 0) => return Err("a failureLimit of -1 needs a consecutiveSuccessLimit".into()),
            _ => {}
        }
        let Some(count) = self.count.map(Number::at_least_zero).filter(|count| *count > 0) else { return Ok(()) };
        let least = rules.failure_limit.unwrap_or(0).saturating_add(rules.consecutive_success_limit);
        if count < least {
            return Err("count is at least failureLimit and consecutiveSuccessLimit together".into());
        }
        if count < rules.inconclusive_limit {
            return Err("count is at least inconclusiveLimit".into());
        }
        Ok(())
    }

    fn times(&self) -> Result<(), String> {
        let interval = self.interval.map(|Time(interval)| interval);
        match interval {
            Some(interval) if interval < SHORTEST_INTERVAL => Err("interval is at least 1s".into()),
            None if self.count.is_some_and(|count| count.0 > 1) => Err("a count above 1 needs an interval".into()),
            _ => Ok(()),
        }
    }
}

/// What is wrong with several, beside what is with each.
///
/// # Errors
/// In words that name a metric.
pub fn check_all<P: Asked>(metrics: &[Metric<P>]) -> Result<(), String> {
    for (at, metric) in metrics.iter().enumerate() {
        metric.check()?;
        if metrics.iter().take(at).any(|before| before.name == metric.name) {
            return Err(format!("metric {:?} is there twice", metric.name));
        }
    }
    Ok(())
}
