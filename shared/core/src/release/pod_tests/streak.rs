//! How many tries in a row passed or failed.

use super::test::PodTest;

/// The last tries of one test of one pod.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Streak {
    passed: u32,
    failed: u32,
    tries: u32,
}

impl Streak {
    /// Counts one more try; says whether the test has passed or failed by now, and nothing while it hasn't either.
    pub fn count(&mut self, passed: bool, test: &PodTest) -> Option<bool> {
        self.tries = self.tries.saturating_add(1);
        (self.passed, self.failed) =
            if passed { (self.passed.saturating_add(1), 0) } else { (0, self.failed.saturating_add(1)) };
        match (self.passed >= test.successes, self.failed >= test.failures) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// All tries so far.
    #[must_use]
    pub fn tries(self) -> u32 {
        self.tries
    }

    /// Failures since the last one that passed.
    #[must_use]
    pub fn failed(self) -> u32 {
        self.failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release::pod_tests::testing::smoke;

    fn ends(tries: &[bool], (successes, failures): (u32, u32)) -> (Option<bool>, u32) {
        let test = PodTest { successes, failures, ..smoke("/") };
        let mut streak = Streak::default();
        let end = tries.iter().find_map(|passed| streak.count(*passed, &test));
        (end, streak.tries())
    }

    #[test]
    fn three_failures_in_a_row_fail_and_two_do_not() {
        assert_eq!(ends(&[false, false, true], (1, 3)), (Some(true), 3));
        assert_eq!(ends(&[false, false, false, true], (1, 3)), (Some(false), 3));
        assert_eq!(ends(&[false, false, true, false, false, true, true], (2, 3)), (Some(true), 7));
        assert_eq!(ends(&[false], (1, 1)), (Some(false), 1));
        assert_eq!(ends(&[false, false], (1, 3)), (None, 2));
    }
}
