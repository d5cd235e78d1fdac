//! A hand beside ours: who else wrote a field that we write, and when we did, as the object's managed fields
//! tell (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management>).

use std::fmt;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};

use super::annotations::PREFIX;
use crate::text::printable;

/// What a manager's name gets behind it where it writes notes.
const NOTES: &str = "-notes";
/// What it gets where it makes a whole object.
const MADE: &str = "-made";
/// What it gets where it only asks what an apply would change.
const COMPARING: &str = "-comparing";
/// The API server refuses longer names of managers
/// (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers>).
const LONGEST_NAME: usize = 128;

/// The name under which notes are written: a result, a clean-up. The API server keeps the time of a
/// manager's last write, of whichever field, and that of a change has to stay apart from them.
#[must_use]
pub fn notes_manager(manager: &str) -> String {
    named(manager, NOTES)
}

/// The name under which objects are made: who changes one of their fields later writes that alone.
#[must_use]
pub fn makers_manager(manager: &str) -> String {
    named(manager, MADE)
}

/// True where an object still holds a field as we made it, and nobody else holds it: who applies it since has made it
/// theirs. `field` is a JSON pointer into `fieldsV1`.
#[must_use]
pub fn is_as_we_made_it(metadata: &ObjectMeta, field: &str) -> bool {
    matches!(holders_of(metadata, field)[..], [one] if one.manager.as_deref().is_some_and(|manager| manager.ends_with(MADE)))
}

/// The name under which it is asked what an apply would change. Nothing is ever stored under it.
#[must_use]
pub fn comparing_manager(manager: &str) -> String {
    named(manager, COMPARING)
}

fn named(manager: &str, suffix: &str) -> String {
    let room = LONGEST_NAME.saturating_sub(suffix.len());
    let end = manager.floor_char_boundary(room);
    format!("{}{suffix}", &manager[..end])
}

/// Who wrote a field after us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hand {
    /// The field manager: `kubectl-patch`, `argocd-controller`.
    pub manager: String,
    /// When at the latest: the API server keeps the time of a manager's last write only, of whichever
    /// field.
    pub by: Option<Timestamp>,
}

impl fmt::Display for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.manager)?;
        self.by.map_or(Ok(()), |by| write!(f, " at {by:.0} or before"))
    }
}

/// The manager of a hand, in the middle of a sentence; the API server doesn't keep every one.
#[must_use]
pub fn manager_of(hand: Option<Hand>) -> String {
    hand.map_or_else(|| "another hand".to_owned(), |hand| hand.manager)
}

/// What of an object is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A field, by its path in `fieldsV1`: `["f:spec", "f:selector"]`.
    Field([&'a str; 2]),
    /// Annotations whose keys begin like this.
    Annotations(&'a str),
}

/// A part that is written together with annotations, and with nothing else.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    pub part: Part<'a>,
    /// Keys of the annotations; a note may take one over.
    pub annotations: &'a [&'a str],
}

impl Written<'_> {
    /// Who holds the field now, if we don't any more: whoever changes a field takes it from those who held
    /// it. Nothing where we never wrote it.
    #[must_use]
    pub fn hand_beside(&self, metadata: &ObjectMeta) -> Option<Hand> {
        let mut ours = self.ours(metadata).peekable();
        if ours.peek().is_none() || ours.any(|entry| self.part.is_in(entry)) {
            return None;
        }
        last_of(metadata, |entry| self.part.is_in(entry))
    }

    /// True where what we wrote last is what is there.
    #[must_use]
    pub fn is_held(&self, metadata: &ObjectMeta) -> bool {
        self.ours(metadata).any(|entry| self.part.is_in(entry))
    }

    /// When we wrote it last, as the API server has it, and no earlier than the annotations were: nothing
    /// where it doesn't tell that we wrote the field at all, because the managed fields were cut down or came
    /// with a copy of the object, or because somebody wrote the annotations alone.
    #[must_use]
    pub fn last_at(&self, metadata: &ObjectMeta) -> Option<Timestamp> {
        let written = || self.ours(metadata).filter(|entry| !is_of_notes(entry));
        written().find(|entry| self.part.is_in(entry))?;
        written().filter_map(time_of).max()
    }

    /// True where we wrote it, and nobody else holds it: who applies the same value beside us means it.
    #[must_use]
    pub fn is_ours_alone(&self, metadata: &ObjectMeta) -> bool {
        let holders = metadata.managed_fields.iter().flatten().filter(|entry| self.part.is_in(entry)).count();
        holders == 1 && self.last_at(metadata).is_some()
    }

    /// The entries of our writes: those with an annotation of ours, and one whose annotations the notes of
    /// the same name have taken over. Somebody who wrote the object as a whole wrote more of it.
    fn ours<'m>(&'m self, metadata: &'m ObjectMeta) -> impl Iterator<Item = &'m ManagedFieldsEntry> {
        let entries = || metadata.managed_fields.iter().flatten();
        let annotated = |entry: &ManagedFieldsEntry| self.annotations.iter().any(|key| has_annotation(entry, key));
        let has_notes = move |entry: &ManagedFieldsEntry| {
            let notes = entry.manager.as_deref().map(notes_manager);
            notes.is_some() && entries().any(|other| other.manager == notes && annotated(other))
        };
        entries().filter(move |entry| {
            let is_ours = annotated(entry) || (self.part.is_in(entry) && has_notes(entry));
            is_ours && self.part.is_all_of(entry)
        })
    }
}

impl Part<'_> {
    fn is_in(&self, entry: &ManagedFieldsEntry) -> bool {
        match self {
            Self::Field(path) => has(entry, path),
            Self::Annotations(prefix) => annotations_in(entry).any(|key| key.starts_with(prefix)),
        }
    }

    /// True for an entry that holds nothing else, our annotations apart.
    fn is_all_of(&self, entry: &ManagedFieldsEntry) -> bool {
        let members = |part: &str| entry.fields_v1.as_ref().and_then(|fields| fields.0.get(part)?.as_object());
        match self {
            Self::Field([part, field]) => members(part).is_none_or(|members| members.keys().all(|key| key == field)),
            Self::Annotations(prefix) => {
                let is_ours = |key: &str| key.starts_with(prefix) || key.starts_with(PREFIX);
                members("f:spec").is_none() && annotations_in(entry).all(is_ours)
            }
        }
    }
}

/// Keys of the annotations that an entry holds. `.` is the map itself, which whoever writes the first of them holds.
fn annotations_in(entry: &ManagedFieldsEntry) -> impl Iterator<Item = &str> {
    let held = entry.fields_v1.as_ref().and_then(|fields| fields.0.pointer("/f:metadata/f:annotations")?.as_object());
    held.into_iter().flatten().filter_map(|(key, _)| key.strip_prefix("f:"))
}

/// Who wrote a field last of those who hold it. `field` is a JSON pointer into `fieldsV1`:
/// `/f:spec/f:selector`.
#[must_use]
pub fn last_hand_on(metadata: &ObjectMeta, field: &str) -> Option<Hand> {
    last_of(metadata, |entry| entry.fields_v1.as_ref().is_some_and(|fields| fields.0.pointer(field).is_some()))
}

/// True where one writer, and nobody else, left both an annotation and a field as they are; notes of the same writer
/// may have taken the annotation over. `field` is a JSON pointer into `fieldsV1`.
#[must_use]
pub fn wrote_both(metadata: &ObjectMeta, annotation: &str, field: &str) -> bool {
    let [one] = holders_of(metadata, field)[..] else { return false };
    let notes = one.manager.as_deref().map(notes_manager);
    let mut entries = metadata.managed_fields.iter().flatten();
    has_annotation(one, annotation)
        || (notes.is_some() && entries.any(|other| other.manager == notes && has_annotation(other, annotation)))
}

fn holders_of<'m>(metadata: &'m ObjectMeta, field: &str) -> Vec<&'m ManagedFieldsEntry> {
    let holds = |entry: &&ManagedFieldsEntry| entry.fields_v1.as_ref().is_some_and(|f| f.0.pointer(field).is_some());
    metadata.managed_fields.iter().flatten().filter(holds).collect()
}

/// Who wrote an annotation last of those who hold it.
#[must_use]
pub fn last_hand_on_annotation(metadata: &ObjectMeta, key: &str) -> Option<Hand> {
    last_of(metadata, |entry| has_annotation(entry, key))
}

fn last_of(metadata: &ObjectMeta, holds: impl Fn(&ManagedFieldsEntry) -> bool) -> Option<Hand> {
    let last = metadata.managed_fields.iter().flatten().filter(|entry| holds(entry)).max_by_key(|e| time_of(e))?;
    Some(Hand { manager: printable(last.manager.as_deref().unwrap_or("unknown")), by: time_of(last) })
}

fn time_of(entry: &ManagedFieldsEntry) -> Option<Timestamp> {
    entry.time.as_ref().map(|time| time.0)
}

fn is_of_notes(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref().is_some_and(|manager| manager.ends_with(NOTES))
}

fn has(entry: &ManagedFieldsEntry, path: &[&str]) -> bool {
    let whole = entry.fields_v1.as_ref().map(|fields| &fields.0);
    path.iter().fold(whole, |part, key| part?.get(key)).is_some()
}

fn has_annotation(entry: &ManagedFieldsEntry, key: &str) -> bool {
    has(entry, &["f:metadata", "f:annotations", &format!("f:{key}")])
}

#[cfg(test)]
mod tests;
