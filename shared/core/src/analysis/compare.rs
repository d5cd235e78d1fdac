//! Whether a version has more errors than another: a sequential test of the ratio of two error rates, on raw counters.
//!
//! For versions that serve at the same time it holds its promise whenever one looks (each alternative's likelihood ratio
//! is a supermartingale while the ratio is at most the allowed one, and so is their mean). For blue-green the color that
//! serves is held against what the other one did before the switch: an interval after it with one before it, each used
//! once. What changed with time, and not with the version, counts too: that is a guard, and no bound on false alarms is
//! claimed for it.

pub mod asked;
pub mod blue_green;
pub mod canary;

#[cfg(test)]
mod tests;

/// The ratios of the alternatives to the allowed one; how fine they are hardly matters.
pub const ALTERNATIVES: [f64; 6] = [2.0, 4.0, 8.0, 16.0, 32.0, 64.0];
/// How unlikely the evidence has to be where nothing is wrong: one in a hundred.
pub const ALPHA: f64 = 0.01;

/// What one side did in one interval.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counted {
    pub requests: f64,
    pub errors: f64,
}

impl Counted {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { requests: self.requests + other.requests, errors: self.errors + other.errors }
    }

    /// Errors without the requests that they were of are no evidence.
    fn sound(self) -> Self {
        Self { requests: self.requests.max(self.errors), ..self }
    }
}

/// An interval of the version that is judged, and one of what it is held against.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Pair {
    pub judged: Counted,
    pub against: Counted,
}

/// The logarithm of the evidence that the error rate is more than `allowed` times the other's, over one grid of
/// alternatives. Where it reaches `ln(1/alpha)` that is so.
#[must_use]
pub fn evidence_over(pairs: &[Pair], allowed: f64, alternatives: &[f64]) -> f64 {
    let of_one = |times: f64| pairs.iter().map(|pair| ratio_of(pair, allowed, allowed * times)).sum::<f64>();
    let all: Vec<f64> = alternatives.iter().map(|times| of_one(*times)).collect();
    mean_of_logs(&all)
}

/// The same over the usual grid.
#[must_use]
pub fn evidence(pairs: &[Pair], allowed: f64) -> f64 {
    evidence_over(pairs, allowed, &ALTERNATIVES)
}

/// Whether that is enough.
#[must_use]
pub fn is_enough(evidence: f64, alpha: f64) -> bool {
    evidence >= -alpha.ln()
}

/// ln of the likelihood ratio of one alternative to the allowed ratio, given how many errors there were in all.
fn ratio_of(pair: &Pair, allowed: f64, alternative: f64) -> f64 {
    let (judged, against) = (pair.judged.sound(), pair.against.sound());
    let all = judged.errors + against.errors;
    if all <= 0.0 || judged.requests <= 0.0 || against.requests <= 0.0 {
        return 0.0;
    }
    let share = |ratio: f64| ratio * judged.requests + against.requests;
    judged.errors * (alternative / allowed).ln() - all * (share(alternative) / share(allowed)).ln()
}

fn mean_of_logs(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a handful")]
    let count = logs.len() as f64;
    let sum: f64 = logs.iter().map(|log| (log - most).exp()).sum();
    most + (sum / count).ln()
}
