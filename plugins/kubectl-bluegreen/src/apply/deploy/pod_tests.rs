//! Testing the pods of a prepared color until all of them have passed: those that join or are replaced meanwhile, too.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, Workload};
use release_core::release::pod_tests::{Covered, PodTests, Stage, TestedPod, Turn};
use release_core::text::{and_more, one_line};
use tokio::time::sleep;

use super::rollout::{Rollout, wait};
use super::try_pod::{Limit, take};
use crate::snapshot::workloads_and_pods;
use crate::tested::Tested;

/// Pods that are asked at the same time.
const AT_ONCE: usize = 16;
/// The reason of tests that failed.
pub const TESTS_FAILED: &str = "TestsFailed";

/// Workloads and ready pods of a color, as they are now.
struct Now {
    workloads: Vec<Arc<Workload>>,
    pods: Vec<Pod>,
}

impl Now {
    async fn of(run: &Run, rollout: Rollout<'_>) -> Outcome<Self> {
        let Rollout { tracks, color, .. } = rollout;
        let labels = tracks.selector_for(&color.name);
        let (workloads, pods) = run.within(workloads_and_pods(&run.cluster, &labels)).await?;
        let pods = tracks.pods_of(&color.name, &pods).into_iter().cloned().collect();
        Ok(Self { workloads, pods })
    }

    /// The first stage that somebody has yet to pass, and who.
    fn next(&self, covered: &Covered) -> Option<(Stage, Vec<Turn>)> {
        let ready: Vec<&Pod> = self.pods.iter().filter(|pod| pod.is_ready()).collect();
        let stages = Stage::ALL.iter().map(|stage| (*stage, covered.outstanding(*stage, &self.workloads, &ready)));
        stages.into_iter().find(|(_, turns)| !turns.is_empty())
    }

    fn is_there(&self, tested: &Tested) -> bool {
        self.pods.iter().any(|pod| pod.metadata.uid == tested.pod_uid && pod.is_alive())
    }
}

/// Tests stage by stage until nothing is outstanding. `told` gets every test that has ended.
///
/// # Errors
/// Exit 1 where a stage failed in a pod that is still there; 4 once the run's time is over.
pub async fn cover(
    run: &Run,
    rollout: Rollout<'_>,
    tests: &PodTests,
    (covered, told): (&mut Covered, &mut Vec<Tested>),
) -> Outcome<()> {
    let mut clock: Option<(Stage, Limit)> = None;
    loop {
        let now = Now::of(run, rollout).await?;
        let Some((stage, turns)) = now.next(covered) else { return Ok(()) };
        // Pods that join begin anew: the time of those before them says nothing of theirs.
        let limit = match clock.filter(|(last, _)| *last < stage) {
            Some((_, limit)) => limit,
            None => begin(run, rollout, tests, &turns).await?,
        };
        clock = Some((stage, limit));
        let failed = one_stage(run, (stage, turns, limit), covered, told).await;
        if failed.is_empty() {
            continue;
        }
        let now = Now::of(run, rollout).await?;
        match failed.iter().find(|tested| now.is_there(tested)) {
            Some(_) if run.left().is_zero() => return Err(out_of_time(rollout, "while its pods were tested")),
            Some(first) => return Err(failure(run, rollout, first, failed.len())),
            // Whoever takes a pod away says nothing against its version.
            None => wait(run, rollout).await?,
        }
    }
}

/// Waits for the initial delay of those whose turn it is; then the time of all stages begins.
async fn begin(run: &Run, rollout: Rollout<'_>, tests: &PodTests, turns: &[Turn]) -> Outcome<Limit> {
    let (now, delay) = (run.cluster.now(), tests.delay());
    let since = |turn: &Turn| turn.pod.status.start_time.map(|start| Duration::try_from(now.duration_since(start)));
    let rest = |turn: &Turn| delay.saturating_sub(since(turn).and_then(Result::ok).unwrap_or_default());
    let rest = turns.iter().map(rest).max().unwrap_or_default();
    if rest >= run.left() {
        let when = format!("before its tests, which begin {} s after the start of its pods", delay.as_secs());
        return Err(out_of_time(rollout, &when));
    }
    if !rest.is_zero() {
        run.waiting(&format!("{} is tested {} s after the start of its pods", rollout.color.name, delay.as_secs()));
        sleep(rest).await;
    }
    Ok(Limit { at: later(tests.within).min(run.deadline()), within: tests.within })
}

/// Asks all whose turn it is; those that failed.
async fn one_stage(
    run: &Run,
    (stage, turns, limit): (Stage, Vec<Turn>, Limit),
    covered: &mut Covered,
    told: &mut Vec<Tested>,
) -> Vec<Tested> {
    let pods: Vec<TestedPod> = turns.iter().map(|turn| TestedPod::of(&turn.pod)).collect();
    let taken = stream::iter(turns).map(|turn| take(&run.cluster, turn, limit)).buffered(AT_ONCE);
    let results: Vec<Vec<Tested>> = taken.collect().await;
    let mut failed = Vec::new();
    let all = pods.len();
    for (pod, results) in pods.into_iter().zip(results) {
        let bad: Vec<Tested> = results.iter().filter(|tested| tested.why.is_some()).cloned().collect();
        if bad.is_empty() {
            covered.pass(stage, pod);
        }
        failed.extend(bad);
        told.extend(results);
    }
    let bad: BTreeSet<&str> = failed.iter().map(|tested| tested.pod_uid.as_str()).collect();
    run.progress.step("tested", &format!("{stage}: {} of {all} pods passed", all.saturating_sub(bad.len())));
    failed
}

fn out_of_time(rollout: Rollout<'_>, when: &str) -> Failure {
    let text = format!("out of time {when}: {}\nno Service was switched", rollout.color.name);
    Failure::out_of_time(text).next("give it longer with --timeout")
}

fn failure(run: &Run, rollout: Rollout<'_>, first: &Tested, all: usize) -> Failure {
    let Tested { stage, test, pod, failed, why, .. } = first;
    let why = why.as_deref().unwrap_or_default();
    let times = if *failed > 1 { format!(" ({failed} times in a row)") } else { String::new() };
    let more = and_more(all, 1);
    let what = one_line(&format!("{stage}: {test}: pod/{pod}: {why}{times}{more}"));
    let text = format!("{} failed its tests: {what}\nno Service was switched", rollout.color.name);
    Failure::failed(TESTS_FAILED, text).look(Command::new("kubectl logs").arg(pod).scope(run.scope()))
}
