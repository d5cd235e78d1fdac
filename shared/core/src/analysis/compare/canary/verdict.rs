//! How a canary stands.

use super::super::super::counters::Millis;
use super::super::Counted;
use super::hold::Hold;
use super::latency::Quantile;
use super::law::Law;
use super::ratio::Ratio;
use super::split::Split;
use super::walk::Crossing;

/// The verdict on a canary by its history.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub decision: Decision,
    /// How likely evidence like this is if the release changed nothing, however often one has looked.
    pub p: f64,
    /// ln of the evidence of all metrics together, and how much of it is enough.
    pub evidence: f64,
    pub needed: f64,
    /// In the order of the plan's metrics.
    pub metrics: Vec<Standing>,
    /// Canary's share of the requests, where both sides serve.
    pub split: Option<Split>,
    /// A fault that is going on and that nobody is blamed for.
    pub hold: Option<Hold>,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// Canary is worse than is allowed.
    Worse(Crossing),
    /// Every metric is proven not to be as bad as the plan rules out, since then; a step may end.
    NotWorse(Millis),
    /// Neither is proven.
    Open,
    /// Nothing can be said: no verdict, and never a good one.
    Unknown(Nothing),
}

/// Why nothing can be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// There are no counters of the metric.
    NoCounters,
    /// No interval with both sides is over yet.
    NotYet,
    /// There are no new samples of canary.
    SilentCanary,
    /// There are no new samples of stable.
    SilentStable,
    /// Canary has served nobody since the weight changed.
    IdleCanary,
    /// Stable has served nobody since the weight changed.
    IdleStable,
}

impl Nothing {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NoCounters => "Prometheus has no counters of it",
            Self::NotYet => "no interval in which both sides serve is over yet",
            Self::SilentCanary => "Prometheus has no new samples of canary",
            Self::SilentStable => "Prometheus has no new samples of stable",
            Self::IdleCanary => "no requests of canary were counted at this weight",
            Self::IdleStable => "no requests of stable were counted at this weight",
        }
    }
}

/// How one metric stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub name: String,
    pub stand: Stand,
    /// Of latency: the bound that is told, which is the one that speaks loudest, and whether requests that took no longer
    /// are counted.
    pub bound: Option<(f64, bool)>,
    /// Since the release began: for telling, since sums over different weights prove nothing.
    pub canary: Counted,
    pub stable: Counted,
    /// The largest ratio (of what is below a bound the least) that is allowed; none where nothing is known of it.
    pub allowed: Option<f64>,
    /// Where the ratio lies, at 95 %.
    pub ratio: Ratio,
    /// ln of this metric's evidence.
    pub evidence: f64,
    pub law: Law,
    /// Of latency: where the quantile lies, of canary and of stable, at 95 %.
    pub quantile: Option<(Quantile, Quantile)>,
}

/// What is known of one metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Stand {
    /// It is the one that decided.
    Worse,
    /// Proven not to be as bad as the plan rules out, since then.
    NotWorse(Millis),
    Open,
    Unknown(Nothing),
}
