//! What is left of a rollback while the registry gives no answer: the rollout history.

use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::registry::push_history::{Choice, Decision};

use crate::options::RollbackOptions;
use crate::refusal::{Retyped, cannot_pin_alone};
use crate::tag_now::{self, TagNow, tag_now};

/// The registry has failed; what the workload ran before, if it ran anything, is in the cluster.
#[must_use]
pub fn without_registry(run: &Run, options: &RollbackOptions, offline: bool, failure: Failure) -> Failure {
    if !offline {
        return failure;
    }
    let workload = options.workload.to_string();
    let typed = &options.write.typed;
    let typed = if failure.exit == Exit::OutOfTime { typed.with_time() } else { typed.clone() };
    let retyped = Retyped { workload: &workload, typed: &typed, scope: run.scope() };
    let (fallback, left_out) = retyped.alone();
    let mut commands = failure.next.as_ref().map(|next| next.commands().to_vec()).unwrap_or_default();
    let note = failure.next.as_ref().and_then(Next::note).map(|note| format!("or first: {note}"));
    let notes: Vec<String> = left_out.into_iter().chain(note).collect();
    commands.push(fallback);
    failure.next(Next::Try(commands, (!notes.is_empty()).then(|| notes.join("; "))))
}

/// Whoever wants a digest that the cluster doesn't know is sent to the registry only where that answers.
///
/// # Errors
/// Where nobody knows the digest.
pub async fn pins_without_registry(run: &Run, options: &RollbackOptions, choice: &Choice<'_>) -> Outcome<()> {
    let Decision::CannotPin { image, .. } = &choice.decision else { return Ok(()) };
    let patience = run.deadline().min(later(tag_now::PATIENCE));
    if !matches!(tag_now(run, image, patience).await, TagNow::Unknown(_)) {
        return Ok(());
    }
    let workload = options.workload.to_string();
    let retyped = Retyped { workload: &workload, typed: &options.write.typed, scope: run.scope() };
    cannot_pin_alone(&choice.decision, retyped).map_or(Ok(()), Err)
}
