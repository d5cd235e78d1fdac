//! How much a finding matters.

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Stops the change, unless it is forced by id.
    Blocks,
    Warns,
    /// The check couldn't be made.
    NotChecked,
}
