//! The intervals of a release: all of one length, begun anew at each change of weight.

use super::super::super::counters::{Increment, Millis};
use super::history::{BEFORE, History, Weight};

/// A release has no more intervals than this: 17 days of 15 s.
const MOST: usize = 100_000;
/// What was scraped within an interval is there so long after it, in milliseconds: a sample is stamped when its scrape
/// begins.
const SETTLED: Millis = 1000;

/// A time in which the weight stayed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    pub from: Millis,
    pub to: Millis,
    /// Canary's, from 0 to 100.
    pub percent: f64,
    /// Its first interval.
    first: usize,
    count: usize,
}

/// Intervals one after the other, in stretches.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    width: Millis,
    stretches: Vec<Stretch>,
}

impl Grid {
    /// Those of a release that are over: only where both sides serve, and never across a change of weight.
    #[must_use]
    pub fn of(history: &History, width: Millis, now: Millis) -> Self {
        let mut grid = Self { width: width.max(1), stretches: Vec::new() };
        let both = |weight: &Weight| weight.percent > 0.0 && weight.percent < 100.0;
        for (at, weight) in history.weights.iter().enumerate() {
            let next = history.weights.get(at.saturating_add(1)).map(|next| next.since);
            if both(weight) && next.is_none_or(|next| next > weight.since) {
                grid.add(weight.since, next, now, weight.percent);
            }
        }
        grid
    }

    /// Those of stable before the release, as far back as is known.
    #[must_use]
    pub fn before(started: Millis, width: Millis, known_since: Millis) -> Self {
        // From its end backward, whole ones only.
        let width = width.max(1);
        let known = started.saturating_sub(known_since).clamp(0, BEFORE);
        let count = known.checked_div(width).unwrap_or_default();
        Self::over(started.saturating_sub(count.saturating_mul(width)), started, width)
    }

    /// One stretch of time, whole intervals only.
    #[must_use]
    pub fn over(from: Millis, to: Millis, width: Millis) -> Self {
        let mut grid = Self { width: width.max(1), stretches: Vec::new() };
        let count = to.saturating_sub(from).max(0).checked_div(grid.width).unwrap_or_default();
        let to = from.saturating_add(count.saturating_mul(grid.width));
        grid.add(from, Some(to), Millis::MAX, 0.0);
        grid
    }

    fn add(&mut self, from: Millis, next: Option<Millis>, now: Millis, percent: f64) {
        let first = self.len();
        let settled = now.saturating_sub(SETTLED);
        let over = next.filter(|next| *next <= settled);
        let to = over.unwrap_or_else(|| next.map_or(settled, |next| next.min(settled)));
        let length = to.saturating_sub(from).max(0);
        // A last one that a change of weight has cut short is one, too; one that goes on is none yet.
        let all = if over.is_some() { length.saturating_add(self.width.saturating_sub(1)) } else { length };
        let count = all.checked_div(self.width).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        let count = count.min(MOST.saturating_sub(first));
        self.stretches.push(Stretch { from, to, percent, first, count });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.stretches.last().map_or(0, |last| last.first.saturating_add(last.count))
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Times in which the weight stayed and both sides served, oldest first.
    #[must_use]
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// The interval that an increment is counted in: where it ends. One that begins before the weight changed belongs
    /// to none.
    #[must_use]
    pub fn place(&self, increment: &Increment) -> Option<usize> {
        let begun = self.stretches.partition_point(|stretch| stretch.from < increment.to);
        let stretch = self.stretches.get(begun.checked_sub(1)?)?;
        if increment.from < stretch.from || increment.to > stretch.to {
            return None;
        }
        let since = increment.to.saturating_sub(stretch.from).saturating_sub(1);
        let step = usize::try_from(since.checked_div(self.width)?).ok()?;
        (step < stretch.count).then(|| stretch.first.saturating_add(step))
    }
}

impl Stretch {
    /// Its intervals.
    #[must_use]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.first..self.first.saturating_add(self.count)
    }

    /// When one of its intervals was over.
    #[must_use]
    pub fn end_of(&self, interval: usize, width: Millis) -> Millis {
        let step = Millis::try_from(interval.saturating_sub(self.first).saturating_add(1)).unwrap_or(Millis::MAX);
        self.from.saturating_add(step.saturating_mul(width)).min(self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grid(weights: &[(Millis, f64)], now: Millis) -> Grid {
        let weights = weights.iter().map(|(since, percent)| Weight { since: *since, percent: *percent }).collect();
        Grid::of(&History { weights, ..History::default() }, 15_000, now)
    }

    fn place(grid: &Grid, from: Millis, to: Millis) -> Option<usize> {
        grid.place(&Increment { from, to, by: 1.0 })
    }

    /// Counts of two weights in one interval would be held against the split of neither (Simpson's paradox).
    #[test]
    fn an_interval_never_spans_a_change_of_weight() {
        let two = grid(&[(100_000, 5.0), (140_000, 20.0)], 175_000);
        assert_eq!(two.len(), 3 + 2);
        assert_eq!(place(&two, 100_000, 115_000), Some(0));
        assert_eq!(place(&two, 115_000, 115_001), Some(1));
        assert_eq!(place(&two, 128_000, 139_000), Some(2));
        assert_eq!(place(&two, 128_000, 143_000), None, "it spans the change");
        assert_eq!(place(&two, 90_000, 105_000), None, "it begins before the release");
        assert_eq!(place(&two, 140_000, 155_000), Some(3));
        assert_eq!(place(&two, 141_000, 171_000), None, "that interval isn't over");
        assert_eq!(two.stretches()[0].end_of(2, 15_000), 140_000);
        assert_eq!(two.stretches()[1].end_of(3, 15_000), 155_000);
    }

    #[test]
    fn where_one_side_serves_nobody_there_is_nothing_to_compare() {
        assert!(grid(&[], 1_000_000).is_empty());
        assert!(grid(&[(0, 0.0), (10_000, 100.0)], 1_000_000).is_empty());
        assert_eq!(grid(&[(0, 0.0), (10_000, 5.0), (40_000, 0.0)], 1_000_000).len(), 2);
        assert!(grid(&[(50_000, 5.0)], 10_000).is_empty());
    }

    /// Times come from an annotation that anybody may write.
    #[test]
    fn no_times_make_it_endless() {
        assert!(grid(&[(Millis::MIN, 5.0), (Millis::MAX, 20.0)], Millis::MAX).len() <= MOST);
        assert!(grid(&[(5_000, 5.0), (1_000, 20.0)], 100_000).len() <= MOST);
        assert_eq!(Grid::before(Millis::MIN, 1, 0).len(), 0);
        let before = Grid::before(10_000_000, 7_000, 0);
        assert_eq!((before.len(), before.stretches()[0].to), (257, 10_000_000));
        assert_eq!(Grid::before(10_000_000, 15_000, 9_900_000).len(), 6);
    }
}
