//! One image of a repository under a policy.

use jiff::Timestamp;
use release_core::registry::lifecycle_policy::{Action, Kept, Later, Verdict};

use super::usage::Use;

/// An age grows by itself, so a rule that goes by age has to spare what is in use for so many days more.
pub const DAYS_AHEAD: u32 = 30;

/// One image in the outlook.
#[derive(Debug, Clone)]
pub struct Row {
    pub digest: String,
    pub tags: Vec<String>,
    pub pushed_at: Timestamp,
    pub verdict: Verdict,
    /// The digest of the image that it is about, where it is a signature or another referrer.
    pub about: Option<String>,
    /// The gravest first.
    pub uses: Vec<Use>,
    /// What ECR's own preview says, where it says that the image goes.
    pub theirs: Option<Theirs>,
    /// When its age runs out, where it stays for now.
    pub later: Option<Later>,
}

impl Row {
    /// What is done to it by our reckoning or by ECR's, and the rule that does it.
    #[must_use]
    pub fn goes(&self) -> Option<(Action, u32)> {
        let ours = self.verdict.taken().map(|taken| (taken.action, taken.rule));
        ours.or_else(|| self.theirs.as_ref().map(|theirs| (theirs.action, theirs.rule)))
    }

    /// In use, and gone if things go as they may.
    #[must_use]
    pub fn is_threatened(&self) -> bool {
        !self.uses.is_empty() && (self.verdict.may_go() || self.theirs.is_some())
    }

    /// When it goes, where it is in use and stays for now.
    #[must_use]
    pub fn goes_later(&self) -> Option<&Later> {
        self.later.as_ref().filter(|_| !self.is_threatened() && !Use::lasting(&self.uses).is_empty())
    }

    /// True where that is before anybody may be expected to look again.
    #[must_use]
    pub fn goes_soon(&self) -> bool {
        self.goes_later().is_some_and(|later| later.days < i64::from(DAYS_AHEAD))
    }

    /// An index needs it, and a rule would take it.
    #[must_use]
    pub fn is_held_by_index(&self) -> bool {
        matches!(self.verdict, Verdict::Kept(Kept::NeededBy { .. }))
    }
}

/// An image that ECR's preview acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Theirs {
    pub digest: String,
    /// The priority of the rule.
    pub rule: u32,
    pub action: Action,
}
