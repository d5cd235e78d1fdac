//! When the API server says that we moved a Service, and who moved it after us.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use release_core::release::hand::{Hand, Part, Written, wrote_both};
use release_core::release::record::Record as _;
use release_core::traffic::router::RouterKind;

use crate::record::Record;

/// A move: what decides between the colors, with its record.
fn moves(kind: RouterKind) -> Written<'static> {
    Written { part: kind.held(), annotations: &[Record::CURRENT, Record::HISTORY] }
}

/// Who moved a Service after our last record of it, by an object that decides about it, as far as the API server
/// keeps it.
#[must_use]
pub fn hand_on(metadata: &ObjectMeta, kind: RouterKind) -> Option<Hand> {
    moves(kind).hand_beside(metadata)
}

/// When the color that a record left may be cleaned up. The record is a text, which anybody may have
/// written: its time counts no earlier than the API server's own of our last move, or of that writing.
/// Nothing where the API server doesn't tell.
#[must_use]
pub fn due(record: &Record, metadata: &ObjectMeta, kind: RouterKind) -> Option<Timestamp> {
    moved_at(metadata, kind).map(|at| record.due_from(at.max(record.at)))
}

/// The same, and what the record says where the API server doesn't tell.
#[must_use]
pub fn due_as_far_as_known(record: &Record, metadata: &ObjectMeta, kind: RouterKind) -> Timestamp {
    due(record, metadata, kind).unwrap_or_else(|| record.due())
}

/// True where the API server says that nobody moved it after us.
#[must_use]
pub fn is_last_move(metadata: &ObjectMeta, kind: RouterKind) -> bool {
    moves(kind).is_held(metadata)
}

/// True where who moved it last has written our record with it, or its result since: whoever wrote the record alone may
/// have written anything.
#[must_use]
pub fn has_written_the_record(metadata: &ObjectMeta, kind: RouterKind) -> bool {
    match kind.held() {
        Part::Field(path) => wrote_both(metadata, Record::CURRENT, &format!("/{}", path.join("/"))),
        Part::Annotations(_) => is_last_move(metadata, kind),
    }
}

/// When we moved it last, as the API server has it.
#[must_use]
pub fn moved_at(metadata: &ObjectMeta, kind: RouterKind) -> Option<Timestamp> {
    moves(kind).last_at(metadata)
}
