//! A moment as a range query says it: `now()`, less or more by `duration("1h")`
//! (`EvalTime` of Argo's `utils/evaluate/evaluate.go`; other expressions than these are refused).

use jiff::{SignedDuration, Timestamp};

use crate::duration::go::go_duration;

/// From now on, or back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(SignedDuration);

impl Moment {
    /// Reads one.
    ///
    /// # Errors
    /// Where it is none.
    pub fn of(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{}\" is no moment like now() - duration(\"5m\")", text.escape_debug());
        let mut rest = text.trim().strip_prefix("now()").ok_or_else(wrong)?.trim_start();
        let mut all = SignedDuration::ZERO;
        while !rest.is_empty() {
            let is_back = rest.starts_with('-');
            let after = rest.strip_prefix(['-', '+']).ok_or_else(wrong)?.trim_start();
            let quoted = after.strip_prefix("duration(").and_then(|after| after.split_once(')')).ok_or_else(wrong)?;
            let (inside, then) = quoted;
            let inside = inside.trim();
            let bare = ['"', '\''].iter().find_map(|q| inside.strip_prefix(*q).and_then(|i| i.strip_suffix(*q)));
            let time = go_duration(bare.ok_or_else(wrong)?)?;
            let signed = if is_back { time.checked_neg() } else { Some(time) };
            all = signed.and_then(|time| all.checked_add(time)).ok_or_else(wrong)?;
            rest = then.trim_start();
        }
        Ok(Self(all))
    }

    /// When it is.
    #[must_use]
    pub fn at(self, now: Timestamp) -> Timestamp {
        now.checked_add(self.0).unwrap_or(now)
    }
}
