//! The writes that nothing depends on: the Event, and the result in the record.

use std::time::Duration;

use anyhow::Result;
use e2e::bluegreen::calls::is_outcome;
use e2e::bluegreen::trial::{SWITCH, Trial};
use e2e::common::calls::is_event;
use e2e::common::faults::{Fault, fault, refused};
use lab::api_proxy::Action;

/// A user's pipeline would fail after a switch that took place, because a note about it could not
/// be written; or nobody would learn that the note is missing.
#[tokio::test]
async fn a_note_that_cannot_be_written_is_one_line_on_stderr() -> Result<()> {
    const FAULTS: [Fault; 8] = [
        fault("Event 403", |p| p.on(is_event, refused(403)), 0, "green"),
        fault("Event 500", |p| p.on(is_event, refused(500)), 0, "green"),
        fault("Event 429", |p| p.on(is_event, Action::too_many_requests(None)), 0, "green"),
        fault("Event never answered", |p| p.on(is_event, Action::Delay(Duration::from_secs(120))), 0, "green"),
        fault("result 403", |p| p.on(is_outcome, refused(403)), 0, "green"),
        fault("result 409", |p| p.on(is_outcome, Action::conflict()), 0, "green"),
        fault("result reset", |p| p.on(is_outcome, Action::Reset), 0, "green"),
        fault("result never answered", |p| p.on(is_outcome, Action::Delay(Duration::from_secs(120))), 0, "green"),
    ];
    let trial = Trial::on_blue("fault-notes").await?;
    for note in FAULTS {
        let ended = trial.with(SWITCH, &note).await?;
        let lines = ended.output.stderr.lines().count();
        assert_eq!(lines, 1, "{}: {}", note.name, ended.output.stderr);
    }
    Ok(())
}
