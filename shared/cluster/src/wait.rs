//! The one loop that waits for the cluster by asking again.

use std::ops::ControlFlow;
use std::time::Duration;

use tokio::time::{Instant, sleep};

const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// So long from now.
#[must_use]
pub fn later(time: Duration) -> Instant {
    after(Instant::now(), time)
}

/// So long after that; what lies beyond all clocks is a year later, which no wait outlasts.
#[must_use]
pub fn after(start: Instant, time: Duration) -> Instant {
    start.checked_add(time).or_else(|| start.checked_add(A_YEAR)).unwrap_or(start)
}

/// Asks `look` every so often until it breaks with an answer. Once `deadline` has passed, the last
/// look has been made, and nothing is the answer.
pub async fn until<T>(deadline: Instant, every: Duration, mut look: impl AsyncFnMut() -> ControlFlow<T>) -> Option<T> {
    loop {
        if let ControlFlow::Break(answer) = look().await {
            return Some(answer);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        sleep(every.min(left)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_last_look_is_made_at_the_deadline() {
        let deadline = Instant::now() + Duration::from_millis(20);
        let (mut looks, mut last) = (0, Instant::now());
        let answer: Option<()> = until(deadline, Duration::from_millis(8), async || {
            (looks, last) = (looks + 1, Instant::now());
            ControlFlow::Continue(())
        })
        .await;
        assert!(answer.is_none() && looks >= 2 && last >= deadline, "{looks}");
    }

    #[tokio::test]
    async fn an_answer_ends_the_wait() {
        let mut asked = 0;
        let far = Instant::now() + Duration::from_secs(3600);
        let answer = until(far, Duration::from_millis(1), async || {
            asked += 1;
            if asked == 3 { ControlFlow::Break(asked) } else { ControlFlow::Continue(()) }
        })
        .await;
        assert_eq!(answer, Some(3));
    }

    #[test]
    fn no_time_is_beyond_all_clocks() {
        for time in [Duration::ZERO, Duration::MAX, Duration::from_secs(u64::MAX), Duration::from_secs(i64::MAX as u64)]
        {
            assert!(later(time) >= Instant::now().checked_sub(Duration::from_secs(1)).unwrap());
            let _ = after(later(time), time);
        }
    }
}
