//! The hold after a move: the target stays ready, and the selector stays ours.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Probe, Service};
use kubectl_release::endpoints::Slices;
use kubectl_release::error::{Failure, Outcome};
use kubectl_release::objects::Workload;
use kubectl_release::record::{Recorded, printable};
use kubectl_release::selector::Color;
use tokio::time::Instant;

use super::Journey;
use super::slice_view::SliceView;
use crate::plan::service_path;
use crate::snapshot::{pods_with, workloads};
use crate::subject::ready_count;
use kubectl_release::run::Run;
use kubectl_release::trouble;

/// How often the Service itself is looked at.
const TICK: Duration = Duration::from_secs(1);
/// Bounds of the default hold.
const SHORTEST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(60);

/// The time in which the slowest readiness probe of a color would notice a failure: period times
/// threshold, between 10 s and 60 s
/// (<https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>).
#[must_use]
pub fn failure_window(color: &Color) -> Duration {
    let probes = color.workloads.iter().flat_map(|w| readiness_probes(w));
    let slowest = probes.map(window).max().unwrap_or_default();
    slowest.clamp(SHORTEST, LONGEST)
}

fn readiness_probes(workload: &Workload) -> Vec<&Probe> {
    let containers = workload.template.spec.as_ref().map(|s| s.containers.as_slice()).unwrap_or_default();
    containers.iter().filter_map(|c| c.readiness_probe.as_ref()).collect()
}

fn window(probe: &Probe) -> Duration {
    let seconds = i64::from(probe.period_seconds.unwrap_or(10)) * i64::from(probe.failure_threshold.unwrap_or(3));
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// Watches for the journey's time.
///
/// # Errors
/// Exit 1 where the target fails, exit 3 where someone else moved the selector.
pub async fn hold(run: &Run, view: &mut SliceView, journey: &Journey<'_>) -> Outcome<()> {
    let until = Instant::now() + journey.verify_for;
    let mut required = journey.required.min(ready_now(&view.slices, journey));
    if !journey.verify_for.is_zero() {
        required = required.max(1);
    }
    let mut looked: Option<Instant> = None;
    while Instant::now() < until {
        if looked.is_none_or(|at| at.elapsed() >= TICK) {
            looked = Some(Instant::now());
            still_ours(run, journey).await?;
        }
        if ready_now(&view.slices, journey) < required {
            required = still_enough(run, journey, required).await?;
        }
        view.changed(until.saturating_duration_since(Instant::now()).min(TICK)).await;
    }
    Ok(())
}

/// Waits until someone else moves the Service, for as long as its endpoints don't follow us.
pub async fn until_changed(run: &Run, journey: &Journey<'_>) -> Failure {
    loop {
        tokio::time::sleep(TICK).await;
        if let Err(failure) = still_ours(run, journey).await {
            return failure;
        }
    }
}

fn ready_now(slices: &Slices, _journey: &Journey<'_>) -> usize {
    slices.ready_pods().len()
}

/// A read that fails is no verdict; the next tick asks again.
async fn still_ours(run: &Run, journey: &Journey<'_>) -> Outcome<()> {
    let movement = journey.movement;
    let read: Result<Service, _> = run.cluster.get(&service_path(&movement.namespace, &movement.service)).await;
    let service = match read {
        Ok(service) => service,
        Err(e) if e.is_not_found() => {
            journey.moved.set(Some(false));
            return Err(Failure::changed(format!("service/{} was deleted by someone else", movement.service)));
        }
        Err(_) => return Ok(()),
    };
    let selector = service.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
    if selector == movement.selector {
        return Ok(());
    }
    journey.moved.set(Some(false));
    let recorded = Recorded::read(&service.metadata.annotations.clone().unwrap_or_default());
    let by = match recorded.current.filter(|r| r.id != movement.record.id) {
        Some(record) => format!("{} by {}", record.verb, record.by),
        None => format!("written by {}", last_writer(&service)),
    };
    let now = selector.get(&movement.key).cloned().unwrap_or_else(|| "something else".into());
    Err(Failure::changed(format!(
        "service/{} was put to {} by someone else ({by}); left as it is",
        movement.service,
        printable(&now)
    ))
    .next(format!("kubectl bluegreen preflight {}{}", movement.service, run.suffix)))
}

/// The field manager that wrote last, which is all that the API server keeps.
fn last_writer(service: &Service) -> String {
    let entries = service.metadata.managed_fields.iter().flatten();
    let last = entries.max_by_key(|e| e.time.as_ref().map(|t| t.0));
    last.and_then(|e| e.manager.as_deref()).map_or_else(|| "unknown".into(), printable)
}

/// Fewer endpoints are ready than the move was allowed with: that is a failure, unless the color
/// was scaled down meanwhile and is whole at its new size.
async fn still_enough(run: &Run, journey: &Journey<'_>, required: usize) -> Outcome<usize> {
    let to = &journey.movement.to;
    let (pods, current) = futures::join!(
        pods_with(&run.cluster, &journey.tracks.base),
        workloads(&run.cluster, Some(&run.cluster.namespace))
    );
    let (Ok(pods), Ok(current)) = (pods, current) else { return Ok(required) };
    let own = journey.tracks.pods_of(to, &pods);
    let ready = ready_count(&own);
    let names: Vec<String> =
        journey.tracks.color(to).into_iter().flat_map(|c| &c.workloads).map(|w| w.reference()).collect();
    let desired: i32 = current.iter().filter(|w| names.contains(&w.reference())).map(|w| w.replicas).sum();
    let desired = usize::try_from(desired).unwrap_or(0);
    if ready >= required || (ready > 0 && ready >= desired) {
        return Ok(required.min(ready));
    }
    let groups = trouble::summarize(&own, &run.cluster.namespace);
    let why: Vec<&str> = groups.iter().map(|g| g.message.as_str()).collect();
    let reason = if why.is_empty() { "pods are gone or not ready".to_owned() } else { why.join("; ") };
    let mut failure = Failure::failed("TargetFailed", format!("{to} {ready}/{required} ready: {reason}"));
    if let Some(group) = groups.first() {
        failure = failure.next(format!("{}{}", group.look, run.cluster.flags));
    }
    Err(failure)
}
