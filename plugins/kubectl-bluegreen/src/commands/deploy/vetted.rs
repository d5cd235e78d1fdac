//! What ECR is asked about a release: before its first write, and once its pods are there.

use futures::future::join_all;
use release_cli::run::Run;
use release_core::failure::{Failure, Next, Outcome};

use super::next_step::again;
use super::planned::{Basis, Looked};
use super::preparing::Preparing;
use crate::options::release::ReleaseOptions;
use crate::prepared::Prepared;
use crate::vetting::{read, runs_what_was_vetted};

/// The workloads of each part with what ECR knows of their images.
///
/// # Errors
/// Exit 4 where ECR takes longer than the run may.
pub async fn vetted(run: &Run, basis: &Basis<'_>, prepared: Vec<Vec<Prepared>>) -> Outcome<Vec<Looked>> {
    let reads = basis.parts.iter().zip(&prepared).map(|(part, own)| read(run, part.options.vetting, own));
    let read = run.within(async { Ok(join_all(reads).await) }).await?;
    Ok(prepared.into_iter().zip(read).collect())
}

/// Holds what the pods of each color run against what was asked about.
///
/// # Errors
/// Exit 3 where they run something else; no Service was switched.
pub async fn still_vetted(run: &Run, options: &ReleaseOptions, all: &[Preparing<'_>]) -> Outcome<()> {
    for one in all {
        let ended = runs_what_was_vetted(run, (one.tracks, &one.plan.color), &one.plan.vetted).await;
        ended.map_err(|failure| or_again(one.named(failure), again(options, "looks again", run.scope())))?;
    }
    Ok(())
}

fn or_again(failure: Failure, again: Next) -> Failure {
    let next = failure.next.clone().unwrap_or(again);
    Failure { next: Some(next), ..failure }
}
