//! What a policy would do to one repository, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use release_core::registry::index_manifest::IndexChildren;
use release_core::registry::lifecycle_policy::{
    Action, Difference, Horizon, Judged, Policy, Problem, Protection, Remark, Spare, difference, evaluate, later,
    protect, remarks,
};
use release_core::registry::manifest_content::ManifestContents;
use release_core::registry::push_history::{PushedImage, is_index};

use super::compare::{Answer, Comparison, compare};
use super::row::{DAYS_AHEAD, Row, Theirs};
use super::usage::{Forced, Use};
use super::uses::Uses;
use super::ways::{Way, to_give_up};

/// The policy that a repository has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InForce {
    None,
    Policy(Policy),
    /// ECR took it, and we can't read it.
    Unreadable {
        text: String,
        problems: Vec<Problem>,
    },
    /// ECR doesn't tell it to us; why, in a word.
    Unknown(String),
}

impl InForce {
    /// The policy, where there is one that we can read.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        if let Self::Policy(policy) = self { Some(policy) } else { None }
    }
}

/// What was read of one repository.
#[derive(Debug, Clone)]
pub struct Contents {
    pub images: Vec<PushedImage>,
    /// Nothing where nobody needs to know.
    pub children: IndexChildren,
    /// What other manifests are of, as far as somebody needs to know.
    pub contents: ManifestContents,
    /// Why the children could not be read, though somebody needs to know.
    pub children_unread: Option<String>,
    pub in_force: InForce,
    pub uses: Uses,
    pub now: Timestamp,
}

/// What a policy would do to one repository.
#[derive(Debug, Clone)]
pub struct Outlook {
    pub repository: String,
    pub in_force: InForce,
    pub policy: Policy,
    pub difference: Difference,
    pub remarks: Vec<Remark>,
    /// Every image, newest first.
    pub rows: Vec<Row>,
    /// What a cluster needs and the repository does not have.
    pub missing: Vec<(String, Use)>,
    /// Tags by which pods run an image that nobody names.
    pub unknown: Vec<(String, Use)>,
    /// What indexes are made of, as far as it was read.
    pub children: IndexChildren,
    /// What other manifests are of, as far as it was read.
    pub contents: ManifestContents,
    /// Why it isn't known what multi-architecture images are made of.
    pub children_unread: Option<String>,
    /// How to spare everything that is in use and not given up, where it is not spared anyway.
    pub protection: Option<Protection>,
    pub comparison: Comparison,
    /// Ways to spare what is in use, the one that gives up least first.
    pub ways: Vec<Way>,
}

impl Outlook {
    /// Judges what was read; for what is given up by `forced` no number is raised.
    #[must_use]
    pub fn new(repository: &str, contents: &Contents, policy: &Policy, forced: &Forced) -> Self {
        let Contents { images, children, in_force, uses, now, .. } = contents;
        let later = later(policy, images, children, *now);
        let rows: Vec<Row> = evaluate(policy, images, children, *now)
            .into_iter()
            .map(|judged| Row {
                digest: judged.image.digest.clone(),
                tags: judged.image.tags.clone(),
                pushed_at: judged.image.pushed_at,
                verdict: judged.verdict,
                about: judged.image.subjects().next(),
                uses: uses.of(&judged.image.digest).to_vec(),
                theirs: None,
                later: later.get(&judged.image.digest).copied(),
            })
            .collect();
        let protection = protection(&rows, contents, policy, forced);
        let ways = to_give_up(&rows, forced).into_iter().map(|giving_up| {
            let protection = self::protection(&rows, contents, policy, &forced.and(giving_up.as_slice()));
            let loses = protection.as_ref().is_some_and(|protection| !protection.lost.is_empty());
            Way { giving_up, policy: protection.map_or_else(|| policy.clone(), |safer| safer.policy), loses }
        });
        Self {
            ways: ways.collect(),
            repository: repository.to_owned(),
            in_force: in_force.clone(),
            policy: policy.clone(),
            difference: difference(in_force.policy(), policy),
            remarks: remarks(policy),
            rows,
            missing: uses.missing.clone(),
            unknown: uses.unknown.clone(),
            children: children.clone(),
            contents: contents.contents.clone(),
            children_unread: contents.children_unread.clone(),
            protection,
            comparison: Comparison::NotMade("not asked".into()),
        }
    }

    /// Takes in what ECR's own preview of the same policy says.
    pub fn compare_with(&mut self, answer: Answer) {
        self.comparison = compare(&self.rows, &answer);
        let Answer::Listed(theirs) = answer else { return };
        let mut theirs: BTreeMap<String, Theirs> = theirs.into_iter().map(|t| (t.digest.clone(), t)).collect();
        for row in &mut self.rows {
            row.theirs = theirs.remove(&row.digest);
        }
    }

    /// Takes over what ECR answered when it was asked about the same policy; what was pushed since it says nothing of.
    pub fn keep_answer_of(&mut self, before: &Self) {
        self.comparison = before.comparison.clone();
        for row in &mut self.rows {
            let same = before.rows.iter().find(|other| other.digest == row.digest);
            row.theirs = same.and_then(|same| same.theirs.clone());
        }
    }

    /// The policy in force says the same.
    #[must_use]
    pub fn is_unchanged(&self) -> bool {
        self.in_force.policy().is_some() && self.difference.is_empty()
    }

    /// How many images are expired or archived.
    #[must_use]
    pub fn count(&self, action: Action) -> usize {
        self.rows.iter().filter(|row| row.goes().is_some_and(|(what, _)| what == action)).count()
    }

    /// How many images stay.
    #[must_use]
    pub fn staying(&self) -> usize {
        self.rows.iter().filter(|row| row.goes().is_none()).count()
    }

    /// Images in use that would go.
    pub fn threatened(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.is_threatened())
    }
}

/// How to spare what is in use and not given up; nothing where all of it is spared anyway.
fn protection(rows: &[Row], contents: &Contents, policy: &Policy, forced: &Forced) -> Option<Protection> {
    let keep = rows.iter().filter(|row| forced.objection(&row.uses).is_some());
    let keep: BTreeSet<String> = keep.map(|row| row.digest.clone()).collect();
    let ahead = rows.iter().filter(|row| forced.later_objection(&row.uses).is_some());
    let keep = Spare { now: keep, ahead: ahead.map(|row| row.digest.clone()).collect() };
    let goes = |row: &Row| row.is_threatened() && keep.now.contains(&row.digest);
    let soon = |row: &Row| row.goes_soon() && keep.ahead.contains(&row.digest);
    let threatened = rows.iter().any(|row| goes(row) || soon(row));
    let horizon = Horizon { now: contents.now, days_ahead: DAYS_AHEAD };
    threatened.then(|| protect(policy, &contents.images, &contents.children, &keep, horizon))
}

/// Whether it has to be known what the indexes of the repository are made of: something would go
/// that may be part of one, that may be about such a part, or that may be an index which nobody but
/// us has pulled lately.
#[must_use]
pub fn needs_children(policy: &Policy, images: &[PushedImage], now: Timestamp) -> bool {
    let is_whole = |digest: &str| images.iter().any(|i| i.digest == *digest && (is_index(i) || !i.tags.is_empty()));
    let about_whole = |image: &PushedImage| image.subject.as_deref().is_some_and(is_whole);
    let matters = |judged: &Judged| judged.verdict.may_go() && !about_whole(judged.image);
    images.iter().any(is_index) && evaluate(policy, images, &IndexChildren::new(), now).iter().any(matters)
}

/// Whether it has to be known what rollbacks would go to: something would go.
#[must_use]
pub fn needs_targets(policy: &Policy, images: &[PushedImage], children: &IndexChildren, now: Timestamp) -> bool {
    evaluate(policy, images, children, now).iter().any(|judged| judged.verdict.may_go())
}

#[cfg(test)]
mod tests;
