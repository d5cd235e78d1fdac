//! What is wrong with a Rollout, by the path of its field, as `kubectl` names one.

use std::fmt;

/// A field, and why it can't be as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Like `spec.strategy.canary.steps[3].setWeight`.
    pub path: String,
    pub why: String,
}

impl Problem {
    /// At a path.
    #[must_use]
    pub fn new(path: impl Into<String>, why: impl Into<String>) -> Self {
        Self { path: path.into(), why: why.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.why)
    }
}

/// Why a Rollout is no release: all that is found, not the first of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unread {
    /// Argo would refuse it, too, or ought to.
    Invalid(Vec<Problem>),
    /// It means something that nobody does here.
    NotHonoured(Vec<Problem>),
}

impl Unread {
    /// All of it.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Invalid(problems) | Self::NotHonoured(problems) => problems,
        }
    }
}
