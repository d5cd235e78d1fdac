//! From measurements to a verdict, by Argo's exact rules; where it must not be a pass without evidence, by stricter ones.
//!
//! Argo lets a metric that was never measured, or that has no end, succeed once it is terminated. At the end of a watch
//! that would be a pass without evidence: [`Ending::TimeOver`] calls it inconclusive.

#[cfg(test)]
mod reported;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::expression::{Answer, Condition};

/// After an error Argo asks again so soon, whatever the interval is.
pub const AFTER_ERROR: Duration = Duration::from_secs(10);

/// How a measurement, a metric or a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub enum Phase {
    Running,
    Successful,
    Inconclusive,
    Error,
    Failed,
}

impl Phase {
    /// No further measurement changes it.
    #[must_use]
    pub fn is_final(self) -> bool {
        self != Self::Running
    }

    /// The worst decides: Failed, Error, Inconclusive, then Successful; who isn't done comes before that.
    fn weight(self) -> u8 {
        match self {
            Self::Successful => 0,
            Self::Running => 1,
            Self::Inconclusive => 2,
            Self::Error => 3,
            Self::Failed => 4,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Running => "running",
            Self::Successful => "successful",
            Self::Inconclusive => "inconclusive",
            Self::Error => "error",
            Self::Failed => "failed",
        })
    }
}

/// How a metric's measurements are counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    pub interval: Option<Duration>,
    pub initial_delay: Duration,
    /// From an error to the next measurement.
    pub after_error: Duration,
    /// None where it has no end.
    pub count: Option<u32>,
    /// None where any number may fail.
    pub failure_limit: Option<u32>,
    pub inconclusive_limit: u32,
    pub consecutive_error_limit: u32,
    pub consecutive_success_limit: u32,
}

/// What one question came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    pub phase: Phase,
    /// What was answered, or why nothing can be said of it.
    pub told: String,
    pub at: Timestamp,
}

/// Whether further measurements are to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Open,
    /// Another metric has decided: nothing more is measured (Argo's rule).
    Terminated,
    /// The watch is over: what has no evidence is inconclusive.
    TimeOver,
}

/// How often what was measured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub successful: u32,
    pub failed: u32,
    pub inconclusive: u32,
    pub errors: u32,
    pub errors_in_a_row: u32,
    pub successes_in_a_row: u32,
}

impl Counts {
    /// Of these measurements.
    #[must_use]
    pub fn of(measurements: &[Measurement]) -> Self {
        let mut counts = Self::default();
        for measurement in measurements {
            counts.add(measurement.phase);
        }
        counts
    }

    fn add(&mut self, phase: Phase) {
        let up = |count: &mut u32| *count = count.saturating_add(1);
        // An error ends a row of successes, any other measurement a row of errors.
        match phase {
            Phase::Running => return,
            Phase::Error => {
                up(&mut self.errors);
                up(&mut self.errors_in_a_row);
                self.successes_in_a_row = 0;
                return;
            }
            Phase::Successful => {
                up(&mut self.successful);
                up(&mut self.successes_in_a_row);
            }
            Phase::Failed => {
                up(&mut self.failed);
                self.successes_in_a_row = 0;
            }
            Phase::Inconclusive => {
                up(&mut self.inconclusive);
                self.successes_in_a_row = 0;
            }
        }
        self.errors_in_a_row = 0;
    }

    /// Errors are no measurements.
    #[must_use]
    pub fn counted(&self) -> u32 {
        self.successful.saturating_add(self.failed).saturating_add(self.inconclusive)
    }
}

impl Rules {
    /// How a metric stands by its measurements so far.
    #[must_use]
    pub fn phase(&self, measurements: &[Measurement], ending: Ending) -> Phase {
        let counts = Counts::of(measurements);
        if let Some(phase) = self.ended_badly(&counts) {
            return phase;
        }
        let enough = self.consecutive_success_limit;
        if enough > 0 && counts.successes_in_a_row >= enough {
            return Phase::Successful;
        }
        if self.count.is_some_and(|count| counts.counted() >= count) {
            return match (enough, self.failure_limit) {
                // To Argo tolerated failures alone are a success.
                (0, _) if counts.successful == 0 => Phase::Inconclusive,
                (0, _) => Phase::Successful,
                (_, Some(_)) => Phase::Inconclusive,
                (_, None) => Phase::Failed,
            };
        }
        match ending {
            Ending::Open => Phase::Running,
            Ending::Terminated => Phase::Successful,
            Ending::TimeOver => self.at_the_end(&counts),
        }
    }

    /// Within a metric an error outweighs an inconclusive end, and that a failed one, as in Argo.
    fn ended_badly(&self, counts: &Counts) -> Option<Phase> {
        if counts.errors_in_a_row > self.consecutive_error_limit {
            return Some(Phase::Error);
        }
        if counts.inconclusive > self.inconclusive_limit {
            return Some(Phase::Inconclusive);
        }
        self.failure_limit.filter(|limit| counts.failed > *limit).map(|_| Phase::Failed)
    }

    /// A metric without an end passes by what was measured last; one that was cut off, or whose answers have ceased,
    /// doesn't.
    fn at_the_end(&self, counts: &Counts) -> Phase {
        let is_endless = self.count.is_none() && self.consecutive_success_limit == 0;
        let has_evidence = counts.successful > 0 && counts.errors_in_a_row == 0;
        if is_endless && has_evidence { Phase::Successful } else { Phase::Inconclusive }
    }

    /// When it is measured next: from the end of the last measurement on.
    #[must_use]
    pub fn next(&self, measurements: &[Measurement], started: Timestamp) -> Timestamp {
        let after = |from: Timestamp, time: Duration| from.checked_add(time).unwrap_or(Timestamp::MAX);
        match measurements.last() {
            None => after(started, self.initial_delay),
            Some(last) if last.phase == Phase::Error => after(last.at, self.after_error),
            Some(last) => after(last.at, self.interval.unwrap_or_default()),
        }
    }

    /// The same with everything that is waited for so many times as short.
    #[must_use]
    pub fn scaled(&self, times: u32) -> Self {
        let shorter = |time: Duration| time.checked_div(times).unwrap_or(time);
        Self {
            interval: self.interval.map(shorter),
            initial_delay: shorter(self.initial_delay),
            after_error: shorter(self.after_error),
            ..self.clone()
        }
    }

    /// How long it takes where every measurement is one at once; nothing where it has no end.
    #[must_use]
    pub fn takes(&self) -> Option<Duration> {
        let between = self.count?.saturating_sub(1);
        let all = self.interval.unwrap_or_default().saturating_mul(between);
        Some(self.initial_delay.saturating_add(all))
    }
}

/// What an answer is to a metric's conditions.
///
/// # Errors
/// Why that can't be said: an error by Argo's rules.
pub fn judge(success: Option<&Condition>, failure: Option<&Condition>, answer: &Answer) -> Result<Phase, String> {
    let holds = |condition: Option<&Condition>| condition.map(|condition| condition.holds(answer)).transpose();
    Ok(match (holds(success)?, holds(failure)?) {
        (None, None) => Phase::Successful,
        (_, Some(true)) | (Some(false), None) => Phase::Failed,
        (Some(true), _) | (None, Some(false)) => Phase::Successful,
        (Some(false), Some(false)) => Phase::Inconclusive,
    })
}

/// The verdict of a run: the worst of its metrics.
#[must_use]
pub fn of_run(phases: &[Phase]) -> Phase {
    phases.iter().copied().max_by_key(|phase| phase.weight()).unwrap_or(Phase::Successful)
}
