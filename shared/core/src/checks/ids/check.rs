//! What a check is, apart from which there are.

use super::super::severity::Severity;
use super::suite::Suite;

/// The stable name of a check, for `--force` and `accept`: lower case, words joined by hyphens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckId(&'static str);

impl CheckId {
    pub(super) const fn of(name: &'static str) -> Self {
        Self(name)
    }

    /// As people type it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// A check, as the documents have it.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    pub id: CheckId,
    pub suites: &'static [Suite],
    /// How it may weigh, besides that it could not be made.
    pub severities: &'static [Severity],
    /// What it found when it speaks; one line of Markdown.
    pub means: &'static str,
}

impl Check {
    /// `blocks`, `warns`, `blocks or warns`; nothing where it can only not be made.
    #[must_use]
    pub fn weighs(&self) -> String {
        let words = self.severities.iter().map(|severity| match severity {
            Severity::Blocks => "blocks",
            Severity::Warns => "warns",
            Severity::NotChecked => "is not made",
        });
        words.collect::<Vec<_>>().join(" or ")
    }
}
