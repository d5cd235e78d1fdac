//! A conditional write, and finding out what became of it when the answer was no, or none.

use super::Cluster;
use super::apply::DryRun;
use super::exchange::ApiError;
use release_core::command::Command;
use release_core::failure::{Exit, Failure};
use release_core::release::change::Change;
use serde_json::Value;

/// A refusal although nothing we rely on has changed is a race with an unrelated write: the patch
/// carries its own conditions, so it may be offered again this often.
const CONFLICTS: u32 = 3;

/// The reason of a failure after which nobody knows whether the object was written.
pub const UNCLEAR: &str = "Unclear";

/// What the cluster holds after an answer that wasn't a yes.
#[derive(Debug)]
pub enum Found {
    /// Our record is there: it was written.
    Ours,
    /// All that we rely on is as it was; the same write, made from the object as it is now.
    Untouched(Box<Change>),
    /// Someone else changed what we rely on.
    Changed(Failure),
}

/// How a write was found to have been made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// With the object as the API server has stored it.
    Answered(Box<Value>),
    /// There was no clear answer, and reading back found it.
    ReadBack(ApiError),
}

/// Why a write was not made, or isn't known to have been.
#[derive(Debug)]
pub enum Unwritten {
    Refused(ApiError),
    Changed(Failure),
    /// The first error left it open, and reading back failed with the second.
    Unclear(ApiError, ApiError),
}

impl Unwritten {
    /// As a failure: exit 3 where something changed under us, else 1. `object` was, or was not, `past`
    /// (`switched`); of what else the run wrote this says nothing. `look` is the command that shows it.
    #[must_use]
    pub fn failure(self, object: &str, past: &str, look: Command) -> Failure {
        match self {
            Self::Changed(failure) => failure,
            Self::Unclear(first, second) => Failure::failed(
                UNCLEAR,
                format!("{first}; and reading back failed too: {second}\nit is not known whether {object} was {past}"),
            )
            .look(look),
            Self::Refused(error) => {
                let (changed, unclear) = (error.code() == Some(409), error.leaves_write_unclear());
                let failure = Failure::from(error);
                let exit = if changed { Exit::Changed } else { failure.exit };
                // What is late may still come: nobody can know.
                let so_far = if unclear { " when it was read back, and may still be" } else { "" };
                Failure { exit, message: format!("{}\n{object} was not {past}{so_far}", failure.message), ..failure }
            }
        }
    }
}

impl Cluster {
    /// Makes a write whose `test` operations are its condition. `look` reads the object back; it is
    /// asked after a refusal (409, 422) and after an unclear answer.
    ///
    /// # Errors
    /// See [`Unwritten`].
    pub async fn write_if_unchanged(
        &self,
        change: &Change,
        mode: DryRun,
        look: impl AsyncFn() -> Result<Found, ApiError>,
    ) -> Result<Written, Unwritten> {
        let mut change = change.clone();
        let mut conflicts = 0;
        loop {
            let error = match self.apply(&change, mode).await {
                Ok(stored) => return Ok(Written::Answered(Box::new(stored))),
                Err(error) => error,
            };
            let refused = matches!(error.code(), Some(409 | 422));
            if !refused && !error.leaves_write_unclear() {
                return Err(Unwritten::Refused(error));
            }
            let anew = match look().await {
                Ok(Found::Ours) => return Ok(Written::ReadBack(error)),
                Ok(Found::Changed(failure)) => return Err(Unwritten::Changed(failure)),
                Ok(Found::Untouched(anew)) => *anew,
                Err(_) if refused => return Err(Unwritten::Refused(error)),
                Err(second) => return Err(Unwritten::Unclear(error, second)),
            };
            // 422 for the very same patch is the server's verdict on it, not a race.
            let again = error.code() == Some(409) || (error.code() == Some(422) && anew != change);
            if !again || conflicts == CONFLICTS {
                return Err(Unwritten::Refused(error));
            }
            (change, conflicts) = (anew, conflicts.saturating_add(1));
        }
    }
}
