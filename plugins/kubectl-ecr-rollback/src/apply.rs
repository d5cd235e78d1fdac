//! Making a change of images: write, watch, and take back what fails.

mod conclude;
mod held;
mod in_progress;
mod overtaken;
mod reasons;
mod take_back;
mod unproven;
mod watch;
mod what_runs;
mod write;

use release_core::failure::{Exit, Failure, Next, Outcome};

use crate::pods_now::PodsNow;
use crate::record::RecordVerb;
use crate::refusal::Retyped;
use crate::words::pinned_short;

pub use in_progress::ChangeInProgress;
use unproven::Unproven;
use watch::Watch;
pub use what_runs::{other_digest, rewritten_at_once};
pub use write::{stored_without_record, taken_alone, write};

/// How a rollout ended, and what its pods run; nothing of them where it was taken back.
#[derive(Debug)]
pub struct Proof {
    pub outcome: Outcome<()>,
    pub pods: PodsNow,
}

/// Watches the rollout to its end, concludes, and takes back what failed.
///
/// The outcome is 1 where it failed and was left so (`--no-rollback`), 3 where someone else changed it,
/// 4 where it goes on or waits for a person, and 5 where it failed and was taken back.
pub async fn prove(change: &ChangeInProgress<'_>) -> Proof {
    let mut watch = Watch::begin(change);
    let outcome = match watch.until_done().await {
        Ok(()) => {
            let Some(failure) = what_runs::surprise(change, watch.is_run).await else {
                conclude::done(change).await;
                return Proof { outcome: Ok(()), pods: watch.pods };
            };
            // It runs, so that there is nothing to take back from.
            conclude::left_as_is(change, &failure, None).await;
            Err(failure)
        }
        Err(Unproven::Overtaken(failure)) => Err(failure),
        Err(Unproven::Unfinished(failure)) => {
            conclude::unfinished(change, &failure).await;
            Err(failure)
        }
        Err(Unproven::Failed(failure)) => Err(failed(change, &watch, failure).await),
    };
    let is_back = outcome.as_ref().is_err_and(|failure| failure.exit == Exit::RolledBack);
    Proof { outcome, pods: if is_back { PodsNow::default() } else { watch.pods } }
}

/// Takes back what failed, unless that leads to what failed before it, or to what nobody has seen run.
async fn failed(change: &ChangeInProgress<'_>, watch: &Watch<'_>, failure: Failure) -> Failure {
    if change.is_over {
        // Where pods of the very image are ready, it is not to blame.
        let serves = watch.pods.ready_images().any(|image| image == change.image_change.to);
        return if serves { failure } else { led_out(change, watch, failure) };
    }
    let seen = watch.seen.clone();
    if !change.options.rollback_on_failure {
        conclude::left_as_is(change, &failure, seen).await;
        return if failure.next.is_some() { failure } else { failure.try_next(change.undo()) };
    }
    if let Some(why) = no_way_back(change, watch) {
        let message = format!("{}\nnot taken back, {why}", failure.message);
        let failure = Failure { message, ..failure };
        conclude::left_as_is(change, &failure, seen).await;
        return led_out(change, watch, failure);
    }
    take_back::all(change, failure, seen).await
}

/// The same words would watch what fails for ever: what leads out is what ready pods run, else one further back.
fn led_out(change: &ChangeInProgress<'_>, watch: &Watch<'_>, failure: Failure) -> Failure {
    let made = change.image_change;
    if made.record.verb == RecordVerb::Unpin || !change.is_recorded.get() {
        return failure;
    }
    let (workload, typed) = (change.workload.reference(), change.options.typed.with_time());
    let retyped = Retyped { workload: &workload, typed: &typed, scope: change.run.scope() };
    let ready = || watch.pods.ready_images().filter(|image| *image != made.to);
    let serves = ready().find(|image| *image != made.from()).or_else(|| ready().next());
    let way = serves.and_then(|image| retyped.leading_to(image, None, &made.to)).unwrap_or_else(|| change.further());
    let look = failure.next.as_ref().and_then(|next| next.commands().first()).map(|look| format!("why: {look}"));
    failure.next(Next::Try(vec![way], look))
}

/// Why what was left is none to go back to.
fn no_way_back(change: &ChangeInProgress<'_>, watch: &Watch<'_>) -> Option<String> {
    let (record, from) = (&change.image_change.record, pinned_short(change.image_change.from()));
    if let Some(why) = &watch.left_failing {
        let said = if record.left_failing.as_ref() == Some(why) { ", as its record says" } else { "" };
        return Some(format!("pods of {from} were failing too{said}: {why}"));
    }
    let is_unseen = change.is_taken_up && record.left_unrolled;
    is_unseen.then(|| format!("no pod ever ran {from}, which its record leads from"))
}
