//! How errors come: one by one, or in clumps.

use super::super::Counted;
use super::gamma::ln_rising;
use super::interval::Interval;

/// Fewer intervals than this say nothing about clumps.
const FEWEST: f64 = 20.0;
/// Of more errors in an interval than this it isn't reckoned what they would come to one by one.
const MOST: f64 = 256.0;
/// Beyond these a sum would be lost in rounding: the logarithm of its least term, and its largest one.
const SMALLEST: f64 = -600.0;
const LARGEST: f64 = 1e200;
/// Errors are never taken to be calmer than this; a measured dispersion is taken a quarter higher than it was.
const CALMEST: f64 = 1.2;
const MARGIN: f64 = 1.25;

/// How errors are spread over canary and stable, given how many there are in all.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Each for itself: a Poisson process, whose rate may change as it likes. The bound on false alarms is proven.
    OneByOne,
    /// In clumps, as stable's errors came before the release: the bound is a model's.
    Clumps(Clumps),
}

/// How stable's errors came before the release.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clumps {
    /// Errors a request.
    pub usual: f64,
    /// Variance of the errors of an interval over their mean, with a margin; more than 1.
    pub dispersion: f64,
}

impl Law {
    /// By what stable did in the intervals before the release (30 minutes of them); one by one where they are too few
    /// to tell.
    #[must_use]
    pub fn measured(before: &[Counted]) -> Self {
        let served = || before.iter().map(|one| one.sound()).filter(|one| one.requests > 0.0);
        let how_many: f64 = served().map(|_| 1.0).sum();
        let all = served().fold(Counted::default(), Counted::and);
        if how_many < FEWEST {
            return Self::OneByOne;
        }
        // None seen is no rate of zero.
        let usual = ((all.errors + 1.0) / all.requests).min(1.0);
        let rate = all.errors / all.requests;
        let deviation = |one: Counted| (one.errors - rate * one.requests).powi(2) / (rate * one.requests);
        let dispersion = if rate > 0.0 { served().map(deviation).sum::<f64>() / (how_many - 1.0) } else { 1.0 };
        Self::Clumps(Clumps { usual, dispersion: (MARGIN * dispersion).max(CALMEST) })
    }

    /// ln of the likelihood of how the errors of an interval are shared, given their sum, if canary's rate is `ratio`
    /// times stable's; up to what is the same for all ratios.
    ///
    /// One by one canary's errors are Binomial(E, ρ n_c / (ρ n_c + n_s)). In clumps they are
    /// BetaBinomial(E, ρ s A, (1 − s) A) with s = n_c / (n_c + n_s) and A = mean / (dispersion − 1), which is what
    /// two negative binomial counts of one dispersion are: one clump has one vote.
    #[must_use]
    pub fn likelihood(&self, interval: &Interval, ratio: f64) -> f64 {
        let (canary, stable) = interval.sound();
        let errors = canary.errors + stable.errors;
        if errors <= 0.0 || canary.requests <= 0.0 || stable.requests <= 0.0 {
            return 0.0;
        }
        match self {
            Self::OneByOne => canary.errors * ratio.ln() - errors * (ratio * canary.requests + stable.requests).ln(),
            Self::Clumps(clumps) => {
                let votes = clumps.votes();
                let (of_canary, of_stable) = (ratio * canary.requests * votes, stable.requests * votes);
                ln_rising(of_canary, canary.errors) - ln_rising(of_canary + of_stable, errors)
            }
        }
    }

    /// Variance over mean of the errors of an interval, as it is reckoned with.
    #[must_use]
    pub fn dispersion(&self) -> f64 {
        match self {
            Self::OneByOne => 1.0,
            Self::Clumps(clumps) => clumps.dispersion,
        }
    }
}

impl Clumps {
    fn votes(&self) -> f64 {
        self.usual / (self.dispersion - 1.0)
    }

    /// ln of what the likelihood ratio of clumps has for a mean if canary's errors come one by one, and its rate is
    /// `allowed` times stable's: the sum over all e of Binomial(E, θ)(e) × (a')ₑ / (a)ₑ × (a + b)_E / (a' + b)_E, where
    /// (x)ₙ = x (x + 1) … (x + n − 1). More than 0 is what the ratio has to be held down by. None where errors are too
    /// many, or aren't whole.
    #[must_use]
    pub fn excess(&self, interval: &Interval, alternative: f64, allowed: f64) -> Option<f64> {
        let (canary, stable) = interval.sound();
        let errors = canary.errors + stable.errors;
        if errors <= 1.0 || canary.requests <= 0.0 || stable.requests <= 0.0 {
            // One error is one vote by any law.
            return Some(0.0);
        }
        let share = allowed * canary.requests / (allowed * canary.requests + stable.requests);
        // ln of the probability of e = 0, which is where the sum begins.
        let none = errors * (1.0 - share).ln();
        if errors > MOST || canary.errors.fract() != 0.0 || stable.errors.fract() != 0.0 || none < SMALLEST {
            return None;
        }
        let (of_canary, of_stable) = (canary.requests * self.votes(), stable.requests * self.votes());
        let (mut at, mut term, mut sum, mut scale) = (0.0, none.exp(), 0.0, 0.0);
        while at <= errors {
            sum += term;
            let next_of_binomial = (errors - at) / (at + 1.0) * share / (1.0 - share);
            term *= next_of_binomial * (alternative * of_canary + at) / (allowed * of_canary + at);
            at += 1.0;
            if term > LARGEST {
                (term, sum, scale) = (term / LARGEST, sum / LARGEST, scale + LARGEST.ln());
            }
        }
        let whole = |ratio: f64| ln_rising(ratio * of_canary + of_stable, errors);
        Some(f64::ln(sum) + scale + whole(allowed) - whole(alternative))
    }
}
