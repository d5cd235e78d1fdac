//! Ways to put a policy in force that spare what is in use, and which of them are open: ECR has the last word, so
//! a command is offered only where its own preview of the very policy agrees.

use release_core::checks::ids::{self, CheckId};
use release_core::registry::lifecycle_policy::Policy;

use super::compare::Answer;
use super::row::Row;
use super::usage::{self, Forced};

/// A policy whose numbers are raised for what is not given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    /// What is given up beyond what is given up already.
    pub giving_up: Option<CheckId>,
    pub policy: Policy,
    /// Something is not spared by any number.
    pub loses: bool,
}

impl Way {
    /// Whether nothing in use goes, by what ECR says to this way's policy.
    #[must_use]
    pub fn is_open(&self, answer: &Answer, rows: &[Row], forced: &Forced) -> bool {
        let forced = forced.and(self.giving_up.as_slice());
        let stays = |digest: &str| {
            let row = rows.iter().find(|row| row.digest == *digest);
            row.is_none_or(|row| forced.objection(&row.uses).is_none())
        };
        let theirs = if let Answer::Listed(theirs) = answer { theirs.as_slice() } else { &[] };
        !self.loses && theirs.iter().all(|theirs| stays(&theirs.digest))
    }
}

/// What may be given up before numbers are raised: nothing more, or what scanners pull, where that speaks for
/// something that would go.
pub(super) fn to_give_up(rows: &[Row], forced: &Forced) -> Vec<Option<CheckId>> {
    let is_pulled = |row: &Row| usage::objections(&row.uses).iter().any(|used| used.id() == ids::PULLED_LATELY);
    let pulled = !forced.has(ids::PULLED_LATELY) && rows.iter().any(|row| row.is_threatened() && is_pulled(row));
    let mut all = vec![None];
    all.extend(pulled.then_some(Some(ids::PULLED_LATELY)));
    all
}
