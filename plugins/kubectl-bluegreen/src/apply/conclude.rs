//! The last notes of a move: its result in the record, and an Event. Nothing depends on them.

use futures::future::join_all;
use jiff::Timestamp;
use release_cli::run::Run;
use release_cli::verb::write_note;
use release_core::failure::{Exit, Failure};
use release_core::release::change::{Action, Change};
use release_core::release::event::{Notice, Regarding, event};
use release_core::release::record::{RunResult, note_result};

use super::in_progress::MoveInProgress;
use super::overtaken;
use crate::news;
use crate::record::RecordedVerb;

/// The moves are proven.
pub async fn done(run: &Run, moves: &[MoveInProgress<'_>]) {
    news::verified(run, moves.iter().map(|made| (made.service(), made.movement.to.as_str())));
    join_all(moves.iter().map(|made| async move {
        let past = if is_rollback(made) { "RolledBack" } else { "Switched" };
        let note = format!("{}, in {} ms", describe(made), run.millis());
        futures::join!(outcome(run, made, RunResult::Done), notice(run, made, past, &note, false));
    }))
    .await;
}

/// The moves failed, and stay.
pub async fn left_as_is(run: &Run, moves: &[MoveInProgress<'_>], failure: &Failure) {
    join_all(moves.iter().map(|made| async move {
        let note = format!("{}: {}", describe(made), failure.message);
        let noted = async {
            match failure.exit {
                Exit::Changed => overtaken::note(run, made).await,
                _ => outcome(run, made, RunResult::Failed).await,
            }
        };
        futures::join!(noted, notice(run, made, "SwitchFailed", &note, true));
    }))
    .await;
}

/// The moves failed and were taken back; the record of the way back is complete already.
pub async fn rolled_back(run: &Run, moves: &[MoveInProgress<'_>], failure: &Failure) {
    join_all(moves.iter().map(|made| async move {
        let note = format!("{} failed and was rolled back: {}", describe(made), failure.message);
        notice(run, made, "SwitchRolledBack", &note, true).await;
    }))
    .await;
}

/// The write itself was refused.
pub async fn attempt_failed(run: &Run, made: &MoveInProgress<'_>, failure: &Failure) {
    let note = format!("{}: {}", describe(made), failure.message);
    notice(run, made, "SwitchFailed", &note, true).await;
}

fn is_rollback(made: &MoveInProgress<'_>) -> bool {
    made.movement.record.verb == RecordedVerb::Rollback
}

fn describe(made: &MoveInProgress<'_>) -> String {
    let r = &made.movement.record;
    let reason = if r.reason.is_empty() { String::new() } else { format!(" ({})", r.reason) };
    format!("{} {}: {} -> {} by {}{reason}", r.verb, r.key, r.from, r.to, r.by)
}

/// Only where the record is still the one that we wrote. A record without a result is what a run
/// that was cut off leaves; status explains it.
async fn outcome(run: &Run, made: &MoveInProgress<'_>, result: RunResult) {
    if !made.is_recorded.get() {
        return;
    }
    let change = Change {
        object: made.movement.object(),
        path: made.movement.path(),
        summary: format!("record: {result}"),
        action: Action::Note(note_result(&made.movement.record, result, run.millis())),
        undo: None,
    };
    write_note(run, &change, &format!("the result was not recorded on {}", made.movement.object())).await;
}

async fn notice(run: &Run, made: &MoveInProgress<'_>, reason: &str, note: &str, warning: bool) {
    let movement = made.movement;
    // A move may be proven by several runs, and fail in each.
    let by = if movement.record.id.starts_with(&run.id) { String::new() } else { format!(".{}", run.id) };
    let id = format!("{}.{}{by}", movement.record.id, reason.to_lowercase());
    let notice = Notice {
        namespace: &movement.namespace,
        regarding: Regarding {
            api_version: "v1",
            kind: "Service",
            name: &movement.service,
            uid: made.view.service.metadata.uid.as_deref().unwrap_or_default(),
        },
        id: &id,
        controller: "kubectl-bluegreen",
        warning,
        reason,
        action: if is_rollback(made) { "Rollback" } else { "Switch" },
        note,
    };
    let change = event(&notice, Timestamp::now());
    write_note(run, &change, &format!("no Event was recorded on service/{}", movement.service)).await;
}
