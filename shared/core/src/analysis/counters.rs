//! Raw counters: what was counted between two samples, whatever was restarted meanwhile.
//!
//! `rate()` and `increase()` extrapolate, lose what comes before the first sample, and count overlapping windows twice.

#[cfg(test)]
mod tests;

use std::ops::Range;

/// A time as Prometheus tells it, in milliseconds.
pub type Millis = i64;

/// A series' samples, oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    pub samples: Vec<(Millis, f64)>,
}

/// What was counted in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Increment {
    pub from: Millis,
    pub to: Millis,
    pub by: f64,
}

/// Scrapes that may be missing before a series counts as born, or as silent.
const MISSING: i64 = 2;

/// The usual time between two samples.
#[must_use]
pub fn spacing(series: &[Series]) -> Option<Millis> {
    let gaps = series.iter().flat_map(|one| one.samples.windows(2).map(|pair| pair[1].0.saturating_sub(pair[0].0)));
    let mut gaps: Vec<Millis> = gaps.filter(|gap| *gap > 0).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len().checked_div(2).unwrap_or_default()).copied()
}

/// The oldest and the newest sample of all.
#[must_use]
pub fn seen(series: &[Series]) -> Option<(Millis, Millis)> {
    let times = || series.iter().flat_map(|one| one.samples.iter().map(|(at, _)| *at));
    Some((times().min()?, times().max()?))
}

/// What each series counted, sample by sample. `known_since` is the oldest sample of anything that is scraped the same
/// way: a series that begins well after it was born then, and its first value was counted, too.
#[must_use]
pub fn increments(series: &[Series], known_since: Millis, spacing: Millis) -> Vec<Increment> {
    series.iter().flat_map(|one| of_one(&one.samples, known_since, spacing)).collect()
}

fn of_one(samples: &[(Millis, f64)], known_since: Millis, spacing: Millis) -> Vec<Increment> {
    let usable: Vec<(Millis, f64)> = samples.iter().copied().filter(|(_, value)| is_count(*value)).collect();
    let born = usable.first().filter(|(at, value)| {
        let late = spacing.saturating_mul(MISSING).saturating_add(spacing.checked_div(2).unwrap_or_default());
        *value > 0.0 && at.saturating_sub(known_since) > late
    });
    let first = born.map(|(at, value)| Increment { from: at.saturating_sub(spacing), to: *at, by: *value });
    let rest = usable.windows(2).filter_map(|pair| {
        let ((from, before), (to, now)) = (pair[0], pair[1]);
        // Less than before: it was restarted, and has counted from zero since.
        let by = if now < before { now } else { now - before };
        (to > from).then_some(Increment { from, to, by })
    });
    first.into_iter().chain(rest).collect()
}

fn is_count(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// What was counted in a stretch: increments that end in it, and that begin no earlier than `not_before`.
#[must_use]
pub fn within(increments: &[Increment], stretch: &Range<Millis>, not_before: Millis) -> f64 {
    let is_in = |one: &&Increment| stretch.start < one.to && one.to <= stretch.end && one.from >= not_before;
    increments.iter().filter(is_in).map(|one| one.by).sum()
}

/// However often it is scraped: a scrape may be a moment late.
const SOON: Millis = 10_000;

/// True where no sample is newer than two scrapes, and it is more than a moment old.
#[must_use]
pub fn is_silent(newest: Option<Millis>, now: Millis, spacing: Millis) -> bool {
    let missing = spacing.saturating_mul(MISSING.saturating_add(1)).max(SOON);
    newest.is_none_or(|newest| now.saturating_sub(newest) > missing)
}
