//! `run` and `start`: begin a release, or go on with the one that is under way.

use release_cli::confirm::has_terminal;
use release_cli::flags::WriteArgs;
use release_cli::report::{Members, Report};
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, heading, question, refuse_blocked, show, would_be};
use release_core::checks::finding::Finding;
use release_core::checks::weighing::Weighing;
use release_core::failure::{Failure, Next, Outcome};

use super::released::{ended, stand};
use super::shown;
use crate::apply::begin::{begin, rehearse};
use crate::apply::drive::{Drive, Until};
use crate::apply::heartbeat::Heartbeat;
use crate::args::{CheckArgs, RunArgs};
use crate::checks::findings;
use crate::lease::Runner;
use crate::look::{Brief, Seen, brief};
use crate::names::deployment;
use crate::options::{self, Release, is_said};
use crate::proposal::{Proposal, has_room, propose};
use crate::record::{CanaryRecord, Image};
use crate::refusal;
use crate::report::Stand;
use crate::standing::Standing;
use crate::words::{images, steps};

/// Runs the verb as far as it is to go.
///
/// # Errors
/// As the exit codes say.
pub async fn run<M: Members + AsMut<Stand>>(
    run: &Run,
    args: &RunArgs,
    until: Until,
    report: &mut Report<M>,
) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    let found = run.within(brief(&run.cluster, &name)).await?;
    match found.standing() {
        Standing::UnderWay(record) => {
            is_the_same(run, &name, args, &record)?;
            let is_known = is_said(&args.release) || is_borne_out(&found, &record);
            if args.write.yes && !is_known && !has_terminal() {
                return Err(refusal::in_the_record_alone(&name, &record));
            }
            go_on(run, (&name, &found), (&record, args.write.yes && is_known, until), report).await
        }
        Standing::Orphaned(_) => Err(refusal::orphaned(run, &name)),
        Standing::Unreadable(why) => Err(refusal::unreadable(run, &name, &why)),
        standing if !is_said(&args.release) => Err(refusal::none(run, &name, &standing)),
        Standing::None | Standing::Over(_) | Standing::Risen(..) => {
            let release = options::release(&args.release)?;
            let asked = Asked { name: &name, release: &release, checks: &args.checks, write: &args.write, until };
            start(run, &found, &asked, report).await
        }
    }
}

/// The same words again mean the same release, and none at all the one that is under way.
fn is_the_same(run: &Run, name: &str, args: &RunArgs, record: &CanaryRecord) -> Outcome<()> {
    if args.release.time_scale.is_some_and(|times| record.time_scale != Some(times)) {
        return Err(Failure::usage("this release was started without that --time-scale"));
    }
    if !is_said(&args.release) {
        return Ok(());
    }
    let release = options::release(&args.release)?;
    let has = |image: &release_cli::images::TypedImage| {
        let of_name = |moved: &&crate::record::Moved| image.container.as_ref().is_none_or(|name| *name == moved.name);
        record.containers.iter().filter(of_name).any(|moved| moved.to == image.image)
    };
    let is_same = release.images.iter().all(has) && release.plan == record.state.plan;
    if is_same { Ok(()) } else { Err(refusal::another(run, name, record)) }
}

/// The images stand not in the record alone: its canary has them, or the Deployment does; or nothing would be made of
/// them, because stable lacks the pods that a canary has had.
fn is_borne_out(found: &Brief, record: &CanaryRecord) -> bool {
    let is_new = |seen: &Seen| record.are_images_of(&seen.raw, Image::After);
    let is_short = i64::from(found.stable.workload.replicas) < i64::from(record.state.replicas);
    found.canary.as_ref().is_some_and(is_new) || is_new(&found.stable) || is_short
}

/// A release that was asked for.
#[derive(Debug)]
pub struct Asked<'a> {
    pub name: &'a str,
    pub release: &'a Release,
    pub checks: &'a CheckArgs,
    pub write: &'a WriteArgs,
    pub until: Until,
}

/// Begins it.
///
/// # Errors
/// As the exit codes say.
pub async fn start<M: Members + AsMut<Stand>>(
    run: &Run,
    found: &Brief,
    asked: &Asked<'_>,
    report: &mut Report<M>,
) -> Outcome<()> {
    let (name, write) = (asked.name, asked.write);
    let proposal = run.within(propose(run, &found.stable, asked.release, &write.reason)).await?;
    has_room(&found.recorded, &proposal.record)?;
    let weighing = Weighing { force: asked.checks.force.clone(), strict: asked.checks.strict };
    report.findings = findings(&proposal, run.scope(), &weighing);
    *report.members.as_mut() = Stand::of(name, &proposal.record);
    show(run, &heading(run, &format!("deploy/{name}")), &shown::plan(&proposal), &report.findings, 1);
    refuse_blocked(&report.findings, "started", mend)?;
    let ask = format!("Release {} in {}", images(&proposal.record), shown::takes(&proposal.record.state.plan));
    match agree(run, &question(&ask, &report.findings), write.yes)? {
        Agreed::ToLook => {}
        Agreed::ToRehearse => rehearse(run, &proposal).await?,
        Agreed::ToWrite => return begin_and_drive(run, found, asked, (&proposal, report)).await,
    }
    report.text = would_be(run, &format!("deploy/{name} released: {}", images(&proposal.record)));
    Ok(())
}

async fn begin_and_drive<M: Members + AsMut<Stand>>(
    run: &Run,
    found: &Brief,
    asked: &Asked<'_>,
    (proposal, report): (&Proposal, &mut Report<M>),
) -> Outcome<()> {
    let record = &proposal.record;
    let runner = Runner::new(&record.by, &run.id, record.time_scale);
    let heartbeat = Heartbeat::take(run, asked.name, (runner, false), found.lease.as_ref()).await?;
    if let Err(failure) = begin(run, proposal).await {
        heartbeat.let_go().await;
        return Err(failure);
    }
    run.progress.step("started", &format!("{}, {}", images(record), steps(&record.state.plan)));
    let last = Drive::new(run, asked.name, record, (heartbeat, asked.until)).run().await;
    finish(run, asked.name, (record, last), report).await
}

/// Goes on with the one that is under way. What its record says is shown and agreed to: anybody who may annotate the
/// Deployment could have written it.
///
/// # Errors
/// As the exit codes say.
pub async fn go_on<M: Members + AsMut<Stand>>(
    run: &Run,
    (name, found): (&str, &Brief),
    (record, yes, until): (&CanaryRecord, bool, Until),
    report: &mut Report<M>,
) -> Outcome<()> {
    *report.members.as_mut() = Stand::of(name, record);
    run.say(&heading(run, &format!("deploy/{name}")));
    run.say(&format!("images    {}\nsteps     {}", images(record), steps(&record.state.plan)));
    run.say(&format!("begun     by {} at {:.0}", record.by, record.at));
    let ask = format!("Go on with the release of deploy/{name}, which is at {}%?", record.state.weight());
    if agree(run, &ask, yes)? != Agreed::ToWrite {
        report.text = would_be(run, &format!("deploy/{name} gone on with: {}", images(record)));
        return Ok(());
    }
    let user = crate::around::user(&run.cluster).await;
    let runner = Runner::new(&user, &run.id, record.time_scale);
    let heartbeat = Heartbeat::take(run, name, (runner, false), found.lease.as_ref()).await?;
    let last = Drive::new(run, name, record, (heartbeat, until)).run().await;
    finish(run, name, (record, last), report).await
}

/// Says how it ended, with how it stands also where it didn't end well.
///
/// # Errors
/// Those of the run, and as the exit codes say.
pub async fn finish<M: Members + AsMut<Stand>>(
    run: &Run,
    name: &str,
    (begun, last): (&CanaryRecord, Outcome<CanaryRecord>),
    report: &mut Report<M>,
) -> Outcome<()> {
    match last {
        Ok(record) => ended(run, name, &record, report).await,
        Err(failure) => {
            *report.members.as_mut() = stand(run, name, &now(run, name, begun).await).await;
            Err(failure)
        }
    }
}

async fn now(run: &Run, name: &str, begun: &CanaryRecord) -> CanaryRecord {
    let found = brief(&run.cluster, name).await.ok().and_then(|found| found.recorded.current);
    found.filter(|record| record.id == begun.id).unwrap_or_else(|| begun.clone())
}

/// What would let it through.
#[must_use]
pub fn mend(blocking: &[&Finding]) -> Next {
    let ids: Vec<&str> = blocking.iter().map(|finding| finding.id.as_str()).collect();
    Next::Hint(format!("see the lines with x above; --force={} goes on all the same", ids.join(",")))
}
