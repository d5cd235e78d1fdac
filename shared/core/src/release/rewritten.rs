//! What an admission policy or webhook made of a write, or of the pods that follow from it.

use crate::command::{Command, Scope};
use crate::failure::Failure;

/// The reason where something else decides what is stored, or runs, than what was written.
pub const REWRITTEN: &str = "Rewritten";

/// A failure of that, with where to look: policies are of one kind or another, webhooks every API server has.
#[must_use]
pub fn rewritten(text: impl Into<String>, scope: &Scope) -> Failure {
    let webhooks = Command::new("kubectl get mutatingwebhookconfigurations").scope(scope);
    Failure::failed(REWRITTEN, text).look(webhooks)
}
