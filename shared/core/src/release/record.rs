//! What was done to an object, kept on the object: the current record and a bounded history, in two
//! annotations.
//!
//! They are ours, and anybody with `kubectl annotate` can write into them: what is read back is
//! bounded and validated, and a record that makes no sense is reported and not used.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::annotations::{KEPT, Room, bounded_history, history_within, parse};
use super::change::{Op, annotation_pointer};

/// One change of an object, as it is kept.
pub trait Record: Serialize + DeserializeOwned + Clone {
    /// The annotation of the last change: one record as JSON.
    const CURRENT: &'static str;
    /// The annotation of the changes before it, newest first: a JSON array of records.
    const HISTORY: &'static str;

    /// The record, where it makes sense; texts in it are made printable.
    ///
    /// # Errors
    /// Why it makes none, in a few words.
    fn checked(self) -> Result<Self, String>;

    /// Tells this change from any other.
    fn id(&self) -> &str;

    /// The record once it is known how the change ended.
    #[must_use]
    fn ended(&self, result: RunResult, millis: u64) -> Self;
}

/// How a change ended. Absent from a record while the run goes on, or where it was cut off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum RunResult {
    /// It was proven.
    #[serde(rename = "done")]
    Done,
    /// It failed and was left.
    #[serde(rename = "failed")]
    Failed,
    /// It failed and was taken back.
    #[serde(rename = "rolled back")]
    RolledBack,
    /// Neither done nor failed when it was last looked at: it goes on, or waits for a person.
    #[serde(rename = "unfinished")]
    Unfinished,
    /// In words: by whom it was overtaken; or written by another version of ours, or by somebody's hand.
    #[serde(untagged)]
    Other(String),
}

impl std::fmt::Display for RunResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::RolledBack => "rolled back",
            Self::Unfinished => "unfinished",
            Self::Other(text) => text,
        })
    }
}

impl RunResult {
    /// Somebody else changed the object while the run went on.
    #[must_use]
    pub fn overtaken_by(who: &str) -> Self {
        Self::Other(crate::text::printable(&format!("overtaken by {who}")))
    }

    /// The same with a text of somebody's made printable.
    #[must_use]
    pub fn printable(self) -> Self {
        match self {
            Self::Other(text) => Self::Other(crate::text::printable(&text)),
            known => known,
        }
    }
}

/// What an object's annotations say of our changes.
#[derive(Debug, Clone)]
pub struct Recorded<R> {
    pub current: Option<R>,
    /// Newest first, without the current one.
    pub history: Vec<R>,
    /// Why an annotation of ours can't be used, for a finding.
    pub unreadable: Option<String>,
    /// The annotations as they are, to make a write conditional on them.
    pub raw_current: Option<String>,
    pub raw_history: Option<String>,
    /// What annotations of others leave for ours.
    pub room: Room,
}

/// A record as it is written, or not.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Kept {
    /// With the history before it, of which the oldest is dropped where there is no room for it.
    Recorded { current: String, history: String },
    /// Annotations of others fill all that an object may have: the change goes before its record.
    NoRoom,
}

/// Bytes that noting its result adds to a record.
const RESULT_BYTES: usize = 80;

impl<R> Default for Recorded<R> {
    fn default() -> Self {
        Self {
            current: None,
            history: Vec::new(),
            unreadable: None,
            raw_current: None,
            raw_history: None,
            room: Room::default(),
        }
    }
}

impl<R: Record> Recorded<R> {
    /// Reads the annotations of an object.
    #[must_use]
    pub fn read(annotations: Option<&BTreeMap<String, String>>) -> Self {
        let raw = |key: &str| annotations.and_then(|a| a.get(key)).cloned();
        let room = Room::beside(annotations, &[R::CURRENT, R::HISTORY]);
        let (raw_current, raw_history) = (raw(R::CURRENT), raw(R::HISTORY));
        let mut recorded = Self { raw_current, raw_history, room, ..Self::default() };
        match recorded.raw_current.as_deref().map(|text| parse::<R>(text).and_then(R::checked)) {
            Some(Ok(record)) => recorded.current = Some(record),
            Some(Err(why)) => recorded.unreadable = Some(format!("{}: {why}", R::CURRENT)),
            None => {}
        }
        match recorded.raw_history.as_deref().map(parse::<Vec<R>>) {
            Some(Ok(records)) => {
                recorded.history = records.into_iter().take(KEPT).filter_map(|r| r.checked().ok()).collect();
            }
            Some(Err(why)) => {
                recorded.unreadable = recorded.unreadable.or(Some(format!("{}: {why}", R::HISTORY)));
            }
            None => {}
        }
        recorded
    }

    /// Reads those of an object as the API server has answered it.
    #[must_use]
    pub fn in_object(object: &Value) -> Self {
        Self::read(BTreeMap::deserialize(&object["metadata"]["annotations"]).ok().as_ref())
    }

    /// True where the current record is that one.
    #[must_use]
    pub fn is_of(&self, record: &R) -> bool {
        self.current.as_ref().is_some_and(|current| current.id() == record.id())
    }

    /// True where what the object says of our changes is what the change of that record left: the record, or
    /// none at all where it had no room.
    #[must_use]
    pub fn is_left_by(&self, record: &R, is_recorded: bool) -> bool {
        self.is_of(record) || (!is_recorded && self.raw_current.is_none())
    }

    /// All records, newest first.
    pub fn all(&self) -> impl Iterator<Item = &R> {
        self.current.iter().chain(&self.history)
    }

    /// The history once the current record has been followed by another: bounded in number and
    /// bytes, the oldest dropped first.
    #[must_use]
    pub fn history_with_current(&self) -> String {
        bounded_history(self.all())
    }

    /// How much of that record, and of those before it, has room.
    fn keeping(&self, record: &R) -> Kept {
        let current = json!(record).to_string();
        let beside = self.room.after(R::CURRENT, current.len().saturating_add(RESULT_BYTES));
        let Some(beside) = beside.and_then(|room| room.after(R::HISTORY, 0)) else { return Kept::NoRoom };
        let history = history_within(self.all(), beside.bytes);
        if history.len() > beside.bytes { Kept::NoRoom } else { Kept::Recorded { current, history } }
    }

    /// Whether that record has room at all.
    #[must_use]
    pub fn has_room_for(&self, record: &R) -> bool {
        self.keeping(record) != Kept::NoRoom
    }

    /// Operations that refuse the patch unless the record is as it was read, and write another. Where
    /// that has no room, they take away ours, which would tell of what is past.
    #[must_use]
    pub fn followed_by(&self, record: &R) -> Vec<Op> {
        let kept = self.keeping(record);
        if !self.room.is_there {
            let Kept::Recorded { current, history } = kept else { return Vec::new() };
            let annotations = json!({R::CURRENT: current, R::HISTORY: history});
            return vec![Op::test("/metadata/annotations", Value::Null), Op::add("/metadata/annotations", annotations)];
        }
        let (at, before) = (annotation_pointer(R::CURRENT), annotation_pointer(R::HISTORY));
        let still = Op::test(&at, json!(self.raw_current));
        match kept {
            Kept::Recorded { current, history } => vec![still, Op::add(&at, current), Op::add(&before, history)],
            Kept::NoRoom => {
                let ours = [(&self.raw_current, at), (&self.raw_history, before)];
                let there = ours.into_iter().filter(|(raw, _)| raw.is_some());
                std::iter::once(still).chain(there.map(|(_, pointer)| Op::remove(&pointer))).collect()
            }
        }
    }
}

impl<R: Record> Recorded<R> {
    /// Operations that note how a change ended that another record has followed; nothing where the history
    /// doesn't have it.
    #[must_use]
    pub fn note_result_of_followed(&self, id: &str, result: &RunResult, millis: u64) -> Option<Vec<Op>> {
        self.history.iter().find(|record| record.id() == id)?;
        let ended = |record: &R| {
            if record.id() == id { record.ended(result.clone(), millis) } else { record.clone() }
        };
        let history: Vec<R> = self.history.iter().map(ended).collect();
        let pointer = annotation_pointer(R::HISTORY);
        let still = Op::test(&pointer, json!(self.raw_history));
        Some(vec![still, Op::replace(&pointer, bounded_history(history.iter()))])
    }
}

/// Operations that note how a change ended, where its record is still the one that was written.
#[must_use]
pub fn note_result<R: Record>(written: &R, result: RunResult, millis: u64) -> Vec<Op> {
    let pointer = annotation_pointer(R::CURRENT);
    let ended = written.ended(result, millis);
    vec![Op::test(&pointer, json!(written).to_string()), Op::replace(&pointer, json!(ended).to_string())]
}

#[cfg(test)]
mod tests;
