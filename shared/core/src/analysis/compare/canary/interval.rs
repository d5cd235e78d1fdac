//! What canary and stable did between two scrapes.

use super::super::Counted;

/// Requests and errors of both sides in one stretch of time, in which the weight did not change.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Interval {
    pub canary: Counted,
    pub stable: Counted,
}

impl Interval {
    /// Both, with at least as many requests as errors.
    pub(super) fn sound(&self) -> (Counted, Counted) {
        (self.canary.sound(), self.stable.sound())
    }

    /// Both added up: for telling, never for testing where weights differ (Simpson's paradox).
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { canary: self.canary.and(other.canary), stable: self.stable.and(other.stable) }
    }
}
