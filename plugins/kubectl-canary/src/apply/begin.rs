//! The first write of a release: its record, where nothing of what it was planned by has changed.

use release_cli::run::Run;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::change::{Change, Op};

use super::write::{created, patched};
use crate::proposal::Proposal;

/// The write that begins it. Whoever changed the Deployment since it was planned is noticed by its generation.
#[must_use]
pub fn begins(run: &Run, proposal: &Proposal) -> Change {
    let stable = &proposal.look.stable.workload;
    let tests = [
        Op::test("/metadata/uid", stable.uid()),
        Op::test("/metadata/generation", stable.metadata.generation.unwrap_or_default()),
    ];
    let ops = tests.into_iter().chain(proposal.look.recorded.followed_by(&proposal.record)).collect();
    patched(&proposal.look.stable, &run.cluster.namespace, ops, "record: a release begins".to_owned())
}

/// Writes it.
///
/// # Errors
/// Exit 3 where something changed since it was planned.
pub async fn begin(run: &Run, proposal: &Proposal) -> Outcome<()> {
    write(run, &begins(run, proposal)).await
}

/// Lets the API server try the record and the canary; nothing is stored.
///
/// # Errors
/// What it would refuse.
pub async fn rehearse(run: &Run, proposal: &Proposal) -> Outcome<()> {
    write(run, &begins(run, proposal)).await?;
    let (stable, record) = (&proposal.look.stable.raw, &proposal.record);
    if proposal.look.canary.is_some() {
        return Ok(());
    }
    let first = record.state.goal().canary.clamp(1, record.state.surge);
    write(run, &created(stable, record, first, &run.cluster.namespace)).await
}

/// Makes a write that begins something, or says a word; what became of one whose answer was lost is read back.
///
/// # Errors
/// Exit 3 where what it relies on has changed.
pub async fn write(run: &Run, change: &Change) -> Outcome<()> {
    match run.cluster.apply_and_see(change, run.write_mode()).await {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.code(), Some(409 | 422)) => {
            let message = format!("{error}\n{} was changed meanwhile; nothing was written", change.object);
            let failure = Failure::new(Exit::Changed, "Changed", message);
            Err(failure.next("the same command again looks at it anew"))
        }
        Err(error) => Err(Failure::from(error)),
    }
}
