//! How far a release has come, as others are told it.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A stage of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It was agreed to, and writes from here on.
    Started,
    /// Nothing that its checks found stands in the way.
    Checked,
    /// The color is ready, and has no traffic yet.
    Prepared,
    /// Its pods have passed their tests.
    Tested,
    /// The Service selects the target.
    Switched,
    /// The endpoints followed, and stayed.
    Verified,
    /// It failed, and was taken back by itself.
    RolledBack,
    /// It failed or was refused; what is so then is in the message.
    Failed,
    /// A color that was left is taken down.
    CleanedUp,
}

impl Stage {
    /// All of them, in the order in which they come.
    pub const ALL: [Self; 9] = [
        Self::Started,
        Self::Checked,
        Self::Prepared,
        Self::Tested,
        Self::Switched,
        Self::Verified,
        Self::RolledBack,
        Self::Failed,
        Self::CleanedUp,
    ];

    /// As it is typed: `rolled-back`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Checked => "checked",
            Self::Prepared => "prepared",
            Self::Tested => "tested",
            Self::Switched => "switched",
            Self::Verified => "verified",
            Self::RolledBack => "rolled-back",
            Self::Failed => "failed",
            Self::CleanedUp => "cleaned-up",
        }
    }

    /// As people say it: `rolled back`.
    #[must_use]
    pub fn past(self) -> String {
        self.word().replace('-', " ")
    }

    /// The stage of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.word() == word)
    }
}

/// What was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Deed {
    Deploy,
    #[default]
    Switch,
    Rollback,
    Cleanup,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deploy => "deploy",
            Self::Switch => "switch",
            Self::Rollback => "rollback",
            Self::Cleanup => "cleanup",
        })
    }
}
