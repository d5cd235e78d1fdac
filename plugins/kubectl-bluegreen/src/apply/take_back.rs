//! Taking a failed move back by itself.

mod deserted;
mod stand;
mod worse_there;

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::join_all;
use release_cli::run::Run;
use release_cluster::exchange::ApiError;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::record::{Record as _, RunResult};
use release_core::text::printable;
use release_core::traffic::capacity::staying;
use release_core::traffic::selector::Color;
use tokio::time::{Instant, sleep};

use stand::{Stand, stand};
use worse_there::{ports, worse_there};

use super::conclude;
use super::converge::NOT_FOLLOWED;
use super::home::Home;
use super::in_progress::{MoveInProgress, rollback};
use super::records;
use crate::left::LeftWorkload;
use crate::plan::{Move, Place};
use crate::record::{Record, RecordedVerb};
use crate::snapshot::{Snapshot, workloads_and_pods};

/// Our own outcome note may change the record between reading and taking back.
const ATTEMPTS: u32 = 3;
/// A webhook that restarts, an election of etcd, an API server that goes: they pass within seconds, and meanwhile nobody
/// else takes back what serves nobody.
const PATIENCE: Duration = Duration::from_secs(20);
/// After an error that passes, longer each time.
const PAUSE: Duration = Duration::from_millis(150);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Takes all moves back, in reverse order, and waits until the endpoints followed.
pub async fn all(
    run: &Run,
    snapshot: &Snapshot,
    moves: &[MoveInProgress<'_>],
    failure: Failure,
    began: Instant,
) -> Failure {
    run.progress.step("failed", &failure.message);
    let exposed = began.elapsed();
    let (mut left, mut is_theirs) = (Vec::new(), true);
    for made in moves.iter().rev() {
        let movement = made.movement;
        let (why, result) = because_of(made, moves, &failure);
        match one(run, made, &why, result).await {
            Ok(()) => {
                let text = format!("{}{} -> {}", made.prefix(), movement.to, movement.from);
                run.progress.step("rolled back", &text);
            }
            Err(why) => {
                is_theirs &= why.exit == Exit::Changed;
                left.push(still_there(made, &why));
            }
        }
    }
    if !left.is_empty() && is_theirs && left.len() == moves.len() {
        return overtaken(run, moves, &failure, &left).await;
    }
    if !left.is_empty() {
        conclude::left_as_is(run, moves, &failure).await;
        let next = elsewhere(run, moves).await.unwrap_or_else(|| rollback(moves, run.scope()));
        return Failure {
            reason: "RollbackFailed",
            exit: Exit::Failed,
            message: format!("{}\n{}", failure.message, left.join("\n")),
            ..failure.try_next(next)
        };
    }
    let stands = join_all(moves.iter().map(|made| stand(run, snapshot, made))).await;
    if stands.iter().any(|stand| matches!(stand, Stand::Forward(_))) {
        return in_vain(run, moves, failure, stands).await;
    }
    let unserved: String = stands.into_iter().map(Stand::told).collect();
    conclude::rolled_back(run, moves, &failure).await;
    rolled_back(run, moves, failure, (exposed, unserved)).await
}

/// Somebody else has moved on from what failed: a way back is no longer ours to name.
async fn overtaken(run: &Run, moves: &[MoveInProgress<'_>], failure: &Failure, left: &[String]) -> Failure {
    let message = format!("{}\n{}", failure.message, left.join("\n"));
    let services = moves.iter().map(MoveInProgress::service);
    let look = Command::new("kubectl bluegreen status").args(services).scope(run.scope());
    let changed = Failure::changed(message).look(look);
    conclude::left_as_is(run, moves, &changed).await;
    changed
}

/// That it failed and was taken back, with what leads on where nobody is served by that.
async fn rolled_back(
    run: &Run,
    moves: &[MoveInProgress<'_>],
    failure: Failure,
    (exposed, unserved): (Duration, String),
) -> Failure {
    let to = moves.first().map_or("", |j| j.movement.to.as_str());
    let is_rollback = moves.first().is_some_and(|made| made.movement.record.verb == RecordedVerb::Rollback);
    let what = if is_rollback { "rollback failed and was taken back" } else { "switch failed and was rolled back" };
    let sentence = if failure.reason == NOT_FOLLOWED && moves.len() == 1 {
        format!("{what}; {to} had no traffic, the endpoint controller has not acted")
    } else {
        format!("{what}; {to} had traffic for {:.0} s", exposed.as_secs_f32().max(1.0))
    };
    let message = format!("{sentence}\n{}{unserved}", failure.message);
    let served_elsewhere = if unserved.is_empty() { None } else { elsewhere(run, moves).await };
    let next = match (served_elsewhere, failure.next) {
        (Some(command), look) => {
            let look = look.iter().flat_map(Next::commands).next().map(|look| format!("look first: {look}"));
            Some(Next::Try(vec![command], look))
        }
        (None, next) => next,
    };
    Failure { next, ..Failure::new(Exit::RolledBack, "RolledBack", message) }
}

/// What was taken back had to go forward again.
async fn in_vain(run: &Run, moves: &[MoveInProgress<'_>], failure: Failure, stands: Vec<Stand>) -> Failure {
    let told: String = stands.into_iter().map(Stand::told).collect();
    let message = format!("{}{told}", failure.message);
    let failure = Failure { reason: "RollbackFailed", exit: Exit::Failed, message, ..failure };
    join_all(moves.iter().map(|made| conclude::attempt_failed(run, made, &failure))).await;
    failure
}

/// What the record says of a move that is taken back: one that only goes along with another's failure is not to
/// blame.
fn because_of(made: &MoveInProgress<'_>, moves: &[MoveInProgress<'_>], failure: &Failure) -> (String, RunResult) {
    match moves.iter().find(|other| other.meanwhile.failed.get()) {
        Some(failed) if !made.meanwhile.failed.get() => {
            (format!("along with service/{}: {}", failed.service(), failure.message), RunResult::Failed)
        }
        // Nobody has seen it fail.
        _ if failure.reason == NOT_FOLLOWED => (failure.message.clone(), RunResult::Failed),
        _ => (failure.message.clone(), RunResult::RolledBack),
    }
}

/// The command that goes to the color with the most ready pods, where neither color of the move has any.
/// Nobody asked for that color: it is named, and not gone to.
async fn elsewhere(run: &Run, moves: &[MoveInProgress<'_>]) -> Option<Command> {
    let made = moves.first()?;
    let (workloads, pods) = workloads_and_pods(&run.cluster, &made.tracks.base).await.ok()?;
    let ready = |color: &Color| {
        let own = made.tracks.pods_of(&color.name, &pods).into_iter().filter(|pod| made.tracks.can_serve(pod));
        staying(&color.as_of(&workloads), &own.collect::<Vec<_>>())
    };
    let is_third = |color: &&Color| color.name != made.movement.from && color.name != made.movement.to;
    let (thirds, own): (Vec<&Color>, Vec<&Color>) = made.tracks.colors.iter().partition(is_third);
    let most = thirds.into_iter().max_by_key(|color| ready(color)).filter(|color| ready(color) > 0)?;
    let services = moves.iter().map(MoveInProgress::service);
    let switch = || Command::new("kubectl bluegreen switch").args(services).flag("--to", &most.name);
    own.into_iter().all(|color| ready(color) == 0).then(|| switch().scope(run.scope()))
}

fn still_there(made: &MoveInProgress<'_>, why: &Failure) -> String {
    let Move { service, to, .. } = made.movement;
    let stand = match made.moved.get() {
        Some(true) if made.movement.route.is_some() => format!("is still sent to {to}"),
        Some(true) => format!("still selects {to}"),
        Some(false) => "was not taken back".to_owned(),
        None => format!("may still select {to}, it can't be read"),
    };
    format!("service/{service} {stand}: {}", why.message)
}

/// Takes one move back, unless someone else has moved the Service since; `result` is what its record
/// says of it then.
///
/// # Errors
/// Where the write is refused, or the Service isn't as we left it.
pub async fn one(run: &Run, made: &MoveInProgress<'_>, why: &str, result: RunResult) -> Outcome<()> {
    let (began, mut last, mut attempts) = (Instant::now(), None::<ApiError>, 0_u32);
    loop {
        let passes = last.as_ref().is_some_and(ApiError::is_passing) && began.elapsed() < PATIENCE;
        // The last look only finds out what became of the write before it.
        let may_write = attempts < ATTEMPTS || passes;
        match attempt(run, made, Because { why, result: &result }, may_write).await {
            Ok(()) => {
                made.moved.set(Some(false));
                return Ok(());
            }
            Err(Attempt::Final(failure)) => return Err(failure),
            Err(Attempt::Again(error)) if may_write => {
                if error.is_passing() {
                    run.waiting(&format!("{} is to be taken back: {error}", made.movement.object()));
                    sleep(PAUSE.saturating_mul(attempts.saturating_add(1)).min(LONGEST_PAUSE)).await;
                }
                last = Some(error);
            }
            Err(Attempt::Again(error)) => return Err(Failure::from(error)),
            Err(Attempt::Stands) => break,
        }
        attempts = attempts.saturating_add(1);
    }
    Err(last.map_or_else(|| Failure::failed("RollbackFailed", "not taken back"), Failure::from))
}

enum Attempt {
    Again(ApiError),
    Final(Failure),
    /// It is as we left it, and no further write is to be made.
    Stands,
}

/// What the record says of a move that is taken back.
#[derive(Debug, Clone, Copy)]
struct Because<'a> {
    why: &'a str,
    /// Of the move itself: it failed, or another one of its set did.
    result: &'a RunResult,
}

async fn attempt(run: &Run, made: &MoveInProgress<'_>, because: Because<'_>, may_write: bool) -> Result<(), Attempt> {
    let movement = made.movement;
    made.moved.set(None);
    let mut home = Home::read(run, movement).await.map_err(Attempt::Again)?;
    let is_ours = matches!(home.place, Place::After | Place::Both);
    made.moved.set(Some(is_ours));
    if home.place == Place::Before {
        return Ok(());
    }
    if !made.is_last_in(&home.recorded) || !is_ours {
        let text = format!("{} was changed by someone else meanwhile; left as it is", movement.object());
        return Err(Attempt::Final(Failure::changed(text)));
    }
    if !may_write {
        return Err(Attempt::Stands);
    }
    if let Some(why) = worse_there(run, made, ports(&home, made)).await {
        return Err(Attempt::Final(Failure::failed("NothingToGoBackTo", why)));
    }
    let record = undoing(made, run, because.why);
    if let Some(failed) = &mut home.recorded.current {
        failed.result = Some(because.result.clone());
    }
    let change = movement.take_back(&home.object, (&home.recorded, &home.cleanup), &record);
    let change = records::taken_back(run, made, &home.object, change).await.map_err(Attempt::Final)?;
    run.cluster.apply(&change, run.write_mode()).await.map(drop).map_err(Attempt::Again)
}

/// The record of the way back. It keeps the run's id, so that the run's own last note finds it.
fn undoing(made: &MoveInProgress<'_>, run: &Run, why: &str) -> Record {
    let movement = made.movement;
    // What a policy has made of the selector says nothing of the color that the record names.
    let mut selector = movement.selector.clone();
    selector.insert(movement.key.clone(), movement.to.clone());
    let back = Record {
        left: made.tracks.color(&movement.to).map(LeftWorkload::all).unwrap_or_default(),
        verb: RecordedVerb::Rollback,
        from: movement.to.clone(),
        to: movement.from.clone(),
        at: run.cluster.now(),
        reason: printable(&format!("by itself: {}", why.replace('\n', "; "))),
        selector,
        // They are the colors that were gone to.
        colors: BTreeMap::new(),
        // What judged the way there has nothing to say of the way back.
        proven_by: Vec::new(),
        ..movement.record.clone()
    };
    back.ended(RunResult::Done, run.millis())
}
