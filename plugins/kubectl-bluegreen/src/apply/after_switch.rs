//! The hook that runs once the traffic has arrived: where it fails, the move has failed.

use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::release::hooks::Identity;

use super::in_progress::MoveInProgress;
use crate::hooks::{About, Loaded};

/// True where there is one.
#[must_use]
pub fn is_any(moves: &[MoveInProgress<'_>]) -> bool {
    moves.iter().any(|made| made.after.is_some())
}

/// Runs it once for all moves that have it. A move that was cut off is told by its record, and so finds its own again.
///
/// # Errors
/// Where it fails, or takes too long.
pub async fn run(run: &Run, moves: &[MoveInProgress<'_>]) -> Outcome<()> {
    let mut rest: Vec<&MoveInProgress<'_>> = moves.iter().collect();
    while let Some(hook) = rest.iter().find_map(|made| made.after) {
        let has_it = |made: &&MoveInProgress<'_>| made.after.is_some_and(|own| std::ptr::eq(own, hook));
        let (own, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(has_it);
        of_one(run, hook, &own).await?;
        rest = others;
    }
    Ok(())
}

async fn of_one(run: &Run, hook: &Loaded, moves: &[&MoveInProgress<'_>]) -> Outcome<()> {
    let records = moves.iter().map(|made| made.movement.record.id.as_str());
    let what = hook.identity();
    let release = Identity::of([hook.moment.word(), what.as_str()].into_iter().chain(records));
    let services: Vec<&str> = moves.iter().map(|made| made.service()).collect();
    // Where it fails the move is taken back: what is said of it has to stay true.
    let moved: Vec<String> =
        moves.iter().map(|made| format!("service/{} had been moved to {}", made.service(), made.movement.to)).collect();
    let about = About {
        release,
        services: services.join(" "),
        color: moves.first().map(|made| made.movement.to.clone()).unwrap_or_default(),
        selectors: moves.iter().map(|made| made.movement.selector.clone()).collect(),
        so_far: moved.join(", "),
        again: None,
    };
    hook.run(run, &about).await
}
