//! What was done to a workload's images, kept on the workload: the current record and a bounded
//! history.
//!
//! The annotations are ours, and anybody with `kubectl annotate` can write into them: what is read
//! back is bounded and validated, and a record that makes no sense is reported and not used.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kubectl_release::push_history::LeftBehind;
use kubectl_release::record::{KEPT, bounded_history, is_label_value, parse, printable};
use serde::{Deserialize, Serialize};

use crate::placement::Place;

/// The last change of images: one [`Record`] as JSON.
pub const CURRENT: &str = "kubectl-release.dev/ecr-rollback";
/// The changes before it, newest first: a JSON array of [`Record`]s.
pub const HISTORY: &str = "kubectl-release.dev/ecr-rollback-history";

/// One change of a workload's images.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Tells this write from any other.
    pub id: String,
    /// `rollback` or `unpin`.
    pub verb: String,
    pub containers: Vec<Moved>,
    /// `sha256:…` of what was left, and of what was gone to, where they are known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_digest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_digest: Option<String>,
    /// The user as the API server knows them.
    pub by: String,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// `done`, `failed`, `rolled back`; absent while running, or where the run was cut off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
    /// Milliseconds from the start of the command to its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// One container's image before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    pub name: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init: bool,
    pub from: String,
    pub to: String,
}

/// The result of a record whose change was proven.
pub const DONE: &str = "done";
/// The result of a record whose change failed and was left.
pub const FAILED: &str = "failed";
/// The result of a record whose change failed and was taken back.
pub const ROLLED_BACK: &str = "rolled back";

impl Record {
    /// True where the template asks for all that the record went to.
    #[must_use]
    pub fn is_in(&self, places: &[Place]) -> bool {
        self.stands(places, |moved| &moved.to)
    }

    /// True where the template asks for all that the record came from.
    #[must_use]
    pub fn was_left_for(&self, places: &[Place]) -> bool {
        self.stands(places, |moved| &moved.from)
    }

    fn stands(&self, places: &[Place], side: impl Fn(&Moved) -> &String) -> bool {
        let stands = |m: &Moved| places.iter().any(|p| p.name == m.name && p.init == m.init && p.image == *side(m));
        !self.containers.is_empty() && self.containers.iter().all(stands)
    }

    /// True where the record is about this container.
    #[must_use]
    pub fn is_about(&self, container: &str) -> bool {
        self.containers.iter().any(|m| m.name == container)
    }

    /// True while nobody knows how it ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.result.is_none()
    }

    fn checked(mut self) -> Result<Self, String> {
        if self.containers.is_empty() || self.containers.len() > 50 {
            return Err("it names no containers".into());
        }
        for moved in &self.containers {
            if !is_label_value(&moved.name) || moved.name.is_empty() {
                return Err("it names something that is no container".into());
            }
            if !is_reference(&moved.from) || !is_reference(&moved.to) {
                return Err("it holds something that is no image".into());
            }
        }
        for text in [&mut self.id, &mut self.verb, &mut self.by, &mut self.reason] {
            *text = printable(text);
        }
        self.result = self.result.map(|text| printable(&text));
        self.from_digest = self.from_digest.filter(|digest| is_reference(digest));
        self.to_digest = self.to_digest.filter(|digest| is_reference(digest));
        Ok(self)
    }
}

/// What may stand in an image reference: enough to keep blanks and terminal commands out.
fn is_reference(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@".contains(c);
    !text.is_empty() && text.len() <= 512 && text.chars().all(plain)
}

/// What the annotations of a workload say.
#[derive(Debug, Clone, Default)]
pub struct Recorded {
    pub current: Option<Record>,
    /// Newest first, without the current one.
    pub history: Vec<Record>,
    /// Why an annotation of ours can't be used, for a finding.
    pub unreadable: Option<String>,
    /// The annotation as it is, to make a write conditional on it.
    pub raw_current: Option<String>,
}

impl Recorded {
    /// Reads the annotations of a workload.
    #[must_use]
    pub fn read(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let raw = |key: &str| annotations.and_then(|a| a.get(key)).cloned();
        let mut recorded = Self { raw_current: raw(CURRENT), ..Self::default() };
        match recorded.raw_current.as_deref().map(|text| parse::<Record>(text).and_then(Record::checked)) {
            Some(Ok(record)) => recorded.current = Some(record),
            Some(Err(why)) => recorded.unreadable = Some(format!("{CURRENT}: {why}")),
            None => {}
        }
        match raw(HISTORY).as_deref().map(parse::<Vec<Record>>) {
            Some(Ok(records)) => {
                recorded.history = records.into_iter().take(KEPT).filter_map(|r| r.checked().ok()).collect();
            }
            Some(Err(why)) => recorded.unreadable = recorded.unreadable.or(Some(format!("{HISTORY}: {why}"))),
            None => {}
        }
        recorded
    }

    /// The history once the current record has been followed by another.
    #[must_use]
    pub fn history_with_current(&self) -> String {
        bounded_history(self.current.iter().chain(&self.history))
    }

    /// Images of a container that rollbacks left since something new was deployed: going back never
    /// comes back to them.
    #[must_use]
    pub fn left_behind(&self, container: &str, asked_for: &str) -> Vec<LeftBehind> {
        let mut left = Vec::new();
        let mut now = asked_for.to_owned();
        for record in self.current.iter().chain(&self.history) {
            let Some(moved) = record.containers.iter().find(|m| m.name == container) else { continue };
            if record.result.as_deref() == Some(ROLLED_BACK) && moved.from == now {
                continue;
            }
            if moved.to != now {
                break;
            }
            if record.verb == "rollback" {
                left.push(LeftBehind { image: moved.from.clone(), digest: record.from_digest.clone() });
            }
            now.clone_from(&moved.from);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(from: &str, to: &str) -> Record {
        Record {
            id: "1".into(),
            verb: "rollback".into(),
            containers: vec![Moved { name: "app".into(), init: false, from: from.into(), to: to.into() }],
            from_digest: None,
            to_digest: None,
            by: "ci".into(),
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            reason: String::new(),
            result: Some(DONE.into()),
            millis: None,
        }
    }

    fn read(raw: &str) -> Recorded {
        Recorded::read(Some(&BTreeMap::from([(CURRENT.to_owned(), raw.to_owned())])))
    }

    #[test]
    fn a_record_survives_the_round_trip() {
        let written = record("r/api:2", "r/api@sha256:abc");
        assert_eq!(read(&serde_json::to_string(&written).unwrap()).current, Some(written));
    }

    #[test]
    fn edited_records_are_reported_and_not_used() {
        let named = |name: &str| {
            let mut bad = record("a:1", "a:2");
            bad.containers[0].name = name.into();
            serde_json::to_string(&bad).unwrap()
        };
        let image = serde_json::to_string(&record("a:1; rm -rf ~", "a:2")).unwrap();
        for bad in ["", "nonsense", "[]", "{}", &image, &named("a b"), &named(""), &"x".repeat(100_000)] {
            let recorded = read(bad);
            assert_eq!(recorded.current, None);
            assert!(recorded.unreadable.is_some());
        }
    }

    #[test]
    fn going_back_twice_never_comes_back() {
        let mut recorded = Recorded { current: Some(record("a:2", "a:1")), ..Recorded::default() };
        recorded.history = vec![record("a:3", "a:2"), record("a:9", "a:8")];
        let left = |container: &str, image: &str| {
            recorded.left_behind(container, image).into_iter().map(|l| l.image).collect::<Vec<_>>()
        };
        assert_eq!(left("app", "a:1"), ["a:2", "a:3"]);
        assert!(left("app", "a:4").is_empty(), "something new was deployed");
        assert!(left("other", "a:1").is_empty());
    }

    #[test]
    fn a_rollback_that_failed_left_nothing_behind() {
        let failed = Record { result: Some(ROLLED_BACK.into()), ..record("a:2", "a:1") };
        let recorded = Recorded { current: Some(failed), history: vec![record("a:3", "a:2")], ..Recorded::default() };
        let left: Vec<String> = recorded.left_behind("app", "a:2").into_iter().map(|l| l.image).collect();
        assert_eq!(left, ["a:3"]);
    }
}
