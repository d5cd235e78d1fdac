//! Waiting until load balancers send to the target's pods: a pod that is ready in the cluster gets no requests before its
//! address is registered and has passed the balancer's own health check
//! (<https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3621>).

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Pod;
use tokio::time::{Instant, sleep};

use super::in_progress::{MoveInProgress, status};
use crate::record::RecordedVerb;
use crate::snapshot::pods_with;

/// Between two looks: what may be asked a second is shared by everything in the account.
const PACE: Duration = Duration::from_secs(3);
/// The first ones come sooner: most targets are healthy already.
const SOON: Duration = Duration::from_millis(500);

/// The reason of a move whose targets did not become healthy.
pub const NOT_HEALTHY: &str = "TargetsNotHealthy";

/// Asks before anything is written. Where a route is moved, its target groups are there already: they have to be healthy
/// first. An outage waits for nothing.
///
/// # Errors
/// Exit 4 where they don't become healthy in time; exit 1 with `--strict` where it can't be asked. Nothing is written
/// then.
pub async fn before(run: &Run, moves: &[MoveInProgress<'_>]) -> Outcome<()> {
    for made in moves.iter().filter(|made| is_asked_first(made)) {
        if let (true, Some(why)) = (made.strict || made.is_wide.get(), ask(run, made).await) {
            let text =
                format!("the health of {}'s targets can't be asked for: {why}\nnothing was written", made.movement.to);
            return Err(Failure::failed("NotChecked", text));
        }
        if made.movement.route.is_some() {
            let late = "nothing was written";
            until_whole(run, made, late).await?;
        }
    }
    Ok(())
}

fn is_asked_first(made: &MoveInProgress<'_>) -> bool {
    made.moved.get() != Some(true) && made.movement.record.verb != RecordedVerb::Rollback && !made.balancers.is_empty()
}

/// Asks each once, and tells what can't be; why, of the first.
async fn ask(run: &Run, made: &MoveInProgress<'_>) -> Option<String> {
    made.balancers.look(run, &BTreeSet::new()).await;
    made.balancers.not_checked().next()
}

/// Waits until the moved color's pods get requests from each load balancer.
///
/// # Errors
/// Exit 4 where they don't in time.
pub async fn healthy(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    if made.balancers.is_empty() {
        return Ok(());
    }
    let began = Instant::now();
    until_whole(run, made, "").await?;
    let seconds = began.elapsed().as_secs_f32();
    for shown in made.balancers.shown() {
        run.progress.step("targets", &format!("{}{} {shown} ({seconds:.1} s)", made.prefix(), made.movement.to));
    }
    Ok(())
}

/// Waits until they do, while both colors serve.
///
/// # Errors
/// Exit 4 where they don't in time; exit 1 where it can't be asked for any more.
pub async fn healthy_beside(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    until_whole(run, made, "").await?;
    match made.balancers.not_checked().next() {
        None => Ok(()),
        Some(why) => {
            let text = format!("the health of {}'s targets can't be asked for any more: {why}", made.movement.to);
            Err(Failure::failed("NotChecked", text).look(status(made.service(), run.scope())))
        }
    }
}

async fn until_whole(run: &Run, made: &MoveInProgress<'_>, late: &str) -> Outcome<()> {
    let (mut wanted, mut pause) = (BTreeSet::new(), SOON);
    loop {
        if let Ok(pods) = pods_with(&run.cluster, &made.movement.selector).await {
            still_there(&mut wanted, &pods);
        }
        made.balancers.look(run, &wanted).await;
        if made.balancers.are_whole() {
            return Ok(());
        }
        let shown: Vec<String> = made.balancers.shown().collect();
        if run.left().is_zero() {
            return Err(too_late(run, made, &shown.join("; "), late));
        }
        run.waiting(&format!("targets of {}: {}", made.movement.to, shown.join("; ")));
        sleep(pause.min(run.left())).await;
        pause = pause.saturating_mul(2).min(PACE);
    }
}

/// Pods that come while it is waited for others are not waited for, too; those that go are no more.
fn still_there(wanted: &mut BTreeSet<IpAddr>, pods: &[Pod]) {
    let ready = pods.iter().filter(|pod| pod.is_ready());
    let now: BTreeSet<IpAddr> = ready.filter_map(|pod| pod.status.pod_ip.as_deref()?.parse().ok()).collect();
    wanted.retain(|address| now.contains(address));
    if wanted.is_empty() {
        *wanted = now;
    }
}

fn too_late(run: &Run, made: &MoveInProgress<'_>, shown: &str, late: &str) -> Failure {
    let to = &made.movement.to;
    let text = format!("out of time: the load balancer does not send to all of {to} yet: {shown}");
    let text = if late.is_empty() { text } else { format!("{text}\n{late}") };
    let failure = Failure::out_of_time(text).look(status(made.service(), run.scope()));
    Failure { reason: NOT_HEALTHY, ..failure }
}

#[cfg(test)]
mod tests {
    use release_core::traffic::target_health::Standing;
    use serde_json::json;

    use super::*;

    fn pod(ip: &str, ready: bool) -> Pod {
        let status = if ready { "True" } else { "False" };
        serde_json::from_value(json!({"metadata": {"name": ip}, "spec": {}, "status": {"podIP": ip, "phase": "Running",
            "conditions": [{"type": "Ready", "status": status}]}}))
        .unwrap()
    }

    /// An autoscaler that adds pods all the time would have it waited for until time is over.
    #[test]
    fn pods_that_come_later_are_not_waited_for() {
        let mut wanted = BTreeSet::new();
        still_there(&mut wanted, &[pod("10.0.0.1", true), pod("10.0.0.2", true), pod("10.0.0.3", false)]);
        assert_eq!(wanted.len(), 2);
        still_there(&mut wanted, &[pod("10.0.0.2", true), pod("10.0.0.3", true)]);
        assert_eq!(wanted, ["10.0.0.2".parse().unwrap()].into());
        still_there(&mut wanted, &[pod("10.0.0.4", true)]);
        assert_eq!(wanted, ["10.0.0.4".parse().unwrap()].into(), "all of them were replaced");
        assert!(!Standing::of(&BTreeSet::new(), &[]).is_whole());
    }
}
