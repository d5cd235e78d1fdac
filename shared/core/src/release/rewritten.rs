//! What an admission policy or webhook made of a write, or of the pods that follow from it.

use crate::command::{Command, Scope};
use crate::failure::{Failure, Next};

/// The reason where something else decides what is stored, or runs, than what was written.
pub const REWRITTEN: &str = "Rewritten";

/// A failure of that, with where to look: webhooks every API server has, policies only the newer ones.
#[must_use]
pub fn rewritten(text: impl Into<String>, scope: &Scope) -> Failure {
    let webhooks = Command::new("kubectl get mutatingwebhookconfigurations").scope(scope);
    let note = "and mutatingadmissionpolicies, where the API server has them".to_owned();
    Failure::failed(REWRITTEN, text).next(Next::Look(webhooks, Some(note)))
}
