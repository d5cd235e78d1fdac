//! The hold after a move: the target stays ready, and the selector stays ours.

use std::sync::Arc;
use std::time::Duration;

use futures::future::try_join;
use release_cli::progress::Waiting;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_cluster::slice_view::SliceView;
use release_cluster::wait::later;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome, UNSEEN};
use release_core::kube::{Pod, Workload};
use release_core::text::printable;
use release_core::traffic::endpoints::Slices;
use release_core::traffic::router::service;
use release_core::traffic::selector::{Color, as_label_selector};
use release_core::workload::trouble;
use tokio::time::{Instant, sleep};

use super::emptied::{TOLERATED, emptied, unreachable};
use super::home::Home;
use super::in_progress::{MoveInProgress, status};
use super::judge::judge;
use super::lasting::Lasting;
use super::together::Together;
use super::{lost_nodes, records, redeployed, shrunk};
use crate::plan::{Move, Place};
use crate::record::RecordedVerb;
use crate::service_view::ready_count;
use crate::snapshot::{pods_with, workloads_and_pods};

/// How often the last look is tried.
const LOOKS: usize = 3;
/// How often the Service itself is looked at.
pub const TICK: Duration = Duration::from_secs(1);
/// How often it is looked whether the other moves of a set are proven, too.
const OTHERS: Duration = Duration::from_millis(100);

/// Watches for the move's time; for longer while the endpoints are behind, or another move of its set is not proven.
///
/// # Errors
/// Exit 1 where the target fails, exit 3 where someone else moved the selector or deployed the target anew.
pub async fn hold(run: &Run, view: &mut SliceView, made: &MoveInProgress<'_>, together: &Together) -> Outcome<()> {
    let until = later(made.verify_for);
    let watching = watch(run, view, made, (together, until));
    // What has nothing to be judged by is judged before the first look.
    try_join(judge(run, made, until), watching).await.map(drop)
}

async fn watch(
    run: &Run,
    view: &mut SliceView,
    made: &MoveInProgress<'_>,
    (together, until): (&Together, Instant),
) -> Outcome<()> {
    let is_watched = !made.verify_for.is_zero();
    if !is_watched && made.signals.is_done.get() && together.may_end(made.service(), true) {
        return Ok(());
    }
    let mut required = required_at_first(run, view, made).await?;
    let mut looked: Option<Instant> = None;
    let (mut empty, mut short) = (Lasting::default(), Lasting::default());
    let mut is_seen = !is_watched;
    loop {
        if !is_seen && Instant::now() >= until {
            see(run, view, made).await?;
            is_seen = true;
        }
        if looked.is_none_or(|at| at.elapsed() >= records::pace(made, TICK)) {
            looked = Some(Instant::now());
            still_what_it_was(run, view, made, is_watched).await?;
        }
        let ready = ready_now(&view.slices);
        if empty.longer_than(TOLERATED, ready == 0) {
            return Err(emptied(run, made.backend(), &made.movement.to).await);
        }
        told(run, made, (ready, required), until);
        let too_few = ready < required && !(ready == 0 && waits_for_emergency(made));
        if too_few {
            required = still_enough(run, made, required).await?;
        }
        if short.longer_than(TOLERATED, too_few && ready < required) {
            let what = format!("{} {ready}/{required} endpoints, though its pods are ready", made.movement.to);
            return Err(unreachable(run, made.backend(), &what).await);
        }
        // By what was heard by now: who was at rest before the news came isn't any more.
        let is_whole = is_seen && !short.is_so() && !empty.is_so() && made.signals.is_done.get();
        if together.may_end(made.service(), is_whole && Instant::now() >= until) {
            break;
        }
        view.changed(if short.is_so() || empty.is_so() { TICK } else { pause(until, made, together) }).await;
    }
    grown_again(view, made);
    if is_watched { at_the_end(run, view, made, required).await } else { Ok(()) }
}

/// Who has its size again is not told to have been smaller.
fn grown_again(view: &SliceView, made: &MoveInProgress<'_>) {
    if ready_now(&view.slices) >= made.required {
        made.meanwhile.shrunk.take();
    }
}

/// What was watched to the end is what the move was made for, and can be reached.
async fn at_the_end(run: &Run, view: &SliceView, made: &MoveInProgress<'_>, required: usize) -> Outcome<()> {
    lost_nodes::check(run, &view.slices, made, required).await?;
    redeployed::verdict(run, made).await
}

/// Until the time is over, or the next look.
fn pause(until: Instant, made: &MoveInProgress<'_>, together: &Together) -> Duration {
    let left = until.saturating_duration_since(Instant::now());
    let is_waiting = !together.is_one() || !made.signals.is_done.get();
    if left.is_zero() && is_waiting { OTHERS } else { left.min(TICK) }
}

/// Pods come and go: which of the endpoints a subset chooses is asked anew. What can't be read is as it was.
pub async fn look_at_target(run: &Run, view: &mut SliceView, made: &MoveInProgress<'_>) {
    if !made.view.is_by_subset() {
        return;
    }
    if let Ok(pods) = pods_with(&run.cluster, &made.movement.selector).await {
        view.slices.count_among(pods.into_iter().map(|pod| pod.metadata.name).collect());
    }
}

async fn still_what_it_was(
    run: &Run,
    view: &mut SliceView,
    made: &MoveInProgress<'_>,
    is_watched: bool,
) -> Outcome<()> {
    still_ours(run, made).await?;
    look_at_target(run, view, made).await;
    if is_watched {
        redeployed::look(run, made).await;
    }
    Ok(())
}

/// What was heard last is no proof: a connection that has gone silent hides all that happened since.
///
/// # Errors
/// Exit 4 where nobody answers.
pub async fn see(run: &Run, view: &mut SliceView, made: &MoveInProgress<'_>) -> Outcome<()> {
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
        sleep(records::pace(made, TICK)).await;
        if let Err(failure) = still_ours(run, made).await {
            return failure;
        }
    }
}

fn ready_now(slices: &Slices) -> usize {
    slices.ready_pods().len()
}

/// A read that fails is no verdict; the next tick asks again.
///
/// # Errors
/// Exit 3 where somebody else has moved or deleted it.
pub async fn still_ours(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let movement = made.movement;
    let home = match Home::read(run, movement).await {
        Ok(home) => home,
        Err(e) if e.is_not_found() => {
            made.moved.set(Some(false));
            let text = format!("{} was deleted by someone else", movement.object());
            let look = Command::new("kubectl get").arg(movement.kind().plural());
            let scope = movement.route.as_ref().map_or_else(|| run.scope().clone(), |route| route.scope(run.scope()));
            return Err(Failure::changed(text).look(look.scope(&scope)));
        }
        Err(_) => return Ok(()),
    };
    if home.place == Place::After {
        return Ok(());
    }
    made.moved.set(Some(false));
    let by = match home.recorded.current.as_ref().filter(|r| r.id != movement.record.id) {
        Some(record) => format!("{} by {}", record.verb, record.by),
        None => format!("written by {}", home.hand(movement).map_or_else(|| "unknown".into(), |hand| hand.manager)),
    };
    let (name, now) = (&movement.service, printable(&stands_on(&home, movement)));
    Err(Failure::changed(format!("service/{name} was put to {now} by someone else ({by}); left as it is"))
        .look(status(&movement.service, run.scope())))
}

/// The color, where it is one; else what is selected, or what each color has.
fn stands_on(home: &Home, movement: &Move) -> String {
    match &home.place {
        Place::Before if movement.route.is_some() => movement.from.clone(),
        Place::Elsewhere(what) if movement.route.is_some() => what.clone(),
        _ => {
            let selector = service::selector(&home.object);
            match selector.get(&movement.key) {
                Some(color) if *color != movement.to => color.clone(),
                _ => as_label_selector(&selector),
            }
        }
    }
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
