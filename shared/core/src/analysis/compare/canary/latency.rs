//! Latency by the buckets of a histogram: taking longer than a bound is what is counted.

use super::hypothesis::Hypothesis;
use super::share::Share;

/// Where nothing is known of stable, it is reckoned that so many times fewer requests are slower than twice as much.
const UNKNOWN_STEEPNESS: f64 = 3.0;

/// What is tested at one bound: the rarer side of it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// Its place among the histogram's bounds.
    pub part: usize,
    pub bound: f64,
    /// Requests that take no longer are counted; more of them are better.
    pub is_below: bool,
    /// So many times stable's share are allowed on that side.
    pub allowed: f64,
}

/// A histogram as it was: bounds with the number of requests that took no longer, and all requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    pub below: Vec<(f64, f64)>,
    pub requests: f64,
}

impl Side {
    /// The hypothesis that canary is at most as slow as allowed there.
    #[must_use]
    pub fn hypothesis(&self) -> Hypothesis {
        Hypothesis::slower(self.allowed, self.is_below)
    }
}

impl Histogram {
    /// What is tested at each bound, by what stable did before the release: that canary is at most `slower` times as
    /// slow.
    ///
    /// If it is exactly that, its share above a bound b is stable's share above b / `slower`. How much more that is than
    /// above b itself follows from how steeply stable's shares fall around b, in logarithms of both; of the two
    /// stretches between bounds at b the steeper one is taken, which allows more.
    #[must_use]
    pub fn sides(&self, slower: f64) -> Vec<Side> {
        let is_known = self.requests > 0.0;
        let each = self.below.iter().enumerate().filter_map(|(part, (bound, below))| {
            let is_below = is_known && *below * 2.0 < self.requests;
            let steepness = if is_known { self.steepness(part, is_below) } else { Some(UNKNOWN_STEEPNESS) };
            let times = if slower > 1.0 { slower.powf(steepness?) } else { 1.0 };
            let allowed = if is_below { 1.0 / times } else { times };
            Some(Side { part, bound: *bound, is_below, allowed })
        });
        each.collect()
    }

    /// How steeply the logarithm of the share on that side changes with the logarithm of the bound.
    fn steepness(&self, part: usize, is_below: bool) -> Option<f64> {
        let share = |(bound, below): &(f64, f64)| {
            let counted = if is_below { *below } else { self.requests - below };
            (bound.ln(), ((counted.max(0.0) + 0.5) / (self.requests + 1.0)).ln())
        };
        let between = |from: usize, to: usize| {
            let (one, other) = (share(self.below.get(from)?), share(self.below.get(to)?));
            Some(((other.1 - one.1) / (other.0 - one.0)).abs()).filter(|slope| slope.is_finite())
        };
        let left = part.checked_sub(1).and_then(|before| between(before, part));
        let right = between(part, part.saturating_add(1));
        // Below the first bound nothing is known of how it goes on.
        if is_below && left.is_none() {
            return None;
        }
        left.into_iter().chain(right).max_by(f64::total_cmp)
    }

    /// The bound that a quantile lies at or under; the last one where it lies above all.
    #[must_use]
    pub fn bound_of(&self, quantile: f64) -> Option<usize> {
        let is_reached = |(_, below): &(f64, f64)| *below >= quantile * self.requests;
        let reached = self.below.iter().position(is_reached);
        reached.or_else(|| self.below.len().checked_sub(1))
    }

    /// Bounds that a quantile surely lies between, with a probability of at most `alpha` of ever being wrong: a
    /// confidence sequence of the share at each bound, inverted.
    #[must_use]
    pub fn quantile(&self, quantile: f64, alpha: f64) -> Quantile {
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let each = alpha / self.below.len().max(1) as f64;
        let share = |below: f64| Share::between(below, self.requests, each);
        let above = self.below.iter().rev().find(|(_, below)| share(*below).high < quantile);
        let at_most = self.below.iter().find(|(_, below)| share(*below).low >= quantile);
        Quantile { above: above.map(|(bound, _)| *bound), at_most: at_most.map(|(bound, _)| *bound) }
    }
}

/// Where a quantile lies: above a bound and not above another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quantile {
    pub above: Option<f64>,
    pub at_most: Option<f64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Median 80 ms, half of it within 47 and 137 ms.
    fn usual() -> Histogram {
        let below = [
            (0.01, 19.0),
            (0.025, 7_300.0),
            (0.05, 27_800.0),
            (0.1, 61_000.0),
            (0.25, 92_300.0),
            (0.5, 98_900.0),
            (1.0, 99_920.0),
        ];
        Histogram { below: below.to_vec(), requests: 100_000.0 }
    }

    #[test]
    fn the_rarer_side_of_each_bound_is_tested() {
        let sides = usual().sides(1.0);
        let below: Vec<bool> = sides.iter().map(|side| side.is_below).collect();
        assert_eq!(below, [true, true, true, false, false, false, false]);
        assert!(sides.iter().all(|side| (side.allowed - 1.0).abs() < 1e-12));
    }

    /// 1.2 times as slow: above 250 ms are then those that were above 208 ms, 1.50 times as many; below 50 ms those
    /// that were below 42 ms, 0.74 times as many.
    #[test]
    fn what_is_allowed_at_a_bound_follows_from_how_steep_it_is_there() {
        let sides = usual().sides(1.2);
        let at = |bound: f64| sides.iter().find(|side| side.bound.total_cmp(&bound).is_eq()).expect("a side").allowed;
        assert!((1.5..1.75).contains(&at(0.25)), "{}", at(0.25));
        assert!((0.6..0.75).contains(&at(0.05)), "{}", at(0.05));
        let unknown = Histogram { requests: 0.0, ..usual() }.sides(1.2);
        assert!(unknown.iter().all(|side| !side.is_below && (side.allowed - 1.728).abs() < 1e-9));
    }

    #[test]
    fn a_quantile_lies_between_bounds() {
        assert_eq!(usual().bound_of(0.99), Some(6));
        assert_eq!(usual().bound_of(0.5), Some(3));
        assert_eq!(usual().bound_of(0.9999), Some(6));
        assert_eq!(usual().quantile(0.5, 0.05), Quantile { above: Some(0.05), at_most: Some(0.1) });
        assert_eq!(usual().quantile(0.99, 0.05), Quantile { above: Some(0.25), at_most: Some(1.0) });
        assert_eq!(usual().quantile(0.9999, 0.05), Quantile { above: Some(1.0), at_most: None });
        let none = Histogram { below: vec![], requests: 0.0 };
        assert_eq!((none.quantile(0.5, 0.05), none.bound_of(0.5)), (Quantile { above: None, at_most: None }, None));
    }
}
