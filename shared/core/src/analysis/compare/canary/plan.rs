//! What is compared, what is promised, and how sure one has to be.

use super::super::super::counters::Millis;
use super::hypothesis::allowed_by_success;

#[cfg(test)]
mod tests;

/// Of `false_alarms` so much is for the weight in force: 0.1 % of 1 %.
const OF_SPLIT: f64 = 0.1;
/// More fresh starts than this aren't kept.
const MOST_STARTS: usize = 64;

/// What canary has to hold against stable.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Promise {
    /// Its error rate is at most `allowed` times stable's.
    ErrorRatio { allowed: f64 },
    /// Its success rate is at least `kept` times stable's: p_c ≤ 1 − kept (1 − p_s).
    SuccessRate { kept: f64 },
    /// At every bound of the histogram its requests are at most `slower` times as slow as stable's. `quantile` is what
    /// is told, and where good behaviour is proven.
    Latency { slower: f64, quantile: f64 },
}

/// One metric under the promise of the release.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub name: String,
    pub promise: Promise,
    /// Its part of the release's false alarms, in proportion to those of the other metrics.
    pub share: f64,
    /// An absolute bound of the rate (an SLO): above it the release is held, and nobody blamed. Without one it is five
    /// times stable's usual rate of errors, at least 1 %.
    pub bound: Option<f64>,
}

/// How a release is compared. With the counters it is all that a verdict depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub metrics: Vec<Metric>,
    /// How likely it may be that a release which changed nothing is aborted, however often one looks: 0.01.
    pub false_alarms: f64,
    /// How many weights the release has between 0 and 100: as many fresh starts are averaged.
    pub starts: usize,
    /// So long after its first request a pod is left out, in milliseconds.
    pub warm_up: Millis,
    /// How long an interval is at least, in milliseconds; it is as long as scrapes are apart where those are rarer.
    pub interval: Millis,
    pub proof: Proof,
}

/// When good behaviour is proven.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Proof {
    /// Errors, or requests slower than the quantile's bound, are less than so many times stable's.
    pub ruled_out: f64,
    /// How likely it may be that a step with so bad a canary ends early.
    pub alpha: f64,
}

impl Default for Proof {
    fn default() -> Self {
        Self { ruled_out: 2.0, alpha: 0.05 }
    }
}

impl Plan {
    /// The usual one: 1 % false alarms, intervals of 15 s, no warm-up.
    #[must_use]
    pub fn of(metrics: Vec<Metric>, starts: usize) -> Self {
        Self { metrics, false_alarms: 0.01, starts, warm_up: 0, interval: 15_000, proof: Proof::default() }
    }

    /// What of the false alarms is for metrics.
    #[must_use]
    pub fn alpha(&self) -> f64 {
        self.false_alarms * (1.0 - OF_SPLIT)
    }

    /// What of them is for the weight in force, at each of its changes.
    #[must_use]
    pub fn alpha_of_split(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "at most 64")]
        let starts = self.starts() as f64;
        self.false_alarms * OF_SPLIT / starts
    }

    /// Fresh starts, at least one.
    #[must_use]
    pub fn starts(&self) -> usize {
        self.starts.clamp(1, MOST_STARTS)
    }

    /// A metric's part of all, from 0 to 1.
    #[must_use]
    pub fn share(&self, metric: usize) -> f64 {
        let all: f64 = self.metrics.iter().map(|one| one.share.max(0.0)).sum();
        let own = self.metrics.get(metric).map_or(0.0, |one| one.share.max(0.0));
        if all > 0.0 { own / all } else { 0.0 }
    }
}

impl Metric {
    /// As it is typed: `error-rate=1.25`, `success-rate=0.99`, `p99-latency=1.2`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &str) -> Result<Self, String> {
        let (name, value) = text.split_once('=').ok_or_else(|| format!("{text} has no value, like {EXAMPLES}"))?;
        let (name, value) = (name.trim(), value.trim());
        let number: f64 = value.parse().map_err(|_| format!("{value} is no number"))?;
        let within = |low: f64, high: f64| {
            let is_in = (low..=high).contains(&number);
            if is_in { Ok(number) } else { Err(format!("{name} is from {low} to {high}, not {value}")) }
        };
        let promise = match name {
            "error-rate" => Promise::ErrorRatio { allowed: within(1.0, 1000.0)? },
            "success-rate" => Promise::SuccessRate { kept: within(0.01, 1.0)? },
            other => {
                let quantile = quantile(other).ok_or_else(|| format!("{name} isn't compared: {EXAMPLES} are"))?;
                Promise::Latency { slower: within(1.0, 100.0)?, quantile }
            }
        };
        Ok(Self { name: name.to_owned(), promise, share: 1.0, bound: None })
    }
}

const EXAMPLES: &str = "error-rate=1.25, success-rate=0.99 and p99-latency=1.2";

/// That of `p99-latency` or `p99.9-latency`.
fn quantile(name: &str) -> Option<f64> {
    let digits = name.strip_prefix('p')?.strip_suffix("-latency")?;
    let is_plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let quantile = digits.parse::<f64>().ok().filter(|_| is_plain)? / 100.0;
    (0.0 < quantile && quantile < 1.0).then_some(quantile)
}

/// Which of two promises is the harder one where stable's error rate is `usual`, and how many times that rate it allows.
#[must_use]
pub fn bites_first(metrics: &[Metric], usual: f64) -> Option<(&Metric, f64)> {
    let allowed = |metric: &Metric| match metric.promise {
        Promise::ErrorRatio { allowed } => Some(allowed),
        Promise::SuccessRate { kept } => Some(allowed_by_success(kept, usual)),
        Promise::Latency { .. } => None,
    };
    let all = metrics.iter().filter_map(|metric| Some((metric, allowed(metric)?)));
    all.min_by(|(_, one), (_, other)| one.total_cmp(other))
}
