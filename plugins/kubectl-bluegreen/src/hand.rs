//! When the API server says that we moved a Service, and who moved it after us.

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Service;
use release_core::release::hand::{Hand, Written};
use release_core::release::record::Record as _;

use crate::record::Record;

/// A move: the selector, with its record.
const MOVE: Written<'static> =
    Written { field: ["f:spec", "f:selector"], annotations: &[Record::CURRENT, Record::HISTORY] };

/// Who moved the selector after our last record of it, as far as the API server keeps it.
#[must_use]
pub fn hand_on(service: &Service) -> Option<Hand> {
    MOVE.hand_beside(&service.metadata)
}

/// When the color that a record left may be cleaned up. The record is a text, which anybody may have
/// written: its time counts no earlier than the API server's own of our last move, or of that writing.
/// Nothing where the API server doesn't tell.
#[must_use]
pub fn due(record: &Record, service: &Service) -> Option<Timestamp> {
    moved_at(service).map(|at| record.due_from(at.max(record.at)))
}

/// True where the API server says that nobody moved it after us.
#[must_use]
pub fn is_last_move(service: &Service) -> bool {
    MOVE.is_held(&service.metadata)
}

/// When we moved it last, as the API server has it.
#[must_use]
pub fn moved_at(service: &Service) -> Option<Timestamp> {
    MOVE.last_at(&service.metadata)
}
