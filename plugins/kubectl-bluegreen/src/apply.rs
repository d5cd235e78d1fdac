//! Making the moves: write, prove, and take back what fails.

mod accepted;
mod after_switch;
mod astray;
pub mod balanced;
mod beside;
mod conclude;
mod converge;
pub mod deploy;
mod emptied;
mod home;
mod in_progress;
mod judge;
mod known_pods;
pub mod lasting;
mod lost_nodes;
mod meanwhile;
mod moved;
pub mod narrow;
mod overtaken;
mod prove;
mod records;
mod redeployed;
mod rehearsal;
mod rewritten;
pub mod scale;
mod shrunk;
mod signals;
mod smoke;
mod take_back;
mod targets;
mod together;
mod verify;
pub mod warnings;
mod widened;
mod with_records;
mod write;

pub use emptied::EMPTIED;
pub use in_progress::MoveInProgress;
pub use judge::may_judge;
pub use moved::Moved;
pub use prove::{Reached, stands};
pub use rehearsal::rehearse;

use release_cli::run::Run;
use release_core::failure::{Exit, Failure, Next, Outcome, UNSEEN};
use tokio::time::Instant;

use crate::options::TakeBack;
use crate::record::RecordedVerb;
use crate::snapshot::Snapshot;

/// Writes all moves, proves them, concludes.
///
/// # Errors
/// 1 or 3: not written, taken back to what was, or left because nothing better is there. 5: failed
/// and rolled back. 3 also: reverted by someone else. 4: out of time, left as it is (rollback, or
/// `--no-rollback`).
pub async fn apply(
    run: &Run,
    snapshot: &Snapshot,
    moves: &[MoveInProgress<'_>],
    take_back: TakeBack,
) -> Outcome<Vec<Reached>> {
    let began = Instant::now();
    targets::before(run, moves).await?;
    write::all(run, moves).await?;
    finish(run, snapshot, moves, take_back, began).await
}

/// Proves moves that are written, concludes them, and takes back what fails: this run's, or those of
/// one that goes on beside it or was cut off.
///
/// # Errors
/// As [`apply`].
pub async fn finish(
    run: &Run,
    snapshot: &Snapshot,
    moves: &[MoveInProgress<'_>],
    take_back: TakeBack,
    began: Instant,
) -> Outcome<Vec<Reached>> {
    let proving = async {
        widened::narrow(run, moves).await?;
        prove::all(run, snapshot, moves, began).await
    };
    let proven = match Box::pin(proving).await {
        Ok(reached) if after_switch::is_any(moves) => {
            let hooks = after_switch::run(run, moves);
            Box::pin(beside::beside(run, snapshot, moves, hooks)).await.map(|()| reached)
        }
        proven => proven,
    };
    let failure = match proven {
        Ok(reached) => {
            conclude::done(run, moves).await;
            return Ok(reached);
        }
        Err(failure) => failure,
    };
    let goes_back = match take_back {
        // What nobody sees may be well.
        _ if failure.reason == UNSEEN => false,
        // Nor is what the numbers leave open: a person decides.
        _ if failure.reason == judge::INCONCLUSIVE => false,
        // The old targets are on their way out: going back would be the same gap once more.
        _ if failure.reason == targets::NOT_HEALTHY && moves.iter().any(has_left_its_targets) => false,
        TakeBack::EveryFailure => true,
        TakeBack::Emergency => failure.reason == EMPTIED,
        TakeBack::Nothing => false,
    };
    if failure.exit == Exit::Changed || !goes_back {
        conclude::left_as_is(run, moves, &failure).await;
        return Err(with_way_back(run, moves, failure));
    }
    Err(Box::pin(take_back::all(run, snapshot, moves, failure, began)).await)
}

/// A selector that was moved: what the load balancer had before it has taken out by now.
fn has_left_its_targets(made: &MoveInProgress<'_>) -> bool {
    made.movement.route.is_none() && !made.is_wide.get()
}

fn stays(made: &MoveInProgress<'_>) -> String {
    format!("service/{} stays on {}", made.service(), made.movement.to)
}

/// A switch that failed and stays says so, and how to go back; what shows why comes second.
fn with_way_back(run: &Run, moves: &[MoveInProgress<'_>], failure: Failure) -> Failure {
    let back = in_progress::rollback(moves, run.scope());
    let is_switch = moves.iter().all(|made| made.movement.record.verb == RecordedVerb::Switch);
    let is_told = |made: &&MoveInProgress<'_>| failure.message.contains(&stays(made));
    let staying = moves.iter().filter(|made| made.moved.get() == Some(true) && !is_told(made));
    let staying = staying.map(|made| format!("\n{}", stays(made)));
    let message = std::iter::once(failure.message.clone()).chain(staying).collect();
    if failure.exit == Exit::Changed || !is_switch {
        let failure = Failure { message, ..failure };
        return if failure.next.is_some() { failure } else { failure.try_next(back) };
    }
    let look = failure.next.iter().flat_map(Next::commands).next().map(|look| format!("look first: {look}"));
    Failure { message, ..failure }.next(Next::Try(vec![back], look))
}
