//! `pause`, `resume`, `promote`: a word to a release that somebody runs, or will.

use jiff::Timestamp;
use release_cli::report::{Members, Report};
use release_cli::run::Run;
use release_cli::verb::{Agreed, agree, would_be};
use release_core::failure::{Failure, Outcome};
use release_core::release::canary::run::Phase;
use release_core::release::canary::steps::Waits;

use crate::apply::begin;
use crate::apply::drive;
use crate::apply::write::{in_phase, word};
use crate::args::WordArgs;
use crate::look::brief;
use crate::names::deployment;
use crate::record::CanaryRecord;
use crate::refusal;
use crate::report::Stand;
use crate::standing::Standing;
use crate::words::command;

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    Pause,
    Resume,
    Promote { full: bool },
}

impl Said {
    fn verb(self) -> &'static str {
        match self {
            Self::Pause => "Hold",
            Self::Resume => "Let go on",
            Self::Promote { full: false } => "Go on to the next step of",
            Self::Promote { full: true } => "Promote at once, skipping all steps of",
        }
    }

    fn past(self) -> &'static str {
        match self {
            Self::Pause => "paused",
            Self::Resume => "resumed",
            Self::Promote { full: false } => "promoted to its next step",
            Self::Promote { full: true } => "to be promoted",
        }
    }

    /// The record once it is said; nothing where it is so already.
    fn to(
        self,
        record: &CanaryRecord,
        (by, why, now): (&str, &str, Timestamp),
    ) -> Result<Option<CanaryRecord>, String> {
        let phase = &record.state.phase;
        let mut next = in_phase(record, Phase::Running);
        match (self, phase) {
            (Self::Pause, Phase::Paused(_)) | (Self::Resume, Phase::Running) => return Ok(None),
            (Self::Pause, Phase::Running) => next = in_phase(record, Phase::Paused(drive::word(by, now, why))),
            (Self::Resume, Phase::Paused(_)) => {}
            (Self::Promote { full: true }, Phase::Running | Phase::Paused(_)) => next.state.skip_to_the_end(),
            (Self::Promote { full: false }, Phase::Running | Phase::Paused(_)) => {
                let has_pause = !matches!(record.state.plan.waits_at(record.state.at), Waits::InEffect);
                match (has_pause, record.state.by_hand, record.state.since) {
                    (true, _, Some(_)) => next.state.advance(now),
                    // The plan's own share of that step is what comes next.
                    (false, Some(_), Some(_)) => (next.state.by_hand, next.state.since) = (None, None),
                    _ => return Err("its step isn't in effect yet".to_owned()),
                }
            }
            (_, Phase::Promoting | Phase::Aborting(_) | Phase::Over) => {
                return Err(format!("it is {}", crate::words::phase(phase)));
            }
        }
        Ok(Some(next))
    }
}

/// Says it.
///
/// # Errors
/// Exit 1 where no release is under way or it can't be said now, 3 where the release went on meanwhile.
pub async fn run<M: Members + AsMut<Stand>>(
    run: &Run,
    args: &WordArgs,
    said: Said,
    report: &mut Report<M>,
) -> Outcome<()> {
    let name = deployment(&args.workload.workload)?;
    let found = run.within(brief(&run.cluster, &name)).await?;
    let record = match found.standing() {
        Standing::UnderWay(record) => record,
        other => return Err(refusal::none(run, &name, &other)),
    };
    let by = crate::around::user(&run.cluster).await;
    *report.members.as_mut() = Stand::of(&name, &record).run_by(found.lease.as_ref(), run.cluster.now());
    let line = format!("deploy/{name} {}", said.past());
    let next = said.to(&record, (&by, &args.write.reason, run.cluster.now())).map_err(|why| {
        let message = format!("the release of deploy/{name} can't be {}: {why}", said.past());
        Failure::failed("NotNow", message).look(command("status", &name).scope(run.scope()))
    })?;
    let Some(next) = next else {
        report.text = format!("{line} already");
        return Ok(());
    };
    let agreed = agree(run, &format!("{} the release of deploy/{name}?", said.verb()), args.write.yes)?;
    if agreed != Agreed::ToLook {
        let change = word(&found.stable, &run.cluster.namespace, &next, (Vec::new(), line.clone()));
        begin::write(run, &change).await?;
    }
    if agreed != Agreed::ToWrite {
        report.text = would_be(run, &line);
        return Ok(());
    }
    *report.members.as_mut() = Stand::of(&name, &next).run_by(found.lease.as_ref(), run.cluster.now());
    report.names = vec![format!("deployment.apps/{name}")];
    report.text = line;
    if !found.is_run(run.cluster.now()) && said != Said::Pause {
        run.say(&format!("nobody runs it now; to go on: {}", command("run", &name).scope(run.scope())));
    }
    Ok(())
}
