//! What time it is for the cluster: machines that run a job at night may be hours off, and what is kept for an
//! hour is kept by one clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use http::HeaderMap;
use jiff::{SignedDuration, Timestamp};

/// The API server tells whole seconds, and an answer takes its time: so little is no difference.
const SAME_SECONDS: i64 = 2;

/// How far this machine's clock is from the API server's, as the last answer told.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Seconds to be added to ours.
    behind: Arc<AtomicI64>,
}

impl Clock {
    /// Takes the time of an answer in (its `Date`, RFC 9110, section 6.6.1).
    pub fn heard(&self, headers: &HeaderMap) {
        let date = headers.get(http::header::DATE).and_then(|value| value.to_str().ok());
        if let Some(theirs) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) {
            let behind = theirs.timestamp().duration_since(Timestamp::now()).as_secs();
            self.behind.store(if behind.saturating_abs() < SAME_SECONDS { 0 } else { behind }, Ordering::Relaxed);
        }
    }

    /// The time there, as far as it was told.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let ours = Timestamp::now();
        ours.checked_add(SignedDuration::from_secs(self.behind.load(Ordering::Relaxed))).unwrap_or(ours)
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn after(date: &'static str) -> Timestamp {
        let (clock, mut headers) = (Clock::default(), HeaderMap::new());
        headers.insert(http::header::DATE, HeaderValue::from_static(date));
        clock.heard(&headers);
        clock.now()
    }

    #[test]
    fn it_is_as_late_as_the_server_says() {
        let told: Timestamp = "2031-11-28T21:23:02Z".parse().unwrap();
        let off = after("Fri, 28 Nov 2031 21:23:02 GMT").duration_since(told).as_secs();
        assert!((-2..=60).contains(&off), "{off}");
    }

    #[test]
    fn a_time_that_makes_no_sense_changes_nothing() {
        for date in ["", "yesterday", "Fri, 28 Nov 99999 21:23:02 GMT"] {
            assert!(after(date).duration_since(Timestamp::now()).as_secs().unsigned_abs() <= 60, "{date}");
        }
    }
}
