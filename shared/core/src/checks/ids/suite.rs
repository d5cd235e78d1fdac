//! Whose checks there are.

/// Whose check it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `kubectl bluegreen`
    Bluegreen,
    Canary,
    /// `kubectl ecr-rollback`
    EcrRollback,
    /// `kubectl ecr-rollback lifecycle`
    Lifecycle,
}
