//! The smoke tests of a deploy once more, with the traffic on the color: what passed alone may fail under load.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use release_core::release::pod_tests::{Covered, Stage, TestedPod, Turn};
use release_core::text::{and_more, one_line};
use tokio::time::sleep;

use super::deploy::{Limit, TESTS_FAILED, take};
use super::in_progress::MoveInProgress;
use crate::snapshot::workloads_and_pods;
use crate::tested::Tested;

/// All of them together, as before the switch.
const WITHIN: Duration = Duration::from_secs(30);
/// Between two looks for who is asked instead of a pod that has gone.
const POLL: Duration = Duration::from_millis(500);

/// Asks again, where the move is of a deploy that has smoke tests and is watched.
///
/// # Errors
/// Exit 1 where a test failed in a pod that is still there.
pub async fn again(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let Some(before) = made.signals.tested.filter(|_| !made.verify_for.is_zero()) else { return Ok(()) };
    let mut covered = before.smoke_again();
    let limit = Limit { at: later(WITHIN), within: WITHIN };
    let mut asked = 0;
    loop {
        let Ok((turns, _)) = outstanding(run, made, &covered).await else {
            sleep(POLL).await;
            continue;
        };
        if turns.is_empty() {
            if asked > 0 {
                let (prefix, to) = (made.prefix(), &made.movement.to);
                run.progress.step("tested", &format!("{prefix}{to}: its smoke tests passed again"));
            }
            return Ok(());
        }
        asked = turns.len();
        let pods: Vec<TestedPod> = turns.iter().map(|turn| TestedPod::of(&turn.pod)).collect();
        let taken = join_all(turns.into_iter().map(|turn| take(&run.cluster, turn, limit))).await;
        let mut failed = Vec::new();
        for (pod, results) in pods.into_iter().zip(taken) {
            let bad: Vec<Tested> = results.into_iter().filter(|tested| tested.why.is_some()).collect();
            if bad.is_empty() {
                covered.pass(Stage::Smoke, pod);
            }
            failed.extend(bad);
        }
        still_there(run, made, &covered, &failed).await?;
        sleep(POLL).await;
    }
}

/// Who has yet to be asked, and who is there.
async fn outstanding(
    run: &Run,
    made: &MoveInProgress<'_>,
    covered: &Covered,
) -> Result<(Vec<Turn>, BTreeSet<String>), Failure> {
    let labels = made.tracks.selector_for(&made.movement.to);
    let (workloads, pods) = workloads_and_pods(&run.cluster, &labels).await?;
    let own = made.tracks.pods_of(&made.movement.to, &pods);
    let ready: Vec<&Pod> = own.iter().copied().filter(|pod| pod.is_ready()).collect();
    let alive = own.iter().filter(|pod| pod.is_alive()).map(|pod| pod.metadata.uid.clone()).collect();
    Ok((covered.outstanding(Stage::Smoke, &workloads, &ready), alive))
}

/// A test that failed in a pod which somebody has taken away says nothing.
async fn still_there(run: &Run, made: &MoveInProgress<'_>, covered: &Covered, failed: &[Tested]) -> Outcome<()> {
    if failed.is_empty() {
        return Ok(());
    }
    // Where nobody can be looked at the tests are what is known.
    let alive = outstanding(run, made, covered).await.map(|(_, alive)| alive);
    let is_there =
        |tested: &&Tested| alive.as_ref().is_ok_and(|alive| alive.contains(&tested.pod_uid)) || alive.is_err();
    let Some(first) = failed.iter().find(is_there) else { return Ok(()) };
    let Tested { test, pod, failed: times, why, .. } = first;
    let why = why.as_deref().unwrap_or_default();
    let times = if *times > 1 { format!(" ({times} times in a row)") } else { String::new() };
    let what = one_line(&format!("{test}: pod/{pod}: {why}{times}{}", and_more(failed.len(), 1)));
    let text = format!("{} failed a smoke test after the switch: {what}", made.movement.to);
    Err(Failure::failed(TESTS_FAILED, text).look(Command::new("kubectl logs").arg(pod).scope(run.scope())))
}
