//! The hold after a move: the target stays ready, and the selector stays ours.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Service;
use release_cli::progress::Waiting;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_cluster::slice_view::SliceView;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome, UNSEEN};
use release_core::kube::service::service_path;
use release_core::kube::{Pod, Workload};
use release_core::release::record::Recorded;
use release_core::text::printable;
use release_core::traffic::endpoints::Slices;
use release_core::traffic::selector::{Color, as_label_selector};
use release_core::workload::trouble;
use tokio::time::{Instant, sleep};

use super::emptied::{TOLERATED, emptied, unreachable};
use super::in_progress::{MoveInProgress, status};
use super::lasting::Lasting;
use super::together::Together;
use super::{lost_nodes, redeployed, shrunk};
use crate::hand::hand_on;
use crate::record::{Record, RecordedVerb};
use crate::service_view::ready_count;
use crate::snapshot::workloads_and_pods;

/// How often the last look is tried.
const LOOKS: usize = 3;
/// How often the Service itself is looked at.
const TICK: Duration = Duration::from_secs(1);
/// How often it is looked whether the other moves of a set are proven, too.
const OTHERS: Duration = Duration::from_millis(100);

/// Watches for the move's time; for longer while the endpoints are behind, or another move of its set is not proven.
///
/// # Errors
/// Exit 1 where the target fails, exit 3 where someone else moved the selector or deployed the target anew.
pub async fn hold(run: &Run, view: &mut SliceView, made: &MoveInProgress<'_>, together: &Together) -> Outcome<()> {
    let until = later(made.verify_for);
    let is_watched = !made.verify_for.is_zero();
    let mut required = required_at_first(run, view, made).await?;
    let mut looked: Option<Instant> = None;
    let (mut empty, mut short) = (Lasting::default(), Lasting::default());
    let mut is_seen = !is_watched;
    loop {
        let is_over = Instant::now() >= until;
        if together.may_end(made.service(), is_over && is_seen && !short.is_so() && !empty.is_so()) {
            break;
        }
        if !is_seen && is_over {
            see(run, view, made).await?;
            is_seen = true;
        }
        if looked.is_none_or(|at| at.elapsed() >= TICK) {
            looked = Some(Instant::now());
            still_what_it_was(run, made, is_watched).await?;
        }
        let ready = ready_now(&view.slices);
        if empty.longer_than(TOLERATED, ready == 0) {
            return Err(emptied(run, made.service(), &made.movement.to).await);
        }
        told(run, made, (ready, required), until);
        let too_few = ready < required && !(ready == 0 && waits_for_emergency(made));
        if too_few {
            required = still_enough(run, made, required).await?;
        }
        if short.longer_than(TOLERATED, too_few && ready < required) {
            let what = format!("{} {ready}/{required} endpoints, though its pods are ready", made.movement.to);
            return Err(unreachable(run, made.service(), &what).await);
        }
        view.changed(if short.is_so() || empty.is_so() { TICK } else { pause(until, together) }).await;
    }
    if ready_now(&view.slices) >= made.required {
        made.meanwhile.shrunk.take();
    }
    if is_watched { at_the_end(run, view, made, required).await } else { Ok(()) }
}

/// What was watched to the end is what the move was made for, and can be reached.
async fn at_the_end(run: &Run, view: &SliceView, made: &MoveInProgress<'_>, required: usize) -> Outcome<()> {
    lost_nodes::check(run, &view.slices, made, required).await?;
    redeployed::verdict(run, made).await
}

/// Until the time is over, or the next look.
fn pause(until: Instant, together: &Together) -> Duration {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() && !together.is_one() { OTHERS } else { left.min(TICK) }
}

async fn still_what_it_was(run: &Run, made: &MoveInProgress<'_>, is_watched: bool) -> Outcome<()> {
    still_ours(run, made).await?;
    if is_watched {
        redeployed::look(run, made).await;
    }
    Ok(())
}

/// What was heard last is no proof: a connection that has gone silent hides all that happened since.
///
/// # Errors
/// Exit 4 where nobody answers.
async fn see(run: &Run, view: &mut SliceView, made: &MoveInProgress<'_>) -> Outcome<()> {
    let mut looks = LOOKS;
    loop {
        let Err(error) = view.look().await else { return Ok(()) };
        looks = looks.saturating_sub(1);
        if looks == 0 {
            return Err(unseen(run, made, &error));
        }
    }
}

fn unseen(run: &Run, made: &MoveInProgress<'_>, error: &ApiError) -> Failure {
    let (service, to) = (made.service(), &made.movement.to);
    let text =
        format!("out of sight: whether {to} serves service/{service} can't be seen, it is not verified: {error}");
    Failure { reason: UNSEEN, ..Failure::out_of_time(text) }.look(status(service, run.scope()))
}

/// What serves as the watch begins; fewer than the move was allowed with is looked into.
async fn required_at_first(run: &Run, view: &SliceView, made: &MoveInProgress<'_>) -> Outcome<usize> {
    let required = made.required.min(ready_now(&view.slices));
    if made.verify_for.is_zero() {
        return Ok(required);
    }
    let required = required.max(1);
    if required < made.required {
        shrunk::look(run, made, required).await?;
    }
    Ok(required)
}

/// A rollback goes back only where it made an outage: that shows within seconds, and whoever ends before
/// leaves it.
fn waits_for_emergency(made: &MoveInProgress<'_>) -> bool {
    made.movement.record.verb == RecordedVerb::Rollback
}

/// Says how it stands, and for how long it is watched.
fn told(run: &Run, made: &MoveInProgress<'_>, (ready, required): (usize, usize), until: Instant) {
    let to = &made.movement.to;
    let text = format!("{}{to} {ready}/{required}", made.prefix());
    let hint = format!("Ctrl-C leaves it on {to}");
    run.progress.waiting(Waiting { word: "verifying", text: &text, until, hint: &hint });
}

/// Waits until someone else moves the Service, for as long as its endpoints don't follow us.
pub async fn until_changed(run: &Run, made: &MoveInProgress<'_>) -> Failure {
    loop {
        sleep(TICK).await;
        if let Err(failure) = still_ours(run, made).await {
            return failure;
        }
    }
}

fn ready_now(slices: &Slices) -> usize {
    slices.ready_pods().len()
}

/// A read that fails is no verdict; the next tick asks again.
async fn still_ours(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let movement = made.movement;
    let read: Result<Service, _> = run.cluster.get(&service_path(&movement.namespace, &movement.service)).await;
    let service = match read {
        Ok(service) => service,
        Err(e) if e.is_not_found() => {
            made.moved.set(Some(false));
            let text = format!("service/{} was deleted by someone else", movement.service);
            return Err(Failure::changed(text).look(Command::new("kubectl get services").scope(run.scope())));
        }
        Err(_) => return Ok(()),
    };
    let selector = service.spec.as_ref().and_then(|s| s.selector.clone()).unwrap_or_default();
    if selector == movement.selector {
        return Ok(());
    }
    made.moved.set(Some(false));
    let recorded = Recorded::<Record>::read(service.metadata.annotations.as_ref());
    let by = match recorded.current.filter(|r| r.id != movement.record.id) {
        Some(record) => format!("{} by {}", record.verb, record.by),
        None => format!("written by {}", hand_on(&service).map_or_else(|| "unknown".into(), |hand| hand.manager)),
    };
    let now = match selector.get(&movement.key) {
        Some(color) if *color != movement.to => color.clone(),
        _ => as_label_selector(&selector),
    };
    let (name, now) = (&movement.service, printable(&now));
    Err(Failure::changed(format!("service/{name} was put to {now} by someone else ({by}); left as it is"))
        .look(status(&movement.service, run.scope())))
}

/// Fewer endpoints are ready than the move was allowed with: that is a failure, unless the color
/// was scaled down meanwhile and is whole at its new size.
async fn still_enough(run: &Run, made: &MoveInProgress<'_>, required: usize) -> Outcome<usize> {
    let to = &made.movement.to;
    let Ok((workloads, pods)) = workloads_and_pods(&run.cluster, &made.tracks.base).await else {
        return Ok(required);
    };
    let own = made.tracks.pods_of(to, &pods);
    let (ready, all) = (ready_count(&made.tracks.able(to, &own)), ready_count(&own));
    let color = made.tracks.color(to);
    if ready >= required || (ready > 0 && color.is_some_and(|color| all >= asked_now(color, &workloads))) {
        if ready < required {
            shrunk::noted(run, made, ready, &workloads)?;
        }
        return Ok(required.min(ready));
    }
    if ready == 0 && waits_for_emergency(made) {
        return Ok(required);
    }
    Err(not_enough(run, &own, to, required))
}

/// Pods that a color's workloads ask for by now. What others run can't be asked.
fn asked_now(color: &Color, workloads: &[Arc<Workload>]) -> usize {
    if !color.runners.is_empty() {
        return usize::MAX;
    }
    color.as_of(workloads).asked()
}

fn not_enough(run: &Run, own: &[&Pod], to: &str, required: usize) -> Failure {
    let groups = trouble::summarize(own, run.scope());
    let why: Vec<&str> = groups.iter().map(|g| g.message.as_str()).collect();
    let reason = if why.is_empty() { "pods are gone or not ready".to_owned() } else { why.join("; ") };
    let text = format!("{to} {}/{required} ready: {reason}", ready_count(own));
    let failure = Failure::failed("TargetFailed", text);
    match groups.into_iter().next() {
        Some(group) => failure.look(group.look),
        None => failure,
    }
}
