//! When a hook runs.

use std::fmt;

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Before the pods of the idle color get the new version.
    Migrate,
    /// Once the idle color is ready, and has passed its tests.
    BeforeSwitch,
    /// Once the traffic has arrived, and before the move counts as proven.
    AfterSwitch,
    /// Once the color before is taken down.
    Contract,
}

impl Moment {
    /// As its flag and its label have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Migrate => "migrate",
            Self::BeforeSwitch => "before-switch",
            Self::AfterSwitch => "after-switch",
            Self::Contract => "contract",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
