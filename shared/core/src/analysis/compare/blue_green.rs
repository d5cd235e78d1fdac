//! The color that serves beside what the other one did just before the switch.

use std::ops::Range;
use std::time::Duration;

use super::super::counters::{Increment, Millis, Series, increments, is_silent, seen, spacing, within};
use super::{ALPHA, Counted, Pair, evidence, is_enough};

/// How long an interval is, at least; where scrapes are rarer it is as long as they are.
const INTERVAL: Millis = 15_000;
/// Where two samples have not been seen yet.
const USUAL_SPACING: Millis = 15_000;

/// The raw counters of one side.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Counters {
    pub requests: Vec<Series>,
    pub errors: Vec<Series>,
}

/// Both sides, and when the one took over from the other.
#[derive(Debug, Clone, PartialEq)]
pub struct BeforeAfter {
    pub before: Counters,
    pub after: Counters,
    pub switched: Millis,
    /// How far back there is anything to be held against, at most.
    pub window: Duration,
}

/// How the comparison stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stand {
    pub before: Counted,
    pub after: Counted,
    /// ln of the evidence.
    pub evidence: f64,
    /// The error rate is proven to be more than the allowed ratio of what it was.
    pub is_worse: bool,
    /// Why nothing can be said.
    pub nothing: Option<Nothing>,
}

/// Why a comparison says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nothing {
    /// The last samples are too old, or there are none.
    Silent,
    /// Nobody was served before the switch.
    NoneBefore,
    /// Nobody has been served since.
    NoneAfter,
}

impl Nothing {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Silent => "Prometheus has no new samples of it",
            Self::NoneBefore => "it has counted no requests before the switch",
            Self::NoneAfter => "it has counted no requests since the switch",
        }
    }
}

/// How it stands, by the counters as they are at this moment.
#[must_use]
pub fn stand(sides: &BeforeAfter, allowed: f64, now: Millis) -> Stand {
    let all: Vec<Series> = [&sides.before, &sides.after]
        .into_iter()
        .flat_map(|side| side.requests.iter().chain(&side.errors))
        .cloned()
        .collect();
    let spacing = spacing(&all).unwrap_or(USUAL_SPACING);
    let known_since = seen(&all).map_or(now, |(oldest, _)| oldest);
    let count = |counters: &Counters| {
        let of = |series: &[Series]| increments(series, known_since, spacing);
        Sides { requests: of(&counters.requests), errors: of(&counters.errors) }
    };
    let (before, after) = (count(&sides.before), count(&sides.after));
    let pairs = pairs(sides, (&before, &after), now, INTERVAL.max(spacing));
    let total = |of: fn(&Pair) -> Counted| pairs.iter().map(of).fold(Counted::default(), Counted::and);
    let (judged, against) = (total(|pair| pair.judged), total(|pair| pair.against));
    let evidence = evidence(&pairs, allowed);
    let newest = seen(&sides.after.requests).map(|(_, newest)| newest);
    let nothing = match () {
        () if is_silent(newest, now, spacing) => Some(Nothing::Silent),
        () if judged.requests <= 0.0 => Some(Nothing::NoneAfter),
        () if against.requests <= 0.0 => Some(Nothing::NoneBefore),
        () => None,
    };
    Stand { before: against, after: judged, evidence, is_worse: is_enough(evidence, ALPHA), nothing }
}

struct Sides {
    requests: Vec<Increment>,
    errors: Vec<Increment>,
}

impl Sides {
    fn within(&self, stretch: &Range<Millis>, not_before: Millis) -> Counted {
        Counted {
            requests: within(&self.requests, stretch, not_before),
            errors: within(&self.errors, stretch, not_before),
        }
    }
}

/// The k-th interval after the switch with the k-th before it. What was counted across the switch is left out.
fn pairs(sides: &BeforeAfter, (before, after): (&Sides, &Sides), now: Millis, interval: Millis) -> Vec<Pair> {
    let window = Millis::try_from(sides.window.as_millis()).unwrap_or(Millis::MAX);
    let age = now.saturating_sub(sides.switched).min(window).max(0);
    // One that has begun is one.
    let begun = age.saturating_add(interval.saturating_sub(1)).checked_div(interval).unwrap_or_default();
    let count = begun.min(10_000);
    let at = |steps: Millis| interval.saturating_mul(steps);
    let pair = |k: Millis| {
        let (near, far) = (at(k), at(k.saturating_add(1)));
        let since = sides.switched.saturating_add(near)..sides.switched.saturating_add(far);
        let until = sides.switched.saturating_sub(far)..sides.switched.saturating_sub(near);
        Pair { judged: after.within(&since, sides.switched), against: before.within(&until, Millis::MIN) }
    };
    (0..count).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SWITCHED: Millis = 600_000;

    /// A sample each 15 s from the beginning on; so many each, before the switch and after it.
    fn counter(from: Millis, until: Millis, before: f64, after: f64) -> Series {
        let mut total = 0.0;
        let mut samples = Vec::new();
        let mut at = from;
        while at <= until {
            samples.push((at, total));
            total += if at < SWITCHED { before } else { after };
            at += 15_000;
        }
        Series { samples }
    }

    fn sides(requests: Series, errors: Series) -> BeforeAfter {
        let counters = Counters { requests: vec![requests], errors: vec![errors] };
        BeforeAfter { before: counters.clone(), after: counters, switched: SWITCHED, window: Duration::from_secs(120) }
    }

    fn judged(before: f64, after: f64, seconds: Millis) -> Stand {
        let now = SWITCHED + seconds * 1000;
        let from = SWITCHED - 180_000;
        let stands = sides(counter(from, now, 750.0, 750.0), counter(from, now, before, after));
        stand(&stands, 2.0, now)
    }

    /// A version that is bad is found within two scrapes, and one that is as it was never.
    #[test]
    fn a_color_that_is_worse_than_the_one_before_is_found_and_a_like_one_is_not() {
        let like = judged(2.0, 2.0, 120);
        assert!(!like.is_worse && like.nothing.is_none(), "{like:?}");
        assert_eq!((like.before.requests, like.after.requests), (8.0 * 750.0, 8.0 * 750.0));
        assert!(!judged(2.0, 4.0, 120).is_worse, "twice is allowed");
        let bad = judged(2.0, 75.0, 30);
        assert!(bad.is_worse, "{bad:?}");
        assert!(judged(0.0, 75.0, 15).is_worse);
        assert!(!judged(75.0, 0.0, 120).is_worse, "it has become better");
    }

    /// prometheus#1673: the errors of a new color begin with the first one.
    #[test]
    fn errors_that_are_born_with_the_color_count_from_the_first_one() {
        let now = SWITCHED + 60_000;
        let born = Series { samples: vec![(SWITCHED + 30_000, 40.0), (SWITCHED + 45_000, 41.0)] };
        let stands = sides(counter(SWITCHED - 180_000, now, 750.0, 750.0), born);
        let found = stand(&stands, 2.0, now);
        assert_eq!(found.after.errors, 41.0);
        assert!(found.is_worse);
    }

    /// flagger#1011, #883, #1098: no traffic, or no samples, is no good version.
    #[test]
    fn where_nothing_was_counted_nothing_is_said() {
        let now = SWITCHED + 60_000;
        let nothing = |requests, errors| stand(&sides(requests, errors), 2.0, now).nothing;
        let none = Series::default;
        assert_eq!(nothing(none(), none()), Some(Nothing::Silent));
        let from = SWITCHED - 180_000;
        assert_eq!(nothing(counter(from, now, 9.0, 0.0), none()), Some(Nothing::NoneAfter));
        assert_eq!(nothing(counter(from, now, 0.0, 9.0), none()), Some(Nothing::NoneBefore));
        assert_eq!(nothing(counter(from, SWITCHED, 9.0, 9.0), none()), Some(Nothing::Silent), "scrapes have stopped");
        assert_eq!(nothing(counter(from, now, 9.0, 9.0), none()), None);
    }

    /// Longer than there is anything to be held against: nothing is used twice.
    #[test]
    fn no_interval_is_used_twice() {
        let now = SWITCHED + 900_000;
        let from = SWITCHED - 180_000;
        let found = stand(&sides(counter(from, now, 1.0, 1.0), counter(from, now, 0.0, 0.0)), 2.0, now);
        assert!(found.before.requests <= 9.0 && found.after.requests <= 9.0, "{found:?}");
    }
}
