//! Rules and images for tests.

use jiff::{SignedDuration, Timestamp};

use super::policy::{Action, Limit, LimitKind, Policy, Rule, StorageClass, Tags};
use crate::registry::push_history::PushedImage;

pub fn now() -> Timestamp {
    "2026-06-30T12:00:00Z".parse().unwrap()
}

pub fn policy(rules: Vec<Rule>) -> Policy {
    Policy { rules }
}

pub fn prefixes(prefixes: &[&str]) -> Tags {
    Tags::Prefixes(sorted(prefixes))
}

pub fn patterns(patterns: &[&str]) -> Tags {
    Tags::Patterns(sorted(patterns))
}

fn sorted(texts: &[&str]) -> Vec<String> {
    let mut texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    texts.sort();
    texts
}

pub fn rule(priority: u32, tags: Tags, kind: LimitKind, number: u32) -> Rule {
    Rule {
        priority,
        description: None,
        tags,
        storage: StorageClass::Standard,
        limit: Limit { kind, number },
        action: Action::Expire,
    }
}

/// Keeps so many and expires the others.
pub fn newest(priority: u32, tags: Tags, number: u32) -> Rule {
    rule(priority, tags, LimitKind::Newest, number)
}

/// Expires what was pushed more days ago.
pub fn days(priority: u32, tags: Tags, number: u32) -> Rule {
    rule(priority, tags, LimitKind::SincePush, number)
}

/// Expires what is in the archive for more days.
pub fn archived_days(priority: u32, tags: Tags, number: u32) -> Rule {
    Rule { storage: StorageClass::Archive, ..rule(priority, tags, LimitKind::SinceArchived, number) }
}

pub fn to_archive(rule: Rule) -> Rule {
    Rule { action: Action::Archive, ..rule }
}

/// An image with tags parted by spaces, pushed so many days ago.
pub fn image(digest: &str, tags: &str, days_ago: i64) -> PushedImage {
    let tags = tags.split_whitespace().map(str::to_owned).collect();
    PushedImage { tags, ..PushedImage::untagged(digest, ago(days_ago)) }
}

pub fn ago(days: i64) -> Timestamp {
    now() - SignedDuration::from_hours(24 * days)
}
