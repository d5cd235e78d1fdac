//! How a run ends that doesn't end well.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next};
use release_core::kube::Workload;
use release_core::release::canary::run::{Phase, Stop, Which};

use super::told::{look_at, ways};
use crate::names::canary_of;
use crate::record::CanaryRecord;
use crate::words::command;

/// What is there is not what the run left.
pub fn stopped(run: &Run, stable: &str, (record, stop): (&CanaryRecord, &Stop)) -> Failure {
    let scope = run.scope();
    let abort = command("abort", stable).scope(scope);
    match stop {
        Stop::Scaled { which, from, to } => {
            let name = if *which == Which::Stable { stable.to_owned() } else { canary_of(stable) };
            let message =
                format!("somebody scaled deploy/{name} from {from} to {to}: the share isn't what the step asks for");
            let back =
                Command::new("kubectl scale").arg(format!("deploy/{name}")).option("--replicas", &from.to_string());
            let note = "the first puts it back, and the same run goes on then; the second takes the release back";
            Failure::changed(message).next(Next::Try(vec![back.scope(scope), abort], Some(note.to_owned())))
        }
        Stop::Template => {
            let message = format!("somebody gave deploy/{stable} another template than revision {}", record.revision);
            let note = "it takes the canary away, and leaves the template as it is, unless it is the canary's";
            Failure::changed(message).next(Next::Try(vec![abort], Some(note.to_owned())))
        }
        Stop::StableStuck(why) if record.state.phase != Phase::Promoting => {
            let message = format!("deploy/{stable}'s own pods fail ({why}), and could not carry what the canary does");
            let full = command("promote", stable).arg("--full").scope(scope);
            let note =
                "it gives all to the canary, and run goes on then; an abort keeps the canary until they are ready";
            Failure::failed("StableNotReady", message).next(Next::Try(vec![full], Some(note.to_owned())))
        }
        Stop::StableStuck(why) => {
            let message = format!("deploy/{stable}'s new pods do not get ready ({why}); the canary goes on serving");
            let note = "run goes on once they get ready; abort brings the version before back";
            let go_on = command("run", stable).scope(scope);
            Failure::failed("StableNotReady", message).next(Next::Try(vec![go_on, abort], Some(note.to_owned())))
        }
    }
}

/// The record isn't that of the release any more.
pub fn overtaken(run: &Run, stable: &str) -> Failure {
    let message = format!("somebody took the record of this release from deploy/{stable}, or began another one");
    Failure::changed(message).next(look_at(run, stable))
}

/// The record was put back.
pub fn risen(run: &Run, stable: &str, why: &str) -> Failure {
    Failure::changed(format!("the record on deploy/{stable} is of no release that is under way: {why}"))
        .next(look_at(run, stable))
}

/// The name of the canary is somebody else's.
pub fn taken(canary: &Workload) -> Failure {
    Failure::changed(format!("{canary} is there, and is none of this release's"))
        .next("rename it, or delete it where nobody needs it; nothing of it is changed here")
}

/// Somebody gave the canary other images than the release has.
pub fn other_images(run: &Run, stable: &str, canary: &Workload) -> Failure {
    let message = format!("{canary} asks for other images than the record of its release has");
    let abort = command("abort", stable).scope(run.scope());
    let note = "it takes the canary away; a release of those images begins anew then";
    Failure::changed(message).next(Next::Try(vec![abort], Some(note.to_owned())))
}

/// The step has no end of its own, and nobody is there.
pub fn waits_for_somebody(run: &Run, stable: &str, record: &CanaryRecord) -> Failure {
    let message = format!("{}% is in effect, and its step waits for a person", record.state.weight());
    let scope = run.scope();
    let promote = command("promote", stable).scope(scope);
    let go_on = command("run", stable).scope(scope);
    let note = "the first says so, and the second goes on then";
    Failure::new(Exit::Waiting, "WaitsForPerson", message).next(Next::Try(vec![promote, go_on], Some(note.to_owned())))
}

/// Somebody holds it, and nobody is there to wait for them.
pub fn paused(run: &Run, stable: &str) -> Failure {
    let scope = run.scope();
    let (resume, go_on) = (command("resume", stable).scope(scope), command("run", stable).scope(scope));
    let note = "the first says so, and the second goes on then";
    Failure::new(Exit::Waiting, "Paused", format!("the release of deploy/{stable} is paused"))
        .next(Next::Try(vec![resume, go_on], Some(note.to_owned())))
}

/// What was asked for took no effect in time.
pub fn unready(run: &Run, stable: &str, text: &str) -> Failure {
    Failure::out_of_time(format!("out of time: {text}\n{}", run.standing_text())).next(ways(run, stable))
}
