//! Evidence against a hypothesis: six numbers, folded interval by interval.

use super::super::mean_of_logs;
use super::hypothesis::{HOW_MANY, Hypothesis};
use super::interval::Interval;
use super::law::Law;

/// ln of the likelihood ratio of each alternative to what is held to be so. It adds up over intervals, in any order.
///
/// While the hypothesis is true each of them is the logarithm of a supermartingale that begins at 1, and so is their
/// mean: that it ever reaches 1/α has at most the probability α, however often one looks (Ville's inequality).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Evidence {
    logs: [f64; HOW_MANY],
}

impl Evidence {
    /// One interval more.
    #[must_use]
    pub fn fold(self, interval: &Interval, hypothesis: &Hypothesis, law: &Law) -> Self {
        self.and(Self { logs: hypothesis.alternatives.map(|ratio| of_one(interval, hypothesis, law, ratio)) })
    }

    /// That of two stretches of time.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let mut logs = self.logs;
        for (log, more) in logs.iter_mut().zip(other.logs) {
            *log += more;
        }
        Self { logs }
    }

    /// What has come since then.
    #[must_use]
    pub fn since(self, then: Self) -> Self {
        self.and(Self { logs: then.logs.map(|log| -log) })
    }

    /// ln of the mean over the alternatives.
    #[must_use]
    pub fn ln(self) -> f64 {
        mean_of_logs(&self.logs)
    }
}

/// One by one it is the exact likelihood ratio. In clumps it is what a model of clumps makes of it, held down so far that
/// it holds for errors that come one by one as well, whatever their rate does: the model alone would not where errors are
/// calmer than it takes them to be (a drift of the base rate looks like clumps). It would grow by itself then, for a day.
fn of_one(interval: &Interval, hypothesis: &Hypothesis, law: &Law, ratio: f64) -> f64 {
    let by = |law: &Law| law.likelihood(interval, ratio) - law.likelihood(interval, hypothesis.allowed);
    match (hypothesis.kept, law) {
        (None, Law::OneByOne) => by(law),
        (None, Law::Clumps(clumps)) => match clumps.excess(interval, ratio, hypothesis.allowed) {
            Some(excess) => by(law) - excess.max(0.0),
            None => by(law).min(by(&Law::OneByOne)),
        },
        (Some(kept), Law::OneByOne) => of_success(interval, hypothesis.allowed, ratio, kept),
        // The less of two supermartingales is one by the proof of the one as well as by the model of the other.
        (Some(kept), Law::Clumps(_)) => by(law).min(of_success(interval, hypothesis.allowed, ratio, kept)),
    }
}

/// The same for p_c ≤ q + r p_s, r being kept and q = 1 − r, whatever p_s is.
///
/// For Poisson counts E exp(a e_c − b e_s) = exp(n_c p_c (eᵃ − 1) − n_s p_s (1 − e⁻ᵇ)). Where b is chosen so that
/// n_s (1 − e⁻ᵇ) = r n_c (eᵃ − 1), p_s drops out, and exp(a e_c − b e_s − q n_c (eᵃ − 1)) has a mean of at most 1 for
/// every p_s; for Bernoulli counts, too, as 1 + x ≤ eˣ. `a` is that of the ratio test at stable's usual rate, and with
/// q = 0 this is the ratio test itself, which therefore holds for large rates as well.
fn of_success(interval: &Interval, allowed: f64, ratio: f64, kept: f64) -> f64 {
    let (canary, stable) = interval.sound();
    if canary.requests <= 0.0 || stable.requests <= 0.0 {
        return 0.0;
    }
    let share = |ratio: f64| ratio * canary.requests + stable.requests;
    let vote = (ratio / allowed) * (share(allowed) / share(ratio));
    let beyond = vote - 1.0;
    let against = 1.0 - canary.requests * kept * beyond / stable.requests;
    if vote <= 0.0 || against <= 0.0 {
        return 0.0;
    }
    canary.errors * vote.ln() + stable.errors * against.ln() - canary.requests * (1.0 - kept) * beyond
}

/// Evidence with a fresh start at each change of weight, so that good behaviour before it doesn't hide a later turn.
///
/// Each start has its share of the release's starts, and those that are to come count as 1, so that the mean stays what
/// a single one is. More starts than were planned begin nothing new.
#[derive(Debug, Clone, PartialEq)]
pub struct Starts {
    planned: usize,
    now: Evidence,
    begun: Vec<Evidence>,
}

impl Starts {
    /// Before the first weight; at least one start is planned.
    #[must_use]
    pub fn planned(planned: usize) -> Self {
        Self { planned: planned.max(1), now: Evidence::default(), begun: Vec::new() }
    }

    /// The weight has changed.
    pub fn begin(&mut self) {
        if self.begun.len() < self.planned {
            self.begun.push(self.now);
        }
    }

    /// One interval more.
    pub fn fold(&mut self, interval: &Interval, hypothesis: &Hypothesis, law: &Law) {
        self.now = self.now.fold(interval, hypothesis, law);
    }

    /// ln of the mean over all planned starts.
    #[must_use]
    pub fn ln(&self) -> f64 {
        let to_come = self.planned.saturating_sub(self.begun.len());
        let begun = self.begun.iter().map(|then| self.now.since(*then).ln());
        let logs: Vec<f64> = begun.chain(std::iter::repeat_n(0.0, to_come)).collect();
        mean_of_logs(&logs)
    }

    /// All that was folded, without regard to starts.
    #[must_use]
    pub fn whole(&self) -> Evidence {
        self.now
    }
}

#[cfg(test)]
mod tests;
