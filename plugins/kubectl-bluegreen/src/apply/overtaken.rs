//! The note of a run that somebody else was faster than: by whom, so that the history needn't call it
//! unknown.

use release_cli::run::Run;
use release_cli::verb::write_note;
use release_core::release::change::{Action, Change};
use release_core::release::hand::manager_of;
use release_core::release::record::{RunResult, note_result};

use super::home::Home;
use super::in_progress::MoveInProgress;
use crate::plan::Place;

/// Notes it in the record of this move, wherever that is by now. Nothing depends on it.
pub async fn note(run: &Run, made: &MoveInProgress<'_>) {
    let Ok(home) = Home::read(run, made.movement).await else { return };
    let ours = &made.movement.record;
    let by_hand = manager_of(home.hand(made.movement));
    let (result, ops) = match &home.recorded.current {
        // The color was deployed anew; or another Service of the set was overtaken, and this one stands.
        Some(current) if current.id == ours.id && home.place == Place::After => {
            let by = made.meanwhile.deployed_by.borrow();
            let by = by.as_ref().map(|who| RunResult::overtaken_by(&format!("a deployment by {who}")));
            let result = by.unwrap_or(RunResult::Failed);
            (result.clone(), note_result(ours, result, run.millis()))
        }
        Some(current) if current.id == ours.id => {
            let result = RunResult::overtaken_by(&by_hand);
            (result.clone(), note_result(ours, result, run.millis()))
        }
        Some(current) => {
            let result = RunResult::overtaken_by(&format!("a {} by {}", current.verb, current.by));
            let Some(ops) = home.recorded.note_result_of_followed(&ours.id, &result, run.millis()) else { return };
            (result, ops)
        }
        None => return,
    };
    let change = Change {
        object: made.movement.object(),
        path: made.movement.path(),
        summary: format!("record: {result}"),
        action: Action::Note(ops),
        undo: None,
    };
    write_note(run, &change, &format!("the result was not recorded on {}", made.movement.object())).await;
}
