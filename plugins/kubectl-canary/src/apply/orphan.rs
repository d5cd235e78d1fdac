//! A canary whose record is gone is taken away by what it says of itself: stable comes to its size first.

use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::run::Run;
use release_cluster::wait;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::release::change::Op;
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};

use super::begin;
use super::write::{deleted, patched};
use crate::look::brief;
use crate::marker::Marker;

const LOOK: Duration = Duration::from_millis(400);
/// Beyond this a marker was not written by us.
const MOST_PODS: u32 = 100_000;

/// Takes it away.
///
/// # Errors
/// Exit 3 where it changed meanwhile, 4 where stable's pods do not get ready in time: then the canary stays.
pub async fn take_away(run: &Run, name: &str, marker: &Marker) -> Outcome<()> {
    let size = i32::try_from(marker.replicas.min(MOST_PODS)).unwrap_or(i32::MAX);
    let found = brief(&run.cluster, name).await?;
    if found.stable.workload.replicas < size {
        let now = found.stable.raw["spec"]["replicas"].clone();
        let ops = vec![
            Op::test("/metadata/uid", marker.uid.clone()),
            Op::test("/spec/replicas", now),
            Op::add("/spec/replicas", size),
        ];
        let summary = format!("replicas: {} -> {size}", found.stable.workload.replicas);
        begin::write(run, &patched(&found.stable, &run.cluster.namespace, ops, summary)).await?;
        run.progress.step("scaled", &format!("stable from {} to {size}", found.stable.workload.replicas));
    }
    let is_ready = wait::until(run.deadline(), LOOK, async || match brief(&run.cluster, name).await {
        Ok(found) if is_at_size(&found.stable.workload, size) => ControlFlow::Break(()),
        Ok(found) => {
            run.waiting(&format!("stable: {} of {size} pods available", found.stable.workload.available));
            ControlFlow::Continue(())
        }
        Err(_) => ControlFlow::Continue(()),
    });
    if is_ready.await.is_none() {
        let message = format!("out of time: deploy/{name}'s pods do not get ready; the canary goes on serving");
        return Err(Failure::out_of_time(message).next("the same command again waits once more"));
    }
    let canary = brief(&run.cluster, name).await?.canary;
    let own = canary.filter(|seen| Marker::of(&seen.raw).is_some_and(|found| found.id == marker.id));
    if let Some(canary) = own {
        begin::write(run, &deleted(&canary, &run.cluster.namespace)).await?;
        run.progress.step("removed", &canary.workload.reference());
    }
    Ok(())
}

fn is_at_size(stable: &Workload, size: i32) -> bool {
    stable.available >= size && rollout_status(stable) == RolloutStatus::Done
}
