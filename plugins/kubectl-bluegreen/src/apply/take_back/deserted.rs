//! A Service that was taken back and is served by nobody there, while the color that failed can serve again.

use std::time::Duration;

use futures::future::join;
use release_cli::run::Run;
use release_cluster::slice_view::slices_of;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use release_core::release::record::{Record as _, RunResult};
use release_core::traffic::capacity::staying;
use tokio::time::sleep;

use super::super::emptied::TOLERATED;
use super::super::home::Home;
use super::super::in_progress::MoveInProgress;
use super::super::lasting::Lasting;
use super::super::records;
use crate::left::LeftWorkload;
use crate::plan::{Move, Place};
use crate::record::Record;
use crate::snapshot::workloads_and_pods;

/// Between two looks.
const TICK: Duration = Duration::from_millis(500);

/// Ends only where it has been so for longer than controllers take.
pub async fn until_deserted(run: &Run, made: &MoveInProgress<'_>) {
    let mut deserted = Lasting::default();
    loop {
        // A read that fails is no verdict.
        let is_so = is_deserted(run, made).await.unwrap_or(deserted.is_so());
        if deserted.longer_than(TOLERATED, is_so) {
            return;
        }
        sleep(TICK).await;
    }
}

/// Whether nobody serves where it was taken back to, and pods of the color that failed are ready; nothing where
/// that can't be read.
pub async fn is_deserted(run: &Run, made: &MoveInProgress<'_>) -> Option<bool> {
    let (now, slices) = join(
        workloads_and_pods(&run.cluster, &made.tracks.base),
        slices_of(&run.cluster, made.movement.backend(&made.movement.from)),
    )
    .await;
    let ((workloads, pods), slices) = (now.ok()?, slices.ok()?.slices.behind(made.view.ports.clone()));
    let slices = made.seen_in(slices, &made.movement.from, &pods);
    let ready = |name: &str| {
        let color = made.tracks.color(name)?.as_of(&workloads);
        let own = made.tracks.pods_of(name, &pods).into_iter().filter(|pod| made.tracks.can_serve(pod));
        Some(staying(&color, &own.collect::<Vec<&Pod>>()))
    };
    let Move { from, to, .. } = made.movement;
    Some(slices.ready_pods().is_empty() && ready(from)? == 0 && ready(to)? > 0)
}

/// Moves it to the color that failed again: that serves somebody.
///
/// # Errors
/// Where somebody else has changed the Service since, or the write is refused.
pub async fn forward_again(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let from = &made.movement.from;
    let home = Home::read(run, made.movement).await.map_err(Failure::from)?;
    if home.place != Place::Before || !made.is_last_in(&home.recorded) {
        let text = format!("{} was changed by someone else meanwhile; left as it is", made.movement.object());
        return Err(Failure::changed(text));
    }
    let record = Record {
        left: made.tracks.color(from).map(LeftWorkload::all).unwrap_or_default(),
        at: run.cluster.now(),
        reason: format!("by itself: nothing serves on {from}"),
        ..made.movement.record.clone()
    };
    // It serves, and was not proven.
    let again = Move { record: record.ended(RunResult::Failed, run.millis()), ..made.movement.clone() }.on(home.object);
    made.moved.set(None);
    let now = again.route.as_ref().map(|route| route.object.clone()).unwrap_or_default();
    records::write(run, made, &now, &made.movement.to).await?;
    run.cluster.apply(&again.change(&home.recorded, &home.cleanup), run.write_mode()).await.map_err(Failure::from)?;
    made.moved.set(Some(true));
    Ok(())
}
