//! Whether annotations of others leave room for our record on a Service.

use release_core::release::annotations;

use crate::service_view::ServiceView;

/// A record of one Service with a few workloads, and of its result.
const RECORD_BYTES: usize = 2 * 1024;

/// Why no move may be recorded, in words; nothing where there is room.
#[must_use]
pub fn lack_of_room(view: &ServiceView<'_>) -> Option<String> {
    (view.recorded.room.bytes < RECORD_BYTES).then(|| filled_by(view))
}

/// What fills the annotations of what decides.
#[must_use]
pub fn filled_by(view: &ServiceView<'_>) -> String {
    annotations::filled_by(view.home().annotations.as_ref(), view.recorded.room.bytes)
}
