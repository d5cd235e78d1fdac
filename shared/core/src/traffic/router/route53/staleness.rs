//! How long clients may still be sent to where a name led before: resolvers keep an answer for its TTL, and nobody tells
//! them that it has changed.

use jiff::{SignedDuration, Timestamp};

use super::records::{Group, Records};
use crate::text::printable;

/// What AWS recommends at most where answers shall change
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ResourceRecordSet.html>, under `TTL`).
pub const LONGEST_SECONDS: i64 = 60;
/// How long a change usually takes until all servers of Route 53 have it
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-editing.html>): counted where nobody
/// has seen it.
pub const USUAL_SPREAD_SECONDS: i64 = 60;

impl Group {
    /// How long resolvers may keep an answer of this type, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.records.iter().map(|record| record.seconds).max().unwrap_or(0).max(0)
    }
}

impl Records {
    /// How long resolvers may keep an answer that a move changes, in seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.moved().map(Group::seconds).max().unwrap_or(0)
    }

    /// `the CNAME records have a TTL of 300 s: …`, for each type whose answers are kept for longer than they should be.
    #[must_use]
    pub fn slow(&self) -> Vec<String> {
        let slow = self.moved().filter(|group| group.seconds() > LONGEST_SECONDS);
        let shown = |group: &Group| {
            let (record_type, seconds) = (printable(&group.record_type), group.seconds());
            format!(
                "the {record_type} records have a TTL of {seconds} s: so long after a move clients come to the old color"
            )
        };
        slow.map(shown).collect()
    }
}

/// From when on no resolver that keeps to the TTL gives the answer from before a change. `spread` is when all servers of
/// Route 53 had the change (`INSYNC`); where nobody has seen that, the usual time is added.
#[must_use]
pub fn gone_at(written: Timestamp, spread: Option<Timestamp>, seconds: i64) -> Timestamp {
    let usual = || written.checked_add(SignedDuration::from_secs(USUAL_SPREAD_SECONDS)).unwrap_or(Timestamp::MAX);
    let from = spread.unwrap_or_else(usual);
    from.checked_add(SignedDuration::from_secs(seconds.max(0))).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is deleted before that is an outage for whoever still has the old answer (minhle.xyz, "The TTL We Forgot":
    /// an hour of errors after a host was shut down, with a TTL of 3600).
    #[test]
    fn the_old_answer_is_gone_when_all_servers_have_the_new_and_the_ttl_has_passed() {
        let written: Timestamp = "2026-06-26T10:00:00Z".parse().unwrap();
        let spread: Timestamp = "2026-06-26T10:00:42Z".parse().unwrap();
        let at = |spread, seconds| gone_at(written, spread, seconds).to_string();
        assert_eq!(at(Some(spread), 3600), "2026-06-26T11:00:42Z");
        assert_eq!(at(None, 60), "2026-06-26T10:02:00Z");
        assert_eq!(at(None, -5), "2026-06-26T10:01:00Z");
        assert_eq!(gone_at(written, None, i64::MAX), Timestamp::MAX, "never early");
    }
}
