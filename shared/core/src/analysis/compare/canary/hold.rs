//! Whether errors are too many whoever is to blame: then a release waits, and nobody is blamed.

use super::super::mean_of_logs;
use super::super::{ALTERNATIVES, Counted};
use super::plan::Metric;
use super::question::Question;

/// So many intervals back, a minute: a fault that is over holds nothing.
const LOOKED_AT: usize = 4;
/// How unlikely the evidence has to be at one look.
const ALPHA: f64 = 0.001;
/// Where no bound is asked for: so many times stable's usual rate, and at least so much.
const TIMES_USUAL: f64 = 5.0;
const LEAST: f64 = 0.01;

/// A fault that is going on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hold {
    /// The plan's metric.
    pub metric: usize,
    pub bound: f64,
    pub fault: Fault,
    /// The last minute.
    pub canary: Counted,
    pub stable: Counted,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Stable has it, too (or alone): a dependency, the network, a burst of bad requests.
    Shared,
    /// Only canary is above the bound that was asked for, and it is not proven that it is worse than stable.
    OnlyCanary,
}

/// The first metric whose errors are above their bound in the last minute.
#[must_use]
pub fn hold(questions: &[Question], metrics: &[Metric]) -> Option<Hold> {
    questions.iter().filter(|question| question.bound.is_none()).find_map(|question| {
        let asked = metrics.get(question.metric)?.bound;
        let usual = question.usual.unwrap_or(LEAST);
        let bound = asked.unwrap_or_else(|| (TIMES_USUAL * usual).max(LEAST)).clamp(1e-9, 0.999);
        let last = || question.intervals.iter().rev().take(LOOKED_AT);
        let canary = last().map(|one| one.canary).fold(Counted::default(), Counted::and);
        let stable = last().map(|one| one.stable).fold(Counted::default(), Counted::and);
        let is_above = |side: Counted| above(side, bound) >= -ALPHA.ln();
        let fault = match (is_above(stable), asked.is_some() && is_above(canary)) {
            (true, _) => Fault::Shared,
            (false, true) => Fault::OnlyCanary,
            (false, false) => return None,
        };
        Some(Hold { metric: question.metric, bound, fault, canary, stable })
    })
}

/// ln of the evidence that a rate is above a bound: errors are Binomial(n, bound) against odds of 2 to 64 times that.
#[must_use]
pub fn above(counted: Counted, bound: f64) -> f64 {
    let sound = counted.sound();
    mean_of_logs(
        &ALTERNATIVES.map(|odds| sound.errors * odds.ln() - sound.requests * (1.0 - bound + bound * odds).ln()),
    )
}

#[cfg(test)]
mod tests {
    use super::super::hypothesis::Hypothesis;
    use super::super::interval::Interval;
    use super::super::law::Law;
    use super::*;

    fn held(canary: f64, stable: f64, bound: Option<f64>) -> Option<Fault> {
        let side = |requests: f64, rate: f64| Counted { requests, errors: requests * rate };
        let good = Interval { canary: side(40.0, 0.0), stable: side(700.0, 0.002) };
        let now = Interval { canary: side(40.0, canary), stable: side(700.0, stable) };
        let question = Question {
            metric: 0,
            bound: None,
            share: 1.0,
            hypothesis: Hypothesis::worse(1.25),
            law: Law::OneByOne,
            usual: Some(0.002),
            proof: None,
            intervals: [vec![good; 20], vec![now; 4]].concat(),
        };
        let metric = Metric { bound, ..Metric::read("error-rate=1.25").expect("a metric") };
        hold(&[question], &[metric]).map(|hold| hold.fault)
    }

    #[test]
    fn what_both_sides_share_holds_and_blames_nobody() {
        assert_eq!(held(0.10, 0.10, None), Some(Fault::Shared));
        assert_eq!(held(0.0, 0.10, None), Some(Fault::Shared));
        assert_eq!(held(0.002, 0.004, None), None);
        assert_eq!(held(0.5, 0.002, None), None, "that is for the ratio to say");
        assert_eq!(held(0.25, 0.002, Some(0.02)), Some(Fault::OnlyCanary));
        assert_eq!(held(0.02, 0.02, Some(0.02)), None, "at the bound");
    }
}
