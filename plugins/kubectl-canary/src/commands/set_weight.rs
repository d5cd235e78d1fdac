//! `set-weight`: a share by hand.

use release_cli::report::Report;
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, would_be};
use release_core::failure::Outcome;
use release_core::release::canary::run::{Phase, State};

use super::run::{Asked, finish, start};
use crate::apply::begin;
use crate::apply::drive::{Drive, Until};
use crate::apply::heartbeat::Heartbeat;
use crate::apply::write::word;
use crate::args::SetWeightArgs;
use crate::lease::Runner;
use crate::look::{Brief, brief};
use crate::names::deployment;
use crate::options::{self, is_said};
use crate::record::CanaryRecord;
use crate::refusal;
use crate::report::{SetWeightMembers, Stand};
use crate::standing::Standing;

/// Runs the verb.
///
/// # Errors
/// As the exit codes say.
pub async fn run(run: &Run, args: &SetWeightArgs, report: &mut Report<SetWeightMembers>) -> Outcome<()> {
    let (words, weight) = options::weight_of(&args.words)?;
    let name = deployment(&words)?;
    let found = run.within(brief(&run.cluster, &name)).await?;
    match found.standing() {
        Standing::UnderWay(record) if is_said(&args.release) => Err(refusal::another(run, &name, &record)),
        Standing::UnderWay(record) => by_hand(run, (&name, &found), (&record, args, weight), report).await,
        Standing::Orphaned(_) => Err(refusal::orphaned(run, &name)),
        Standing::Unreadable(why) => Err(refusal::unreadable(run, &name, &why)),
        standing if !is_said(&args.release) => Err(refusal::none(run, &name, &standing)),
        Standing::None | Standing::Over(_) | Standing::Risen(..) => {
            let release = options::held_at(&args.release, weight)?;
            let (checks, write) = (&args.checks, &args.write);
            let asked = Asked { name: &name, release: &release, checks, write, until: Until::Held };
            start(run, &found, &asked, report).await
        }
    }
}

async fn by_hand(
    run: &Run,
    (name, found): (&str, &Brief),
    (record, args, weight): (&CanaryRecord, &SetWeightArgs, u32),
    report: &mut Report<SetWeightMembers>,
) -> Outcome<()> {
    if !matches!(record.state.phase, Phase::Running | Phase::Paused(_)) {
        return Err(refusal::too_late(run, name, record));
    }
    let state = State { by_hand: Some(weight), since: None, ..record.state.clone() };
    let wanted = CanaryRecord { state, ..record.clone() };
    refusal::reachable(&wanted, &args.checks.force)?;
    report.members.stand = Stand::of(name, &wanted);
    let (now, line) = (record.state.weight(), format!("deploy/{name} canary at {weight}%"));
    let agreed = agree(run, &format!("Give the canary of deploy/{name} {weight}% instead of {now}%?"), args.write.yes)?;
    if agreed == Agreed::ToLook {
        report.text = would_be(run, &line);
        return Ok(());
    }
    let change = word(&found.stable, &run.cluster.namespace, &wanted, (Vec::new(), format!("weight {weight}%")));
    begin::write(run, &change).await?;
    if agreed == Agreed::ToRehearse {
        report.text = would_be(run, &line);
        return Ok(());
    }
    if found.is_run(run.cluster.now()) {
        let holder = found.lease.as_ref().map(|held| held.holder.clone()).unwrap_or_default();
        report.text = format!("{line}, by {holder}");
        return Ok(());
    }
    let runner = Runner::new(&crate::around::user(&run.cluster).await, &run.id, record.time_scale);
    let heartbeat = Heartbeat::take(run, name, (runner, false), found.lease.as_ref()).await?;
    let last = Drive::new(run, name, &wanted, (heartbeat, Until::Held)).run().await;
    finish(run, name, (&wanted, last), report).await
}
