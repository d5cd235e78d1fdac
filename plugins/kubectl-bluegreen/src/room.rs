//! Whether annotations of others leave room for our record on a Service.

use release_core::release::annotations::{ALL_BYTES, PREFIX};
use release_core::text::printable;

use crate::service_view::ServiceView;

/// A record of one Service with a few workloads, and of its result.
const RECORD_BYTES: usize = 2 * 1024;

/// Why no move may be recorded, in words; nothing where there is room.
#[must_use]
pub fn lack_of_room(view: &ServiceView<'_>) -> Option<String> {
    (view.recorded.room.bytes < RECORD_BYTES).then(|| filled_by(view))
}

/// What fills the annotations of a Service.
#[must_use]
pub fn filled_by(view: &ServiceView<'_>) -> String {
    let left = view.recorded.room.bytes;
    let annotations = view.service.metadata.annotations.iter().flatten();
    let others = annotations.filter(|(key, _)| !key.starts_with(PREFIX));
    let largest = others.max_by_key(|(_, value)| value.len());
    let largest = largest.map(|(key, value)| format!(", most are in {} ({} KiB)", printable(key), value.len() / 1024));
    let largest = largest.unwrap_or_default();
    format!("other annotations leave {left} bytes of the {} KiB that all may have{largest}", ALL_BYTES / 1024)
}
