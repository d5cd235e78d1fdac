//! What is left to say once a run has come as far as it was to.

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::canary::run::Phase;
use release_core::release::record::RunResult;

use crate::facts::facts;
use crate::look::look;
use crate::record::CanaryRecord;
use crate::report::Stand;
use crate::words::{command, images};

/// Fills the report, and says how it ended.
///
/// # Errors
/// Exit 5 where it took itself back, 1 where somebody did.
pub async fn ended<M: release_cli::report::Members + AsMut<Stand>>(
    run: &Run,
    stable: &str,
    record: &CanaryRecord,
    report: &mut Report<M>,
) -> Outcome<()> {
    *report.members.as_mut() = stand(run, stable, record).await;
    report.names = vec![format!("deployment.apps/{stable}")];
    if record.state.phase != Phase::Over {
        report.text = format!("deploy/{stable} canary at {}%: {}", in_effect(record), images(record));
        return Ok(());
    }
    match record.result {
        Some(RunResult::RolledBack) => Err(taken_back(run, stable, record)),
        _ => {
            report.text = format!("deploy/{stable} promoted: {}", images(record));
            Ok(())
        }
    }
}

/// The share that was found in effect last: without a pause the next one is asked for already.
fn in_effect(record: &CanaryRecord) -> u32 {
    record.state.weights.last().map_or_else(|| record.state.weight(), |last| last.weight)
}

/// How it stands, with its pods where they can be read.
pub async fn stand(run: &Run, stable: &str, record: &CanaryRecord) -> Stand {
    let stand = Stand::of(stable, record);
    match look(&run.cluster, stable, &record.services).await {
        Ok(seen) => stand.seen(&facts(&seen, record)),
        Err(_) => stand,
    }
}

fn taken_back(run: &Run, stable: &str, record: &CanaryRecord) -> Failure {
    let history = command("history", stable).scope(run.scope());
    let (by, why) = record.taken_back_by.as_ref().map(|word| (word.by.as_str(), word.why.as_str())).unwrap_or_default();
    let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
    if by.is_empty() {
        let message = format!("the release of deploy/{stable} failed, and was taken back{why}");
        return Failure::new(Exit::RolledBack, "RolledBack", message).look(history);
    }
    Failure::failed("Aborted", format!("{by} took the release of deploy/{stable} back{why}")).look(history)
}
