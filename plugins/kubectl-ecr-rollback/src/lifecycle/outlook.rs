//! What a policy would do to one repository, and to whom.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kubectl_release::lifecycle_policy::{
    Action, Children, Difference, Judged, Kept, Policy, Problem, Protection, Remark, Verdict, difference, evaluate,
    protect, remarks,
};
use kubectl_release::push_history::{PushedImage, is_index};

use super::compare::{Answer, Comparison, Theirs, compare};
use super::uses::{Use, Uses};

/// An age grows by itself, so a rule that goes by age spares what is in use for so many days more.
const DAYS_AHEAD: u32 = 30;

/// The policy that a repository has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InForce {
    None,
    Policy(Policy),
    /// ECR took it, and we can't read it.
    Unreadable(Vec<Problem>),
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
    pub children: Children,
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
    /// Why it isn't known what multi-architecture images are made of.
    pub children_unread: Option<String>,
    /// How to spare everything that is in use, where it is not spared anyway.
    pub protection: Option<Protection>,
    pub comparison: Comparison,
}

/// One image in the outlook.
#[derive(Debug, Clone)]
pub struct Row {
    pub digest: String,
    pub tags: Vec<String>,
    pub pushed_at: Timestamp,
    pub verdict: Verdict,
    /// The gravest first.
    pub uses: Vec<Use>,
    /// What ECR's own preview says, where it says that the image goes.
    pub theirs: Option<Theirs>,
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

    /// An index needs it, and a rule would take it.
    #[must_use]
    pub fn is_held_by_index(&self) -> bool {
        matches!(self.verdict, Verdict::Kept(Kept::NeededBy { .. }))
    }
}

impl Outlook {
    /// Judges what was read.
    #[must_use]
    pub fn new(repository: &str, contents: &Contents, policy: &Policy) -> Self {
        let Contents { images, children, in_force, uses, now, .. } = contents;
        let rows: Vec<Row> = evaluate(policy, images, children, *now)
            .into_iter()
            .map(|judged| Row {
                digest: judged.image.digest.clone(),
                tags: judged.image.tags.clone(),
                pushed_at: judged.image.pushed_at,
                verdict: judged.verdict,
                uses: uses.of(&judged.image.digest).to_vec(),
                theirs: None,
            })
            .collect();
        let protection = rows
            .iter()
            .any(Row::is_threatened)
            .then(|| protect(policy, images, children, &uses.digests(), *now, DAYS_AHEAD));
        Self {
            repository: repository.to_owned(),
            in_force: in_force.clone(),
            policy: policy.clone(),
            difference: difference(in_force.policy(), policy),
            remarks: remarks(policy),
            rows,
            missing: uses.missing.clone(),
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

/// Whether it has to be known what the indexes of the repository are made of: something would go
/// that may be part of one, or that may be an index which nobody but us has pulled lately.
#[must_use]
pub fn needs_children(policy: &Policy, images: &[PushedImage], now: Timestamp) -> bool {
    let matters = |judged: &Judged| judged.verdict.may_go() && judged.image.subject.is_none();
    images.iter().any(is_index) && evaluate(policy, images, &Children::new(), now).iter().any(matters)
}

#[cfg(test)]
mod tests;
