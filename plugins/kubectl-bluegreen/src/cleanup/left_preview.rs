//! A preview that a clean-up removes.

use release_core::release::change::Change;

/// A preview to remove.
#[derive(Debug)]
pub struct Unexposed {
    pub service: String,
    pub color: String,
    pub change: Change,
}
