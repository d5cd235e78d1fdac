//! `status`: how far a release has come.

use std::time::Duration;

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::{Failure, Outcome};
use release_core::release::canary::run::{Act, Phase, Wait, next};
use release_core::release::record::RunResult;
use tokio::time::sleep;

use crate::args::{StatusArgs, WaitFor};
use crate::facts::facts;
use crate::look::{brief, look};
use crate::names::deployment;
use crate::record::CanaryRecord;
use crate::refusal;
use crate::report::{Stand, StatusMembers};
use crate::standing::Standing;
use crate::status_text::{self, text};
use crate::words::command;

const LOOK: Duration = Duration::from_millis(500);

/// One look, as it is told.
struct Shown {
    stand: Stand,
    text: String,
    record: Option<CanaryRecord>,
    /// Nothing is done before somebody says so.
    holds: bool,
}

/// Runs the verb.
///
/// # Errors
/// Exit 1 where it can't be read or what is waited for can't be any more, 4 where it isn't so in time.
pub async fn run(run: &Run, args: &StatusArgs, report: &mut Report<StatusMembers>) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    report.names = vec![format!("deployment.apps/{name}")];
    loop {
        let shown = shown(run, &name).await?;
        (report.members.stand, report.text) = (shown.stand.clone(), shown.text.clone());
        let is_over = shown.record.as_ref().is_none_or(|record| record.state.phase == Phase::Over);
        match args.wait_for {
            Some(wanted) if is_so(wanted, &shown) => return Ok(()),
            Some(wanted) if is_over => return Err(never(run, &name, wanted)),
            None if !args.watch || is_over => return Ok(()),
            _ => {}
        }
        if run.left().is_zero() {
            let message = format!("out of time: {}", shown.text.lines().next().unwrap_or_default());
            return Err(Failure::out_of_time(message).look(command("status", &name).scope(run.scope())));
        }
        run.waiting(shown.text.lines().nth(1).unwrap_or_default());
        sleep(LOOK).await;
    }
}

fn is_so(wanted: WaitFor, shown: &Shown) -> bool {
    let result = shown.record.as_ref().and_then(|record| record.result.as_ref());
    match wanted {
        WaitFor::Paused => shown.holds,
        WaitFor::Done => result == Some(&RunResult::Done),
        WaitFor::Aborted => result == Some(&RunResult::RolledBack),
    }
}

fn never(run: &Run, name: &str, wanted: WaitFor) -> Failure {
    let message =
        format!("no release of deploy/{name} is under way that could be {}", format!("{wanted:?}").to_lowercase());
    Failure::failed("NeverSo", message).look(command("history", name).scope(run.scope()))
}

async fn shown(run: &Run, name: &str) -> Outcome<Shown> {
    let found = brief(&run.cluster, name).await?;
    let record = match found.standing() {
        Standing::UnderWay(record) | Standing::Over(record) => *record,
        Standing::None => return Ok(without(name, "no release is under way, and none is recorded")),
        Standing::Risen(_, why) => {
            return Ok(without(name, &format!("no release is under way: it has a record, and {why}")));
        }
        Standing::Orphaned(_) => return Err(refusal::orphaned(run, name)),
        Standing::Unreadable(why) => return Err(refusal::unreadable(run, name, &why)),
    };
    let seen = look(&run.cluster, name, &record.services).await.map_err(Failure::from)?;
    let facts = facts(&seen, &record);
    let act = next(&record.state, &facts);
    let holds = matches!(act, Act::Wait(Wait::Somebody | Wait::Resume));
    let now = run.cluster.now();
    let stand = Stand::of(name, &record).seen(&facts).run_by(found.lease.as_ref(), now);
    let lease = found.lease.as_ref();
    let text = text(run, &status_text::Shown { stable: name, record: &record, facts: &facts, lease, act: &act });
    Ok(Shown { stand, text, record: Some(record), holds })
}

fn without(name: &str, why: &str) -> Shown {
    Shown { stand: Stand::default(), text: format!("deploy/{name}: {why}"), record: None, holds: false }
}
