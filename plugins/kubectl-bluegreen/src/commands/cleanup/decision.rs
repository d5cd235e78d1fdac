//! What becomes of one color of one Service.

use release_core::command::Command;

use super::removal::Removal;
use crate::report::cleanup_document::{ColorEntry, ColorOutcome};

/// What becomes of it.
#[derive(Debug)]
pub enum Decision {
    Remove(Removal),
    Kept(Kept),
    /// It is down already.
    Down {
        service: String,
        color: String,
    },
}

/// A color that stays.
#[derive(Debug)]
pub struct Kept {
    pub service: String,
    pub color: String,
    pub why: String,
    /// The command that takes it down all the same.
    pub next: Option<Command>,
}

impl Decision {
    /// What is to be taken down, if anything.
    #[must_use]
    pub fn removal(&self) -> Option<&Removal> {
        match self {
            Self::Remove(removal) => Some(removal),
            Self::Kept(_) | Self::Down { .. } => None,
        }
    }

    /// What is kept back, if anything.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        match self {
            Self::Kept(kept) => Some(kept),
            Self::Remove(_) | Self::Down { .. } => None,
        }
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Remove(r) => format!("  {}: {}", r.color, r.summary),
            Self::Kept(kept) => format!("x {} stays: {}", kept.color, kept.why),
            Self::Down { color, .. } => format!("  {color} is down already"),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn entry(&self) -> ColorEntry {
        let (name, color, verdict) = match self {
            Self::Remove(r) => (&r.service, &r.color, ColorOutcome::Remove { plan: r.summary.clone(), gone: false }),
            Self::Kept(kept) => (&kept.service, &kept.color, ColorOutcome::Kept { why: kept.why.clone() }),
            Self::Down { service, color } => (service, color, ColorOutcome::Down),
        };
        ColorEntry { name: name.clone(), color: color.clone(), verdict }
    }
}
