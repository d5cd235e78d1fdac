//! What is wrong with a policy, and where.

use std::fmt;

/// Characters of a policy, at most ("Amazon ECR service quotas": lifecycle policy length).
pub const MAX_CHARS: usize = 30_720;
/// Rules of a policy, at most ("Amazon ECR service quotas": rules per lifecycle policy).
pub const MAX_RULES: usize = 50;

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The rule that it is about; none for the policy as a whole.
    pub place: Option<RulePosition>,
    /// One sentence without a full stop.
    pub message: String,
}

/// Where in a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RulePosition {
    /// Counted from 1, in the order of the text.
    pub number: usize,
    pub priority: Option<u32>,
}

impl fmt::Display for RulePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {}", self.number)?;
        match self.priority {
            Some(priority) => write!(f, " (priority {priority})"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(place) => write!(f, "{place}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl Problem {
    /// Of the policy as a whole.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self { place: None, message: message.into() }
    }
}
