//! Why a verb has nothing to do with what it found.

use release_cli::run::Run;
use release_core::checks::severity::Severity;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::release::record::Record;

use crate::checks::unreachable;
use crate::record::CanaryRecord;
use crate::standing::Standing;
use crate::words::{command, images, phase};

/// No release is under way.
pub fn none(run: &Run, stable: &str, standing: &Standing) -> Failure {
    let history = command("history", stable).scope(run.scope());
    match standing {
        Standing::Risen(_, why) => {
            let message = format!("no release of deploy/{stable} is under way: it has a record, and {why}");
            Failure::failed("NoRelease", message).look(history)
        }
        Standing::Orphaned(_) => orphaned(run, stable),
        Standing::Unreadable(why) => unreadable(run, stable, why),
        _ => Failure::failed("NoRelease", format!("no release of deploy/{stable} is under way")).look(history),
    }
}

/// Its canary is there, and nobody knows the plan.
pub fn orphaned(run: &Run, stable: &str) -> Failure {
    let message = format!("deploy/{stable}-canary is one of ours, and the record of its release is gone");
    let abort = command("abort", stable).scope(run.scope());
    let note = "it brings stable to its size and takes the canary away, by what the canary says of itself";
    Failure::failed("NoRecord", message).next(Next::Try(vec![abort], Some(note.to_owned())))
}

/// Somebody edited the record.
pub fn unreadable(run: &Run, stable: &str, why: &str) -> Failure {
    let message = format!("deploy/{stable} has a record that makes no sense: {why}");
    let without =
        Command::new("kubectl annotate").arg(format!("deploy/{stable}")).arg(format!("{}-", CanaryRecord::CURRENT));
    let note = "it takes the record away: no canary of ours is there";
    Failure::failed("BadRecord", message).next(Next::Try(vec![without.scope(run.scope())], Some(note.to_owned())))
}

/// Another one is under way.
pub fn another(run: &Run, stable: &str, record: &CanaryRecord) -> Failure {
    let message = format!("another release of deploy/{stable} is under way: {} since {:.0}", images(record), record.at);
    let abort = command("abort", stable).scope(run.scope());
    let note = "it is taken back first; without --image the same verb goes on with it";
    Failure::failed("UnderWay", message).next(Next::Try(vec![abort], Some(note.to_owned())))
}

/// It is past its steps.
pub fn too_late(run: &Run, stable: &str, record: &CanaryRecord) -> Failure {
    let message = format!("the release of deploy/{stable} is {}", phase(&record.state.phase));
    Failure::failed("TooLate", message).look(command("status", stable).scope(run.scope()))
}

/// Refuses a weight that so many pods can't have.
///
/// # Errors
/// Exit 1.
pub fn reachable(record: &CanaryRecord, force: &[String]) -> Outcome<()> {
    let found = unreachable(&record.canary, &record.state, record.state.weight());
    let blocks = found.filter(|finding| finding.severity == Severity::Blocks);
    let Some(finding) = blocks.filter(|finding| !force.iter().any(|id| id == finding.id.as_str())) else {
        return Ok(());
    };
    let can_be = finding.mend.map(|mend| mend.to_string()).unwrap_or_default();
    Err(Failure::failed("Blocked", finding.message).next(format!("{can_be}; or --force={}", finding.id.as_str())))
}

/// Nobody but the record says what is to be deployed.
pub fn in_the_record_alone(stable: &str, record: &CanaryRecord) -> Failure {
    let message =
        format!("{} stands in the record on deploy/{stable} alone, which anybody may have written", images(record));
    Failure::new(Exit::Waiting, "NotConfirmed", message)
        .next("say the images and steps again, as it was started, or agree on a terminal")
}
