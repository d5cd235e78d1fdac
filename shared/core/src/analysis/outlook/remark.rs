//! What is said of a metric, and what mends it.

use std::fmt;
use std::time::Duration;

use crate::duration::short_duration;

/// What a query may be told by.
#[derive(Debug, Clone, Copy)]
pub struct Words<'w> {
    /// The Service, the workload, what its pods are labelled with: any of them selects it.
    pub service: &'w [&'w str],
    /// What only the canary has: its own Service, its hash, its subset, its label's value.
    pub canary: &'w [&'w str],
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
