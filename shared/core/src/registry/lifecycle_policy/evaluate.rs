//! What a policy does to the images of a repository.
//!
//! All rules look at all images at once. The first rule by priority that selects an image decides
//! about it alone: a later one can't take it away, whether the first one does or not. It still
//! counts there, though. Last come the two rules of the repository itself: what an index refers to
//! stays as long as the index does, and what refers to an image goes with it.
//!
//! Images of a repository's index and artifacts about other images are counted as any image is; the
//! documents except none.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::policy::{Action, Limit, Policy, Rule};
use crate::registry::index_manifest::IndexChildren;
use crate::registry::push_history::{ImageStatus, PushedImage};

/// What happens to one image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'i> {
    pub image: &'i PushedImage,
    pub verdict: Verdict,
}

/// Whether an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Kept(Kept),
    Taken(Taken),
}

/// Why an image stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// No rule selects it.
    NoRule,
    /// The rule of that priority selects it and spares it; no later rule can take it.
    Spared {
        rule: u32,
        /// An image that is taken has the same time: ECR documents no order between them, so this
        /// one may be the one that goes.
        tied: bool,
    },
    /// The rule of that priority would take it, but this index needs it and stays.
    NeededBy { index: String, rule: u32 },
}

/// Why an image goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The priority of the rule.
    pub rule: u32,
    pub action: Action,
    /// The image that it goes with, where no rule marks it by itself.
    pub with: Option<String>,
}

impl Verdict {
    /// How it goes, where it does.
    #[must_use]
    pub fn taken(&self) -> Option<&Taken> {
        match self {
            Self::Taken(taken) => Some(taken),
            Self::Kept(_) => None,
        }
    }

    /// Whether it goes, or may go because of another image of the same time.
    #[must_use]
    pub fn may_go(&self) -> bool {
        matches!(self, Self::Taken(_) | Self::Kept(Kept::Spared { tied: true, .. }))
    }
}

/// Judges every image; newest first, images of one time by digest, the greater as the newer one.
#[must_use]
pub fn evaluate<'i>(
    policy: &Policy,
    images: &'i [PushedImage],
    children: &IndexChildren,
    now: Timestamp,
) -> Vec<Judged<'i>> {
    let mut images: Vec<&PushedImage> = images.iter().collect();
    images.sort_by_key(|image| Reverse((image.pushed_at, &image.digest)));
    images.dedup_by_key(|image| &image.digest);
    let mut verdicts: BTreeMap<&str, Verdict> =
        images.iter().map(|image| (image.digest.as_str(), Verdict::Kept(Kept::NoRule))).collect();
    for rule in policy.rules.iter().rev() {
        // From the last rule to the first: the first one that selects an image has the last word.
        for (image, verdict) in apply(rule, &images, now) {
            verdicts.insert(&image.digest, verdict);
        }
    }
    spare_what_indexes_need(&images, children, &mut verdicts);
    take_what_refers_to_taken(&images, &mut verdicts);
    let judged = |image: &'i PushedImage| Some(Judged { image, verdict: verdicts.get(image.digest.as_str())?.clone() });
    images.iter().copied().filter_map(judged).collect()
}

/// What one rule says about the images that it selects.
fn apply<'i>(rule: &Rule, images: &[&'i PushedImage], now: Timestamp) -> Vec<(&'i PushedImage, Verdict)> {
    let mut selected: Vec<&PushedImage> = images.iter().copied().filter(|image| rule.selects(image)).collect();
    selected.sort_by_key(|image| Reverse((rule.counts_from(image), &image.digest)));
    let spared = if rule.limit.kind.is_age() {
        selected.partition_point(|image| !is_older(rule.counts_from(image), rule.limit, now))
    } else {
        selected.len().min(rule.limit.number as usize)
    };
    let first_taken = selected.get(spared).map(|image| rule.counts_from(image));
    let verdict = |(rank, image): (usize, &'i PushedImage)| {
        let verdict = if rank < spared {
            Verdict::Kept(Kept::Spared { rule: rule.priority, tied: first_taken == Some(rule.counts_from(image)) })
        } else {
            Verdict::Taken(Taken { rule: rule.priority, action: rule.action, with: None })
        };
        (image, verdict)
    };
    selected.iter().copied().enumerate().map(verdict).collect()
}

/// Older than so many days of 24 hours; not yet at their very end.
fn is_older(from: Timestamp, limit: Limit, now: Timestamp) -> bool {
    now.duration_since(from) > SignedDuration::from_hours(i64::from(limit.number).saturating_mul(24))
}

/// ECR neither deletes nor archives what a manifest list refers to, as long as that list is there
/// and isn't archived.
fn spare_what_indexes_need(images: &[&PushedImage], children: &IndexChildren, verdicts: &mut BTreeMap<&str, Verdict>) {
    let archived: BTreeSet<&str> =
        images.iter().filter(|i| i.status == ImageStatus::Archived).map(|i| i.digest.as_str()).collect();
    // Each round may keep an index of an index, so it goes on until nothing changes.
    loop {
        let mut spared = Vec::new();
        for (index, needed) in children.iter().filter(|(index, _)| !archived.contains(index.as_str())) {
            if !matches!(verdicts.get(index.as_str()), Some(Verdict::Kept(_))) {
                continue;
            }
            for child in needed {
                if let Some((digest, Verdict::Taken(taken))) = verdicts.get_key_value(child.digest.as_str()) {
                    spared.push((*digest, Kept::NeededBy { index: index.clone(), rule: taken.rule }));
                }
            }
        }
        if spared.is_empty() {
            return;
        }
        for (digest, kept) in spared {
            verdicts.insert(digest, Verdict::Kept(kept));
        }
    }
}

/// Signatures, attestations and the like go with the image that they are about, within a day.
fn take_what_refers_to_taken<'i>(images: &[&'i PushedImage], verdicts: &mut BTreeMap<&'i str, Verdict>) {
    loop {
        let mut taken_with = Vec::new();
        for image in images {
            let Some(subject) = &image.subject else { continue };
            let kept = matches!(verdicts.get(image.digest.as_str()), Some(Verdict::Kept(_)));
            if let (true, Some(Verdict::Taken(taken))) = (kept, verdicts.get(subject.as_str())) {
                taken_with.push((image.digest.as_str(), Taken { with: Some(subject.clone()), ..*taken }));
            }
        }
        if taken_with.is_empty() {
            return;
        }
        for (digest, taken) in taken_with {
            verdicts.insert(digest, Verdict::Taken(taken));
        }
    }
}

#[cfg(test)]
mod documented;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
