//! Making a change of images: write, watch, and take back what fails.

mod conclude;
mod in_progress;
mod take_back;
mod watch;
mod what_runs;
mod write;

use release_core::failure::{Exit, Outcome};

pub use in_progress::ChangeInProgress;
pub use write::write;

/// Watches the rollout to its end, concludes, and takes back what failed.
///
/// # Errors
/// 1: failed and left so (`--no-rollback`). 3: changed by someone else. 4: out of time and left so.
/// 5: failed and taken back.
pub async fn prove(change: &ChangeInProgress<'_>) -> Outcome<()> {
    let failure = match watch::until_done(change).await {
        Ok(()) => {
            let Some(failure) = what_runs::surprise(change).await else {
                conclude::done(change).await;
                return Ok(());
            };
            // It runs, so that there is nothing to take back from.
            conclude::left_as_is(change, &failure).await;
            return Err(failure);
        }
        Err(failure) => failure,
    };
    if matches!(failure.exit, Exit::Changed | Exit::RolledBack) {
        return Err(failure);
    }
    if !change.options.rollback_on_failure {
        conclude::left_as_is(change, &failure).await;
        return Err(if failure.next.is_some() { failure } else { failure.try_next(change.undo()) });
    }
    Err(take_back::all(change, failure).await)
}
