//! Whether the weight that was asked for is the one in force: canary's share of the requests that were counted.

use super::super::super::counters::Millis;
use super::super::mean_of_logs;
use super::counts::Counts;
use super::grid::Grid;
use super::history::{Counters, History, Measured};
use super::plan::Plan;
use super::share::Share;

/// Odds of canary's share, so many times those that were asked for.
const ODDS: [f64; 10] = [0.125, 0.25, 0.5, 1.0 / 1.4, 1.0 / 1.2, 1.2, 1.4, 2.0, 4.0, 8.0];

/// Canary's share of the requests since the weight changed last.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Split {
    /// From 0 to 1.
    pub asked: f64,
    /// Requests of both sides.
    pub requests: f64,
    pub share: Share,
    /// Since when it is proven not to be what was asked for.
    pub is_other_since: Option<Millis>,
}

impl Split {
    /// True where it is surely not what it was before any more: the new weight has taken effect.
    #[must_use]
    pub fn has_left(&self, before: f64) -> bool {
        self.share.seen.is_some() && !self.share.holds(before)
    }

    /// How it stands, scrape by scrape, by all that was counted (of cold pods, too). Sticky sessions and retries make it
    /// look wrong.
    #[must_use]
    pub fn of(measured: &Measured, history: &History, plan: &Plan, now: Millis) -> Option<Self> {
        let scraping = history.scraping(plan);
        let grid = Grid::of(history, scraping.spacing, now);
        let count = |side: &Counters| Counts::of_all(&side.requests, &grid, scraping);
        let (canary, stable) = (count(&measured.canary), count(&measured.stable));
        let stretch = grid.stretches().last()?;
        let (mut test, mut is_other_since) = (SplitTest::of(stretch.percent / 100.0), None);
        for interval in stretch.range() {
            let at = |counts: &[f64]| counts.get(interval).copied().unwrap_or_default();
            test.fold(at(&canary), at(&stable));
            if is_other_since.is_none() && test.ln() >= -plan.alpha_of_split().ln() {
                is_other_since = Some(stretch.end_of(interval, scraping.spacing));
            }
        }
        let share = Share::between(test.canary, test.all, plan.alpha_of_split());
        Some(Self { asked: test.asked, requests: test.all, share, is_other_since })
    }
}

/// Evidence that canary's share is another one than was asked for: canary's requests are Binomial(all, asked), against
/// odds of 1/8 to 8 times that. It adds up, request by request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SplitTest {
    asked: f64,
    logs: [f64; ODDS.len()],
    canary: f64,
    all: f64,
}

impl SplitTest {
    /// Of a share, from 0 to 1.
    #[must_use]
    pub fn of(asked: f64) -> Self {
        Self { asked, logs: [0.0; ODDS.len()], canary: 0.0, all: 0.0 }
    }

    /// Requests more.
    pub fn fold(&mut self, canary: f64, stable: f64) {
        self.canary += canary;
        self.all += canary + stable;
        for (log, odds) in self.logs.iter_mut().zip(ODDS) {
            // q' / q is odds / (1 − q + q odds), (1 − q') / (1 − q) is 1 / (1 − q + q odds).
            let whole = 1.0 - self.asked + self.asked * odds;
            *log += canary * odds.ln() - (canary + stable) * whole.ln();
        }
    }

    /// ln of the mean over the alternatives.
    #[must_use]
    pub fn ln(&self) -> f64 {
        mean_of_logs(&self.logs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Requests until it is found, at 1 %, if canary's share is exactly another one.
    fn found_after(asked: f64, real: f64) -> f64 {
        let mut test = SplitTest::of(asked);
        while test.ln() < 100_f64.ln() && test.all < 1e6 {
            test.fold(real, 1.0 - real);
        }
        test.all
    }

    /// A controller that ignores weights (argo-rollouts#4569) is found in less than 500 requests.
    #[test]
    fn another_weight_than_asked_is_found_in_a_few_hundred_requests() {
        assert!((250.0..500.0).contains(&found_after(0.05, 0.10)), "{}", found_after(0.05, 0.10));
        assert!(found_after(0.05, 0.50) < 60.0);
        assert!(found_after(0.05, 0.0) < 200.0);
        assert!((500.0..1400.0).contains(&found_after(0.20, 0.25)), "{}", found_after(0.20, 0.25));
        assert!(found_after(0.05, 0.05) >= 1e6, "the one that was asked for");
    }
}
