//! Keeping to what ECR allows, which nobody says beforehand: the limits are each operation's own,
//! shared by everything in the account and region
//! (<https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>). So the answers
//! set the pace: a throttled call puts a gap between the calls of its operation and widens it, each
//! answer narrows it a little.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// By how much a throttled call widens the gap.
const WIDER: f64 = 1.5;
/// By how much an answer narrows it: as much as one throttled call widens it after 14 answers.
const NARROWER: f64 = 0.97;
/// Below this part of the first gap there is none.
const GONE: f64 = 0.1;
/// The widest gap, in first gaps: two calls a second where the first is 50 ms. What still is
/// throttled then may be so for a reason of its own, and others shall not wait for it.
const WIDEST: f64 = 10.0;

/// The pace of every operation.
#[derive(Debug)]
pub(super) struct Throttle {
    /// What the first throttled call makes it.
    first_gap: Duration,
    lanes: Mutex<BTreeMap<&'static str, Lane>>,
}

/// The pace of one operation.
#[derive(Debug, Clone, Copy)]
struct Lane {
    gap: Duration,
    /// When the next call may be sent.
    next: Instant,
    /// Calls that were sent before know nothing of the gap as it is.
    widened: Instant,
}

impl Throttle {
    pub fn new(first_gap: Duration) -> Self {
        Self { first_gap, lanes: Mutex::default() }
    }

    /// When a call of the operation is to be sent that could be sent now.
    pub fn turn(&self, operation: &'static str, now: Instant) -> Instant {
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get_mut(operation) else { return now };
        let turn = lane.next.max(now);
        lane.next = turn.checked_add(lane.gap).unwrap_or(turn);
        turn
    }

    /// A call was answered, well or badly.
    pub fn answered(&self, operation: &'static str) {
        let mut lanes = self.lanes();
        let Some(lane) = lanes.get_mut(operation) else { return };
        lane.gap = lane.gap.mul_f64(NARROWER);
        if lane.gap < self.first_gap.mul_f64(GONE) {
            lane.gap = Duration::ZERO;
        }
    }

    /// A call that was sent then is throttled now. Of several on their way at once only one counts:
    /// all say the same.
    pub fn throttled(&self, operation: &'static str, sent: Instant, now: Instant) {
        let mut lanes = self.lanes();
        let lane = lanes.entry(operation).or_insert(Lane { gap: Duration::ZERO, next: now, widened: sent });
        if sent < lane.widened {
            return;
        }
        let wider = lane.gap.mul_f64(WIDER).min(self.first_gap.mul_f64(WIDEST));
        lane.gap = if lane.gap.is_zero() { self.first_gap } else { wider };
        lane.next = lane.next.max(now.checked_add(lane.gap).unwrap_or(now));
        lane.widened = now;
    }

    /// The operations that were throttled at least once.
    pub fn operations(&self) -> Vec<&'static str> {
        self.lanes().keys().copied().collect()
    }

    fn lanes(&self) -> MutexGuard<'_, BTreeMap<&'static str, Lane>> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(50);
    const OPERATION: &str = "DescribeImages";

    fn gap(throttle: &Throttle) -> Duration {
        throttle.lanes()[OPERATION].gap
    }

    /// Eight calls that are refused together would otherwise stop a run for minutes.
    #[test]
    fn calls_that_were_on_their_way_together_widen_the_gap_once() {
        let (throttle, sent) = (Throttle::new(FIRST), Instant::now());
        let answered = sent + Duration::from_millis(2);
        (0..8).for_each(|_| throttle.throttled(OPERATION, sent, answered));
        assert_eq!(gap(&throttle), FIRST);
        let later = throttle.turn(OPERATION, answered);
        throttle.throttled(OPERATION, later, later);
        assert_eq!(gap(&throttle), FIRST.mul_f64(WIDER));
        assert_eq!(throttle.operations(), [OPERATION]);
    }

    #[test]
    fn a_gap_holds_calls_apart_and_goes_with_the_answers() {
        let (throttle, now) = (Throttle::new(FIRST), Instant::now());
        throttle.throttled(OPERATION, now, now);
        let turns = [throttle.turn(OPERATION, now), throttle.turn(OPERATION, now)];
        assert_eq!(turns.map(|turn| turn - now), [FIRST, FIRST * 2]);
        assert_eq!(throttle.turn("BatchGetImage", now), now, "another operation has a limit of its own");
        (0..200).for_each(|_| throttle.answered(OPERATION));
        assert_eq!(gap(&throttle), Duration::ZERO);
    }

    /// Whoever has hundreds of repositories would wait for ever, or be throttled for ever.
    #[test]
    fn the_pace_comes_near_to_what_is_allowed() {
        for allowed in [5_u32, 20, 100] {
            let (throttle, began) = (Throttle::new(FIRST), Instant::now());
            let (mut now, mut free, mut done, mut refused) = (began, began, 0, 0);
            while now - began < Duration::from_secs(120) {
                let sent = throttle.turn(OPERATION, now);
                now = sent + Duration::from_millis(2);
                if sent < free {
                    throttle.throttled(OPERATION, sent, now);
                    refused += 1;
                } else {
                    free = sent + Duration::from_secs(1) / allowed;
                    throttle.answered(OPERATION);
                    done += 1;
                }
            }
            assert!(done > 120 * allowed / 2 && refused < done / 4, "{done} of {}, {refused} refused", 120 * allowed);
        }
    }
}
