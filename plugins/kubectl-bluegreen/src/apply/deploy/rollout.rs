//! Waiting until a prepared color is rolled out, and giving up on one that won't be.

use std::ops::ControlFlow;
use std::time::Duration;

use release_cli::run::Run;
use release_cluster::wait::until;
use release_core::command::Command;
use release_core::failure::{Failure, Next, Outcome};
use release_core::kube::{Pod, TemplateRevision, Workload};
use release_core::traffic::selector::{Color, Tracks};
use release_core::workload::failing::seldom_mends;
use release_core::workload::rollout_pods::{Hold, RolloutPods};
use release_core::workload::rollout_status::{RolloutStatus, rollout_status};
use release_core::workload::trouble;

use crate::apply::lasting::Lasting;
use crate::apply::scale::{Size, wait_ready};
use crate::snapshot::workloads_and_pods;

/// Between two looks at what seldom is so.
const POLL: Duration = Duration::from_secs(2);
/// For so long a registry may not have an image yet, or a container not start.
const FAILING: Duration = Duration::from_secs(30);
/// For so long a status may be that of the rollout before.
const STALE: Duration = Duration::from_secs(10);
/// The reason of a rollout that won't be.
const NOT_ROLLED_OUT: &str = "RolloutFailed";

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub struct Rollout<'a> {
    pub tracks: &'a Tracks,
    /// With the sizes that its workloads were given.
    pub color: &'a Color,
    /// Ready pods.
    pub required: usize,
}

/// Waits for it.
///
/// # Errors
/// Exit 1 where its pods are refused, keep failing, or the rollout has passed its own deadline; 3 where
/// somebody took the pods away; 4 once the run's time is over.
pub async fn wait(run: &Run, rollout: Rollout<'_>) -> Outcome<()> {
    let Rollout { tracks, color, required } = rollout;
    let ready = wait_ready(run, Size { tracks, color, required, whole: true });
    tokio::select! {
        ready = ready => ready,
        failure = until_hopeless(run, rollout) => Err(failure),
    }
}

/// Ends only where it has come to nothing.
async fn until_hopeless(run: &Run, rollout: Rollout<'_>) -> Failure {
    let (mut failing, mut passed, mut held) = (Lasting::default(), Lasting::default(), Lasting::default());
    let ended = until(run.deadline(), POLL, async || {
        let now = workloads_and_pods(&run.cluster, &rollout.tracks.selector_for(&rollout.color.name)).await;
        // What can't be read shows nothing.
        let Ok((workloads, pods)) = now else { return ControlFlow::Continue(()) };
        let color = rollout.color.as_of(&workloads);
        let deadline = color.workloads.iter().find_map(|w| match rollout_status(w) {
            RolloutStatus::Failed(why) => Some(format!("{w} {why}")),
            RolloutStatus::Done | RolloutStatus::Waiting(_) => None,
        });
        if passed.longer_than(STALE, deadline.is_some()) {
            return ControlFlow::Break(failed(run, rollout, &deadline.unwrap_or_default(), &pods));
        }
        let stuck = stuck_in(run, &color, &pods);
        let own = rollout.tracks.pods_of(&color.name, &pods);
        let bad: Vec<&Pod> =
            own.into_iter().filter(|pod| trouble::trouble(pod).is_some_and(|t| seldom_mends(&t))).collect();
        let (fails, holds) =
            (failing.longer_than(FAILING, !bad.is_empty()), held.longer_than(FAILING, stuck.is_some()));
        match stuck {
            // It is of the template before, and says nothing of this one.
            Some((workload, names)) if fails || holds => {
                ControlFlow::Break(waits_in_vain(run, rollout, &workload, &names))
            }
            _ if fails => ControlFlow::Break(failed(run, rollout, "", &pods)),
            _ => ControlFlow::Continue(()),
        }
    });
    match ended.await {
        Some(failure) => failure,
        // Time is over: the other one says so.
        None => std::future::pending().await,
    }
}

/// Pods of before that a StatefulSet waits for, and never replaces.
fn stuck_in(run: &Run, color: &Color, pods: &[Pod]) -> Option<(String, Vec<String>)> {
    color.workloads.iter().find_map(|workload| {
        // Only of a StatefulSet the API server names the template that its pods are to be of.
        let revision = TemplateRevision { name: workload.update_revision.clone()?, since: None, set: None };
        let workload = Workload { revision: Some(revision), ..workload.as_ref().clone() };
        let own: Vec<Pod> = pods.iter().filter(|pod| workload.owns(pod)).cloned().collect();
        let hold = RolloutPods::of(&workload, &own, |_| true).hold(&workload, run.cluster.now())?;
        if let Hold::Stuck(names) = hold { Some((workload.to_string(), names)) } else { None }
    })
}

fn waits_in_vain(run: &Run, rollout: Rollout<'_>, workload: &str, names: &[String]) -> Failure {
    let text = format!(
        "{} was not rolled out: {workload} waits for {}, which isn't ready, and never replaces it\nno Service was switched",
        rollout.color.name,
        names.join(", ")
    );
    let delete = Command::new("kubectl delete pod").args(names).scope(run.scope());
    let then = Some("then the same words go on".to_owned());
    Failure::failed(NOT_ROLLED_OUT, text).next(Next::Try(vec![delete], then))
}

fn failed(run: &Run, rollout: Rollout<'_>, why: &str, pods: &[Pod]) -> Failure {
    let own = rollout.tracks.pods_of(&rollout.color.name, pods);
    let groups = trouble::summarize(&own, run.scope());
    let reasons = groups.iter().map(|group| group.message.clone());
    let told: Vec<String> = (!why.is_empty()).then(|| why.to_owned()).into_iter().chain(reasons).collect();
    let text = format!("{} was not rolled out: {}\nno Service was switched", rollout.color.name, told.join("; "));
    let shown = Command::new("kubectl get pods").flag(
        "-l",
        release_core::traffic::selector::as_label_selector(&rollout.tracks.selector_for(&rollout.color.name)),
    );
    let look = groups.first().map_or_else(|| shown.scope(run.scope()), |group| group.look.clone());
    Failure::failed(NOT_ROLLED_OUT, text).look(look)
}
