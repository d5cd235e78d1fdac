//! `abort`: back to the stable version, from any machine and at any moment.

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, would_be};
use release_core::failure::{Failure, Outcome};
use release_core::release::canary::run::Phase;

use super::released::stand;
use crate::apply::begin;
use crate::apply::drive::{self, Drive, Until};
use crate::apply::heartbeat::Heartbeat;
use crate::apply::orphan::take_away;
use crate::apply::write::{in_phase, word};
use crate::args::WordArgs;
use crate::around::user;
use crate::lease::Runner;
use crate::look::{Brief, brief};
use crate::names::deployment;
use crate::record::CanaryRecord;
use crate::refusal;
use crate::report::{AbortMembers, Stand};
use crate::standing::Standing;
use crate::words::images;

/// How often the word is offered to a release that goes on meanwhile.
const OFFERS: u32 = 20;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: &WordArgs, report: &mut Report<AbortMembers>) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    let found = run.within(brief(&run.cluster, &name)).await?;
    let standing = found.standing();
    let what = match &standing {
        Standing::UnderWay(record) => images(record),
        Standing::Orphaned(_) => "the canary, of which there is no record".to_owned(),
        other => return Err(refusal::none(run, &name, other)),
    };
    run.say(&heading(run, &format!("deploy/{name}")));
    let (line, ask) = (format!("deploy/{name} taken back: {what}"), format!("Take back {what}?"));
    match (agree(run, &ask, args.write.yes)?, standing) {
        (Agreed::ToWrite, Standing::UnderWay(_)) => take_back(run, &name, args, report).await?,
        (Agreed::ToWrite, Standing::Orphaned(marker)) => take_away(run, &name, &marker).await?,
        (Agreed::ToRehearse, Standing::UnderWay(record)) => {
            let next = aborting(run, &record, (&user(&run.cluster).await, &args.write.reason));
            let change = word(&found.stable, &run.cluster.namespace, &next, (Vec::new(), line.clone()));
            begin::write(run, &change).await?;
            report.text = would_be(run, &line);
            return Ok(());
        }
        _ => {
            report.text = would_be(run, &line);
            return Ok(());
        }
    }
    report.names = vec![format!("deployment.apps/{name}")];
    report.text = line;
    Ok(())
}

fn aborting(run: &Run, record: &CanaryRecord, (by, why): (&str, &str)) -> CanaryRecord {
    let said = drive::word(by, run.cluster.now(), why);
    CanaryRecord { taken_back_by: Some(said.clone()), ..in_phase(record, Phase::Aborting(said)) }
}

async fn take_back(run: &Run, name: &str, args: &WordArgs, report: &mut Report<AbortMembers>) -> Outcome<()> {
    let user = user(&run.cluster).await;
    let (record, found) = said(run, name, (&user, &args.write.reason)).await?;
    run.progress.step("aborting", &images(&record));
    let runner = Runner::new(&user, &run.id, record.time_scale);
    // Whoever runs it watches from now on; nobody waits for a runner that may be gone.
    let heartbeat = taken(run, name, (&runner, &found)).await?;
    let last = Drive::new(run, name, &record, (heartbeat, Until::End)).run().await;
    report.members.stand = match &last {
        Ok(record) => stand(run, name, record).await,
        Err(_) => Stand::of(name, &record),
    };
    last.map(drop)
}

/// Writes the word; a release that goes a step on meanwhile is told once more.
async fn said(run: &Run, name: &str, (by, why): (&str, &str)) -> Outcome<(CanaryRecord, Brief)> {
    let mut offered = 0_u32;
    loop {
        let found = brief(&run.cluster, name).await?;
        let record = match found.standing() {
            Standing::UnderWay(record) => record,
            other => return Err(refusal::none(run, name, &other)),
        };
        if matches!(record.state.phase, Phase::Aborting(_)) {
            return Ok((*record, found));
        }
        let next = aborting(run, &record, (by, why));
        let change = word(&found.stable, &run.cluster.namespace, &next, (Vec::new(), "abort".to_owned()));
        match begin::write(run, &change).await {
            Ok(()) => return Ok((next, found)),
            Err(failure) if failure.reason == "Changed" && offered < OFFERS => offered = offered.saturating_add(1),
            Err(failure) => return Err(failure),
        }
    }
}

/// The heartbeat beats on while it is taken.
async fn taken<'a>(run: &'a Run, name: &'a str, (runner, found): (&Runner, &Brief)) -> Outcome<Heartbeat<'a>> {
    let mut lease = found.lease.clone();
    let mut last: Option<Failure> = None;
    for _ in 0..OFFERS {
        match Heartbeat::take(run, name, (runner.clone(), true), lease.as_ref()).await {
            Err(failure) if failure.reason == "Changed" => last = Some(failure),
            other => return other,
        }
        lease = brief(&run.cluster, name).await?.lease;
    }
    Err(last.unwrap_or_else(|| Failure::changed("somebody else runs it")))
}
