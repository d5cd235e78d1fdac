//! Our annotations: what has room in one, and reading back what anybody may have edited.

use serde::{Deserialize, Serialize};

use crate::text::printable;

/// The one prefix of all our annotations.
pub const PREFIX: &str = "kubectl-release.dev";
/// Records kept beside the current one.
pub const KEPT: usize = 20;
/// Bytes of history kept; all annotations of an object together may have 256 KiB.
pub const KEPT_BYTES: usize = 24 * 1024;
/// What is longer than this was not written by us.
const READABLE_BYTES: usize = 64 * 1024;

/// Records as JSON, newest first: bounded in number and bytes, the oldest dropped first.
#[must_use]
pub fn bounded_history<'a, T: Serialize + 'a>(newest_first: impl Iterator<Item = &'a T>) -> String {
    let mut kept: Vec<&T> = newest_first.take(KEPT).collect();
    loop {
        let json = serde_json::to_string(&kept).unwrap_or_else(|_| "[]".into());
        if json.len() <= KEPT_BYTES || kept.pop().is_none() {
            return json;
        }
    }
}

/// Parses an annotation of ours, which anybody may have edited.
///
/// # Errors
/// Why it is not ours, in a few words.
pub fn parse<T: for<'de> Deserialize<'de>>(raw: &str) -> Result<T, String> {
    if raw.len() > READABLE_BYTES {
        return Err(format!("{} KiB, more than we ever write", raw.len() / 1024));
    }
    serde_json::from_str(raw).map_err(|e| format!("not our JSON ({})", printable(&e.to_string())))
}
