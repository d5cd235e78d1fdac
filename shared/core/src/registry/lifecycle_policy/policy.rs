//! A policy and its rules, and which images a rule selects.

use jiff::Timestamp;
use serde::Serialize;

use super::pattern;
use crate::registry::push_history::{ImageStatus, PushedImage};

/// A checked policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// By priority, the one that is applied first at the front.
    pub rules: Vec<Rule>,
}

/// One rule of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// `rulePriority`: the lowest number is applied first.
    pub priority: u32,
    pub description: Option<String>,
    pub tags: Tags,
    pub storage: StorageClass,
    pub limit: Limit,
    pub action: Action,
}

/// Which images a rule selects by their tags: the "tagging requirements" of the documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tags {
    Any,
    Untagged,
    /// `tagPrefixList`, sorted, without doubles. An image needs a tag for every one of them.
    Prefixes(Vec<String>),
    /// `tagPatternList`, sorted, without doubles. An image needs a tag for every one of them.
    Patterns(Vec<String>),
}

/// Where an image is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum StorageClass {
    Standard,
    Archive,
}

/// What a rule spares: `countType` with its `countNumber`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    pub kind: LimitKind,
    /// Images for [`LimitKind::Newest`], days for the others; never 0.
    pub number: u32,
}

/// `countType`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LimitKind {
    /// `imageCountMoreThan`
    Newest,
    /// `sinceImagePushed`
    SincePush,
    /// `sinceImagePulled`
    SincePull,
    /// `sinceImageTransitioned`
    SinceArchived,
}

/// What happens to the images that a rule does not spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    Expire,
    /// Moved to archive storage, where an image can't be pulled until it is restored.
    Archive,
}

impl Policy {
    /// The rule of that priority.
    #[must_use]
    pub fn rule(&self, priority: u32) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.priority == priority)
    }
}

impl Rule {
    /// Whether the image is of this rule's storage class and meets its tagging requirements.
    #[must_use]
    pub fn selects(&self, image: &PushedImage) -> bool {
        self.storage == storage_class(image) && self.tags.select(&image.tags)
    }

    /// The time by which this rule orders images and counts their age.
    ///
    /// An image that was never pulled counts from its push. One that came back from the archive
    /// takes its place among the newest from then on, and counts as pulled then at least; its age
    /// since the push stays, for the documents say nothing else about that.
    #[must_use]
    pub fn counts_from(&self, image: &PushedImage) -> Timestamp {
        match self.limit.kind {
            LimitKind::Newest => image.last_activated_at.unwrap_or(image.pushed_at),
            LimitKind::SincePush => image.pushed_at,
            LimitKind::SincePull => image.last_pulled_at.max(image.last_activated_at).unwrap_or(image.pushed_at),
            LimitKind::SinceArchived => image.last_archived_at.unwrap_or(image.pushed_at),
        }
    }
}

impl Tags {
    /// Whether an image with these tags meets the requirements: each entry of a list has to match
    /// one of the tags.
    #[must_use]
    pub fn select(&self, tags: &[String]) -> bool {
        let each = |entries: &[String], fits: &dyn Fn(&str, &str) -> bool| {
            entries.iter().all(|entry| tags.iter().any(|tag| fits(entry, tag)))
        };
        match self {
            Self::Any => true,
            Self::Untagged => tags.is_empty(),
            Self::Prefixes(prefixes) => each(prefixes, &|prefix, tag| tag.starts_with(prefix)),
            Self::Patterns(patterns) => each(patterns, &pattern::matches),
        }
    }

    /// Whether every image that `other` selects is selected here too. `false` may also mean that
    /// it can't be told.
    #[must_use]
    pub fn cover(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Untagged, _) | (_, Self::Any | Self::Untagged) => self == other,
            _ => {
                let theirs = other.as_patterns();
                self.as_patterns().iter().all(|ours| theirs.iter().any(|their| pattern::matches(ours, their)))
            }
        }
    }

    /// The lists as patterns.
    pub(super) fn as_patterns(&self) -> Vec<String> {
        match self {
            Self::Any | Self::Untagged => Vec::new(),
            Self::Prefixes(prefixes) => prefixes.iter().map(|prefix| format!("{prefix}*")).collect(),
            Self::Patterns(patterns) => patterns.clone(),
        }
    }
}

/// The storage class that rules see. An image on its way back from the archive behaves as a newly
/// pushed one.
fn storage_class(image: &PushedImage) -> StorageClass {
    match image.status {
        ImageStatus::Archived => StorageClass::Archive,
        ImageStatus::Active | ImageStatus::Activating => StorageClass::Standard,
    }
}
