//! What becomes of one color of one Service.

use release_core::command::Command;

use super::left_preview::Unexposed;
use super::removal::Removal;
use crate::report::cleanup_document::{ColorEntry, ColorOutcome, KeptReason};

/// What becomes of it.
#[derive(Debug)]
pub enum Decision {
    Remove(Box<Removal>),
    /// A preview goes.
    Unexpose(Box<Unexposed>),
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
    /// Nothing where nobody can tell which.
    pub color: Option<String>,
    /// Its retention has passed.
    pub due: bool,
    pub reason: KeptReason,
    pub why: String,
    /// The command that takes it down all the same.
    pub next: Option<Command>,
}

impl Kept {
    /// `blue stays: not idle: service/preview`
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.color {
            Some(color) => format!("{color} stays: {}", self.why),
            None => format!("service/{}: {}", self.service, self.why),
        }
    }

    /// The same with its Service.
    #[must_use]
    pub fn in_full(&self) -> String {
        match &self.color {
            Some(color) => format!("{color} of service/{} stays: {}", self.service, self.why),
            None => self.sentence(),
        }
    }
}

impl Decision {
    /// What is to be taken down, if anything.
    #[must_use]
    pub fn removal(&self) -> Option<&Removal> {
        match self {
            Self::Remove(removal) => Some(removal),
            Self::Kept(_) | Self::Down { .. } | Self::Unexpose(_) => None,
        }
    }

    /// The preview that goes, if any.
    #[must_use]
    pub fn unexposed(&self) -> Option<&Unexposed> {
        match self {
            Self::Unexpose(unexposed) => Some(unexposed),
            Self::Kept(_) | Self::Down { .. } | Self::Remove(_) => None,
        }
    }

    /// The color that it is about, where that is known.
    #[must_use]
    pub fn color(&self) -> Option<&String> {
        match self {
            Self::Remove(removal) => Some(&removal.color),
            Self::Kept(kept) => kept.color.as_ref(),
            Self::Down { color, .. } => Some(color),
            Self::Unexpose(_) => None,
        }
    }

    /// What is kept back, if anything.
    #[must_use]
    pub fn kept(&self) -> Option<&Kept> {
        match self {
            Self::Kept(kept) => Some(kept),
            Self::Remove(_) | Self::Down { .. } | Self::Unexpose(_) => None,
        }
    }

    /// One line for people.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Remove(r) => format!("  {}: {}", r.color, r.summary),
            Self::Kept(kept) => format!("x {}", kept.sentence()),
            Self::Down { color, .. } => format!("  {color} is down already"),
            Self::Unexpose(one) => format!("  {} removed: it shows {}", one.change.object, one.color),
        }
    }

    /// The same for programs.
    #[must_use]
    pub fn entry(&self) -> ColorEntry {
        let (name, color, verdict) = match self {
            Self::Remove(r) => (
                &r.service,
                Some(&r.color),
                ColorOutcome::Remove { plan: r.summary.clone(), gone: false, others: None },
            ),
            Self::Kept(kept) => {
                let verdict = ColorOutcome::Kept { reason: kept.reason, why: kept.why.clone() };
                (&kept.service, kept.color.as_ref(), verdict)
            }
            Self::Down { service, color } => (service, Some(color), ColorOutcome::Down),
            Self::Unexpose(one) => {
                let verdict = ColorOutcome::Unexpose { preview: one.change.object.clone(), gone: false };
                (&one.service, Some(&one.color), verdict)
            }
        };
        ColorEntry { name: name.clone(), namespace: None, color: color.cloned(), verdict }
    }
}
