//! Moves by records of Route 53: the batch, our record of it on the Service, and waiting until all of its servers answer so.

use std::time::Duration;

use release_aws::route53::{ChangeId, How, NotDone, Spread, Zone};
use release_cli::run::Run;
use release_cluster::apply::DryRun;
use release_cluster::conditional::{Found, UNCLEAR, Unwritten, Written};
use release_cluster::exchange::ApiError;
use release_core::failure::{Failure, Outcome};
use release_core::release::change::{Action, Change, Op, annotation_pointer};
use release_core::release::record::Recorded;
use release_core::traffic::router::Route;
use release_core::traffic::router::route53::{Batch, CHANGE, Fate};
use serde_json::Value;
use tokio::time::sleep;

use super::home::Home;
use super::in_progress::{MoveInProgress, status};
use super::with_records::sets;
use crate::record::Record;

/// Between two looks: five requests a second are the share of a whole account
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests>).
const PACE: Duration = Duration::from_secs(5);
/// The first one comes sooner.
const SOON: Duration = Duration::from_secs(1);
/// How often is read what became of a batch whose answer was lost.
const LOOKS: usize = 3;

/// Between two looks at what decides: `usual`, and for records longer.
#[must_use]
pub fn pace(made: &MoveInProgress<'_>, usual: Duration) -> Duration {
    if made.movement.records().is_some() { PACE } else { usual }
}

/// Makes a move: the batch, then our record. Before both the API server is asked whether it would take the record:
/// nothing is moved that could not be noted.
///
/// # Errors
/// Where nothing was written, or that isn't known.
pub async fn make(
    run: &Run,
    made: &MoveInProgress<'_>,
    change: &Change,
    look: impl AsyncFn() -> Result<Found, ApiError>,
) -> Outcome<()> {
    let movement = made.movement;
    match run.cluster.write_if_unchanged(change, DryRun::Server, look).await {
        // A webhook that can't be tried has not said no.
        Ok(_) => {}
        Err(Unwritten::Refused(error)) if error.code() == Some(400) => {}
        Err(unwritten) => return Err(not_taken(run, made, change, unwritten)),
    }
    let before = movement.route.as_ref().map(|route| route.object.clone()).unwrap_or_default();
    write(run, made, &before, &movement.to).await?;
    note(run, made, change).await;
    Ok(())
}

/// Nothing was written yet, whatever the answer leaves open.
fn not_taken(run: &Run, made: &MoveInProgress<'_>, change: &Change, unwritten: Unwritten) -> Failure {
    let look = status(made.service(), run.scope());
    let unclear = |error: &ApiError| {
        let text = format!("{error}\n{} was not {}", change.object, made.movement.record.verb.past());
        Failure::failed("RecordsNotWritten", text)
    };
    match unwritten {
        Unwritten::Unclear(error, _) => unclear(&error).look(look),
        Unwritten::Refused(error) if error.leaves_write_unclear() => unclear(&error).look(look),
        unwritten => unwritten.failure(&change.object, "switched", look),
    }
}

/// Sends the batch that gives a color all of what the records were read as, and finds out what became of it.
///
/// # Errors
/// Exit 3 where the records are others by now; where it was not made, or that isn't known.
pub async fn write(run: &Run, made: &MoveInProgress<'_>, seen: &Value, to: &str) -> Outcome<()> {
    let movement = made.movement;
    let Some((zone, route)) = movement.records() else { return Ok(()) };
    let batch = match route.batch(seen, to) {
        Some(Ok(batch)) => batch,
        Some(Err(refusal)) => {
            return Err(Failure::failed(refusal.reason(), format!("{}: {refusal}", route.reference())));
        }
        None => return Ok(()),
    };
    if batch.is_empty() {
        return Ok(());
    }
    let record = &movement.record;
    let what = format!("{} of service/{}/{}", record.verb, movement.namespace, movement.service);
    let comment = format!("kubectl bluegreen: {what} to {to}, by {}", record.by);
    let id = match zone.change(&batch, &comment).await {
        Ok(id) => Some(id),
        Err(not_done) => settle(run, made, (zone, route), &batch, not_done).await?,
    };
    made.change_id.replace(id);
    Ok(())
}

/// What became of a batch that was not said to be made.
async fn settle(
    run: &Run,
    made: &MoveInProgress<'_>,
    (zone, route): (&Zone, &Route),
    batch: &Batch,
    not_done: NotDone,
) -> Outcome<Option<ChangeId>> {
    let (name, why) = (route.reference(), not_done.why);
    let look = || status(made.service(), run.scope());
    let overtaken = |why: &str| {
        let text = format!("{name} was changed by someone else meanwhile: {why}; nothing was overwritten");
        Failure::changed(text).look(look())
    };
    match not_done.how {
        How::Changed => return Err(overtaken(&why)),
        How::Final | How::Passing => {
            let text = format!("{name} was not {}: {why}", made.movement.record.verb.past());
            return Err(Failure::failed("RecordsNotWritten", text).look(look()));
        }
        How::Unclear => {}
    }
    let mut last = String::new();
    for _ in 0..LOOKS {
        match sets(zone, route).await.map(|now| batch.fate(&now)) {
            Ok(Fate::Made) => {
                run.progress.step("read back", &format!("{why}; the change is there"));
                return Ok(None);
            }
            Ok(Fate::Overtaken) => return Err(overtaken(&why)),
            Ok(Fate::NotMade) => "it was not made when it was read back, and may still be".clone_into(&mut last),
            Err(unread) => last = format!("and reading back failed too: {}", unread.why),
        }
        sleep(SOON).await;
    }
    let text = format!("{why}; {last}\nit is not known whether {name} was {}", made.movement.record.verb.past());
    Err(Failure::failed(UNCLEAR, text).look(look()))
}

/// The change of the Service's annotations, with the id of what Route 53 has made.
fn with_id(made: &MoveInProgress<'_>, change: &Change) -> Change {
    let id = made.change_id.borrow().as_ref().map(|id| id.0.clone());
    match (&change.action, id) {
        (Action::JsonPatch(ops), Some(id)) if made.is_recorded.get() => {
            let ops = ops.iter().cloned().chain([Op::add(&annotation_pointer(CHANGE), id)]).collect();
            Change { action: Action::JsonPatch(ops), ..change.clone() }
        }
        _ => change.clone(),
    }
}

/// Writes our record of what is made. Where it can't be, the move stands all the same, and that is told.
async fn note(run: &Run, made: &MoveInProgress<'_>, change: &Change) {
    let change = with_id(made, change);
    match run.cluster.write_if_unchanged(&change, run.write_mode(), async || noted(run, made).await).await {
        Ok(Written::Answered(stored)) => {
            let is_there = Recorded::<Record>::in_object(&stored).is_of(&made.movement.record);
            made.is_recorded.set(made.is_recorded.get() && is_there);
        }
        Ok(Written::ReadBack(_)) => {}
        Err(unwritten) => {
            made.is_recorded.set(false);
            let failure = unwritten.failure(&change.object, "noted", status(made.service(), run.scope()));
            run.progress.step("not recorded", &failure.message);
        }
    }
}

async fn noted(run: &Run, made: &MoveInProgress<'_>) -> Result<Found, ApiError> {
    let object: Value = run.cluster.get(&made.movement.path()).await?;
    let recorded = Recorded::<Record>::in_object(&object);
    if recorded.is_of(&made.movement.record) {
        return Ok(Found::Ours);
    }
    if recorded.raw_current != made.view.recorded.raw_current {
        let text = format!("the record on service/{} was written by someone else", made.service());
        return Ok(Found::Changed(Failure::changed(text)));
    }
    let home = Home::of(object, made.movement);
    Ok(Found::Untouched(Box::new(with_id(made, &made.change_beside(&recorded, &home.cleanup)))))
}

/// The write that takes a move back, with the id of the batch that did.
///
/// # Errors
/// As [`write`].
pub async fn taken_back(run: &Run, made: &MoveInProgress<'_>, seen: &Value, change: Change) -> Outcome<Change> {
    if made.movement.records().is_none() {
        return Ok(change);
    }
    write(run, made, seen, &made.movement.from).await?;
    Ok(with_id(made, &change))
}

/// Waits until all servers of Route 53 answer as the batch says.
///
/// # Errors
/// Exit 4 where they don't in time; exit 1 with `--strict` where that can't be asked for.
pub async fn spread(run: &Run, made: &MoveInProgress<'_>) -> Outcome<()> {
    let Some((zone, route)) = made.movement.records() else { return Ok(()) };
    let Some(id) = made.change_id.borrow().clone() else {
        return not_asked(run, made, "the id of the change is not known");
    };
    let (name, mut pause) = (route.reference(), SOON);
    loop {
        match zone.spread(&id).await {
            Ok(Spread::InSync) => break,
            Ok(Spread::Pending) => run.waiting(&format!("{name}: not all servers of Route 53 have it")),
            Err(not_done) if not_done.how == How::Final => return not_asked(run, made, &not_done.why),
            Err(not_done) => run.waiting(&format!("{name}: {}", not_done.why)),
        }
        if run.left().is_zero() {
            let text = format!("out of time: not all servers of Route 53 have the change of {name} yet");
            return Err(Failure::out_of_time(text).look(status(made.service(), run.scope())));
        }
        sleep(pause.min(run.left())).await;
        pause = PACE;
    }
    let seconds = route.records(&route.object).map_or(0, |records| records.seconds());
    let (to, from) = (&made.movement.to, &made.movement.from);
    let text =
        format!("{}{name} answers {to}; who has asked before comes to {from} for up to {seconds} s", made.prefix());
    run.progress.step("in sync", &text);
    Ok(())
}

fn not_asked(run: &Run, made: &MoveInProgress<'_>, why: &str) -> Outcome<()> {
    let text = format!("whether all servers of Route 53 have the change can't be asked for: {why}");
    if made.strict {
        return Err(Failure::failed("NotChecked", text).look(status(made.service(), run.scope())));
    }
    run.progress.step("? not checked", &text);
    Ok(())
}
