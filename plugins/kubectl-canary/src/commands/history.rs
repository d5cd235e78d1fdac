//! `history`: the releases of a Deployment.

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::table::table;
use release_core::failure::Outcome;
use release_core::release::record::RunResult;

use crate::args::HistoryArgs;
use crate::look::stable;
use crate::names::deployment;
use crate::record::CanaryRecord;
use crate::report::{HistoryMembers, Release};
use crate::words::{images, phase};

/// Runs the verb.
///
/// # Errors
/// Exit 1 where the Deployment can't be read.
pub async fn run(run: &Run, args: &HistoryArgs, report: &mut Report<HistoryMembers>) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    let (seen, recorded) = run.within(stable(&run.cluster, &name)).await?;
    let uid = seen.workload.uid();
    // A manifest is copied with its annotations.
    let own: Vec<&CanaryRecord> = recorded.all().filter(|record| record.uid == uid).collect();
    report.members.releases = own.iter().map(|record| Release::of(&name, record)).collect();
    report.names = own.iter().map(|record| record.id.clone()).collect();
    let row = |record: &&CanaryRecord| {
        let result = record.result.as_ref().map_or_else(|| phase(&record.state.phase).to_owned(), RunResult::to_string);
        vec![format!("{:.0}", record.at), result, images(record), record.by.clone(), record.reason.clone()]
    };
    let rows: Vec<Vec<String>> = own.iter().map(row).collect();
    report.text = if rows.is_empty() {
        format!("deploy/{name} has had no release of ours")
    } else {
        table(&["STARTED", "RESULT", "IMAGES", "BY", "REASON"], &rows)
    };
    if let Some(why) = &recorded.unreadable {
        run.say(&format!("note: {why}"));
    }
    Ok(())
}
