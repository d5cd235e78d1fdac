//! Watching moves that are proven while something else goes on, and once more when it is over: what runs once the
//! traffic has arrived may take its time.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use futures::future::{try_join, try_join_all};
use release_cli::run::Run;
use release_cluster::slice_view::SliceView;
use release_core::failure::Outcome;
use tokio::time::Instant;

use super::emptied::{TOLERATED, emptied};
use super::in_progress::MoveInProgress;
use super::lasting::Lasting;
use super::verify::{TICK, look_at_target, see, still_ours};
use crate::snapshot::Snapshot;

/// Until it is seen that what goes on is over.
const SOON: Duration = Duration::from_millis(200);

/// Does something, and sees to it that all moves stand meanwhile and afterwards.
///
/// # Errors
/// Its own failure; or what became of a move: exit 3 where somebody else moved a Service, 1 where it has no ready
/// endpoint, 4 where that can't be seen.
pub async fn beside(
    run: &Run,
    snapshot: &Snapshot,
    moves: &[MoveInProgress<'_>],
    work: impl Future<Output = Outcome<()>>,
) -> Outcome<()> {
    let is_over = Cell::new(false);
    let working = async {
        let done = work.await;
        is_over.set(true);
        done
    };
    let watching = try_join_all(moves.iter().map(|made| stands(run, snapshot, made, &is_over)));
    try_join(working, watching).await.map(drop)
}

async fn stands(run: &Run, snapshot: &Snapshot, made: &MoveInProgress<'_>, is_over: &Cell<bool>) -> Outcome<()> {
    let service = made.backend();
    let at = snapshot.slices.get(service).cloned().unwrap_or_default();
    let mut view = SliceView::at(&run.cluster, service, at);
    see(run, &mut view, made).await?;
    let (mut empty, mut looked) = (Lasting::default(), None::<Instant>);
    loop {
        let is_last = is_over.get();
        if is_last && !empty.is_so() {
            see(run, &mut view, made).await?;
        }
        if is_last || looked.is_none_or(|at| at.elapsed() >= TICK) {
            looked = Some(Instant::now());
            still_ours(run, made).await?;
            look_at_target(run, &mut view, made).await;
        }
        let is_empty = view.slices.ready_pods().is_empty();
        if empty.longer_than(TOLERATED, is_empty) {
            return Err(emptied(run, service, &made.movement.to).await);
        }
        if is_last && !is_empty {
            return Ok(());
        }
        view.changed(SOON).await;
    }
}
