//! What was done to a Service, kept on the Service: the current record and a bounded history.
//!
//! The annotations are ours, and anybody with `kubectl annotate` can write into them: what is
//! read back is bounded, validated and stripped of control characters, and a record that makes
//! no sense is reported and not used.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::objects::Labels;

/// The one prefix of all our annotations.
pub const PREFIX: &str = "kubectl-release.dev";
/// The last change of the selector: one [`Record`] as JSON.
pub const CURRENT: &str = "kubectl-release.dev/bluegreen";
/// The changes before it, newest first: a JSON array of [`Record`]s.
pub const HISTORY: &str = "kubectl-release.dev/bluegreen-history";
/// Which color a cleanup took down last: a [`Cleanup`] as JSON. Switches are conditional on it, so
/// that a cleanup and a switch to the same color can't pass each other.
pub const CLEANUP: &str = "kubectl-release.dev/bluegreen-cleanup";

/// Records kept beside the current one.
pub const KEPT: usize = 20;
/// Bytes of history kept; all annotations of an object together may have 256 KiB.
const KEPT_BYTES: usize = 24 * 1024;
/// What is longer than this was not written by us.
const READABLE_BYTES: usize = 64 * 1024;
/// Longest text kept of a reason or a name.
const TEXT_CHARS: usize = 256;

/// One change of a Service's selector.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Tells this write from any other.
    pub id: String,
    /// `switch` or `rollback`.
    pub verb: String,
    /// The label that tells the colors apart.
    pub key: String,
    pub from: String,
    pub to: String,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Seconds for which the color that was left stays warm.
    pub retain_seconds: u64,
    /// The whole selector before the change.
    pub selector: Labels,
    /// All Services that were moved as one, this one included.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
    /// `done`, `failed`, `rolled back`; absent while running, or where the run was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Milliseconds from the start of the command to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

impl Record {
    /// When the color that was left may be cleaned up.
    #[must_use]
    pub fn due(&self) -> Timestamp {
        let retain = Duration::from_secs(self.retain_seconds.min(10 * 365 * 24 * 3600));
        self.at.checked_add(retain).unwrap_or(Timestamp::MAX)
    }

    fn checked(mut self) -> Result<Self, String> {
        let labels = self.selector.iter().chain([(&self.key, &self.from), (&self.key, &self.to)]);
        for (key, value) in labels {
            if !is_label_key(key) || !is_label_value(value) {
                return Err("it holds something that is no label".into());
            }
        }
        if self.selector.is_empty() {
            return Err("its previous selector is empty".into());
        }
        if self.selector.get(&self.key) != Some(&self.from) {
            return Err("its previous selector is not of the color that it names".into());
        }
        for text in [&mut self.id, &mut self.verb, &mut self.by, &mut self.reason] {
            *text = printable(text);
        }
        self.result = self.result.map(|text| printable(&text));
        self.services.retain(|name| is_label_value(name));
        Ok(self)
    }
}

/// What the annotations of a Service say.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub current: Option<Record>,
    /// Newest first, without the current one.
    pub history: Vec<Record>,
    /// Why an annotation of ours can't be used, for a finding.
    pub unreadable: Option<String>,
    /// The annotations as they are, to make a write conditional on them.
    pub raw_current: Option<String>,
    pub raw_history: Option<String>,
    pub cleanup: Option<Cleanup>,
    pub raw_cleanup: Option<String>,
}

/// Who took an idle color down, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cleanup {
    pub color: String,
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Cleanup {
    fn checked(self) -> Option<Self> {
        let (by, reason) = (printable(&self.by), printable(&self.reason));
        is_label_value(&self.color).then_some(Self { by, reason, ..self })
    }
}

impl Recorded {
    /// Reads the annotations of a Service.
    #[must_use]
    pub fn read(annotations: &BTreeMap<String, String>) -> Self {
        let mut recorded = Self {
            raw_current: annotations.get(CURRENT).cloned(),
            raw_history: annotations.get(HISTORY).cloned(),
            cleanup: annotations.get(CLEANUP).and_then(|raw| parse::<Cleanup>(raw).ok()).and_then(Cleanup::checked),
            raw_cleanup: annotations.get(CLEANUP).cloned(),
            ..Self::default()
        };
        match recorded.raw_current.as_deref().map(|raw| parse::<Record>(raw).and_then(Record::checked)) {
            Some(Ok(record)) => recorded.current = Some(record),
            Some(Err(why)) => recorded.unreadable = Some(format!("{CURRENT}: {why}")),
            None => {}
        }
        match recorded.raw_history.as_deref().map(parse::<Vec<Record>>) {
            Some(Ok(records)) => {
                recorded.history = records.into_iter().take(KEPT).filter_map(|r| r.checked().ok()).collect()
            }
            Some(Err(why)) => recorded.unreadable = recorded.unreadable.or(Some(format!("{HISTORY}: {why}"))),
            None => {}
        }
        recorded
    }

    /// The history once the current record has been followed by another: bounded in number and
    /// bytes, the oldest dropped first.
    #[must_use]
    pub fn history_with_current(&self) -> String {
        bounded_history(self.current.iter().chain(&self.history))
    }
}

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

/// Text from the cluster without control characters (a terminal obeys them), cut to a sane length.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
}

/// `[prefix/]name` as Kubernetes defines label keys
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>).
#[must_use]
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    let prefix_ok = prefix.is_none_or(|p| {
        !p.is_empty()
            && p.len() <= 253
            && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
    });
    prefix_ok && !name.is_empty() && is_label_value(name)
}

/// At most 63 characters, alphanumeric at both ends; may be empty.
#[must_use]
pub fn is_label_value(value: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63 && value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        Record {
            id: "1".into(),
            verb: "switch".into(),
            key: "version".into(),
            from: "blue".into(),
            to: "green".into(),
            by: "ci".into(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            reason: String::new(),
            retain_seconds: 3600,
            selector: Labels::from([("app".into(), "api".into()), ("version".into(), "blue".into())]),
            services: vec![],
            result: None,
            millis: None,
        }
    }

    fn read(current: &str) -> Recorded {
        Recorded::read(&BTreeMap::from([(CURRENT.to_owned(), current.to_owned())]))
    }

    #[test]
    fn a_record_survives_the_round_trip() {
        let recorded = read(&serde_json::to_string(&record()).unwrap());
        assert_eq!(recorded.current, Some(record()));
        assert!(recorded.unreadable.is_none());
    }

    #[test]
    fn edited_records_are_reported_and_not_used() {
        let injected = serde_json::to_string(&Record { to: "green'; rm".into(), ..record() }).unwrap();
        let empty = serde_json::to_string(&Record { selector: Labels::new(), ..record() }).unwrap();
        for bad in ["", "garbage", "[]", "{}", r#"{"id":1}"#, &injected, &empty, &"x".repeat(100_000)] {
            let recorded = read(bad);
            assert_eq!(recorded.current, None, "{}", &bad[..bad.len().min(40)]);
            assert!(recorded.unreadable.is_some());
        }
    }

    #[test]
    fn text_for_terminals_has_no_escapes() {
        let raw = serde_json::to_string(&Record { reason: "\u{1b}[2Jgone\n".into(), ..record() }).unwrap();
        assert_eq!(read(&raw).current.unwrap().reason, "[2Jgone");
    }

    #[test]
    fn history_stays_bounded() {
        let mut recorded = Recorded { current: Some(record()), ..Recorded::default() };
        for _ in 0..50 {
            let raw = recorded.history_with_current();
            assert!(raw.len() <= KEPT_BYTES);
            recorded = Recorded {
                current: Some(Record { reason: "r".repeat(250), ..record() }),
                history: serde_json::from_str(&raw).unwrap(),
                ..Recorded::default()
            };
        }
        assert!(recorded.history.len() > 5 && recorded.history.len() <= KEPT);
    }

    #[test]
    fn retention_of_any_size_has_a_due_time() {
        assert_eq!(record().due(), "2026-01-01T01:00:00Z".parse().unwrap());
        let _ = Record { retain_seconds: u64::MAX, ..record() }.due();
    }
}
