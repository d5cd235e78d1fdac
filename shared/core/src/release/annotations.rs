//! Our annotations: what has room in one, and reading back what anybody may have edited.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::printable;

/// The one prefix of all our annotations.
pub const PREFIX: &str = "kubectl-release.dev";
/// Records kept beside the current one.
pub const KEPT: usize = 20;
/// Bytes of history kept; all annotations of an object together may have 256 KiB.
pub const KEPT_BYTES: usize = 24 * 1024;
/// Bytes of all annotations of an object together, keys and values: `TotalAnnotationSizeLimitB` in
/// `k8s.io/apimachinery/pkg/api/validation/objectmeta.go`. Beyond it every write of the object is refused.
pub const ALL_BYTES: usize = 256 * 1024;
/// What is longer than this was not written by us.
const READABLE_BYTES: usize = 64 * 1024;

/// Records as JSON, newest first: bounded in number and bytes, the oldest dropped first.
#[must_use]
pub fn bounded_history<'a, T: Serialize + 'a>(newest_first: impl Iterator<Item = &'a T>) -> String {
    history_within(newest_first, KEPT_BYTES)
}

/// The same in less, where there is less room; an empty list is the least.
#[must_use]
pub fn history_within<'a, T: Serialize + 'a>(newest_first: impl Iterator<Item = &'a T>, bytes: usize) -> String {
    let mut kept: Vec<&T> = newest_first.take(KEPT).collect();
    loop {
        let json = serde_json::to_string(&kept).unwrap_or_else(|_| "[]".into());
        if json.len() <= bytes.min(KEPT_BYTES) || kept.pop().is_none() {
            return json;
        }
    }
}

/// What somebody's annotations leave for ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Bytes for the values of ours, with their keys.
    pub bytes: usize,
    /// Whether the object has annotations at all.
    pub is_there: bool,
}

impl Default for Room {
    fn default() -> Self {
        Self { bytes: ALL_BYTES, is_there: true }
    }
}

impl Room {
    /// What all annotations but these of ours leave.
    #[must_use]
    pub fn beside(annotations: Option<&BTreeMap<String, String>>, ours: &[&str]) -> Self {
        let others = annotations.into_iter().flatten().filter(|(key, _)| !ours.contains(&key.as_str()));
        let taken = others.fold(0_usize, |all, (key, value)| all.saturating_add(key.len()).saturating_add(value.len()));
        Self { bytes: ALL_BYTES.saturating_sub(taken), is_there: annotations.is_some() }
    }

    /// What is left once this one is there; nothing where it doesn't fit.
    #[must_use]
    pub fn after(self, key: &str, value_bytes: usize) -> Option<Self> {
        let bytes = self.bytes.checked_sub(key.len())?.checked_sub(value_bytes)?;
        Some(Self { bytes, ..self })
    }
}

/// What fills the annotations of an object that leave so many bytes for ours.
#[must_use]
pub fn filled_by(annotations: Option<&BTreeMap<String, String>>, left: usize) -> String {
    let others = annotations.into_iter().flatten().filter(|(key, _)| !key.starts_with(PREFIX));
    let largest = others.max_by_key(|(_, value)| value.len());
    let largest = largest.map(|(key, value)| format!(", most are in {} ({} KiB)", printable(key), value.len() / 1024));
    let largest = largest.unwrap_or_default();
    format!("other annotations leave {left} bytes of the {} KiB that all may have{largest}", ALL_BYTES / 1024)
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
