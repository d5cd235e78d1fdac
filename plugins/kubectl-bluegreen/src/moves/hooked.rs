//! Hooks of a move, at their places in it.

use release_cli::run::Run;
use release_core::failure::Outcome;

use super::agreed::AgreedPlan;
use super::identified::of_moves;
use super::planning::views;
use crate::hooks::{self};
use crate::options::MoveOptions;
use crate::plan::tracks_of;
use crate::snapshot::{ReadScope, load};

/// Runs what is to be run before the traffic moves: the color is ready. What follows is read and judged anew.
///
/// # Errors
/// Where it fails: nothing was switched.
pub async fn before_switch(run: &Run, options: &MoveOptions, extent: ReadScope, agreed: AgreedPlan<'_>) -> Outcome<()> {
    let Some(hook) = options.hooks.before_switch.as_ref().filter(|hook| !hook.has_run()) else { return Ok(()) };
    let snapshot = run.within(load(&run.cluster, &options.services, options.looking(extent))).await?;
    let views = views(&snapshot, options.track_key.as_deref());
    let arrived = |service: &str, to: &str| tracks_of(&views, service).is_some_and(|tracks| tracks.active == to);
    if agreed.plan.moves().all(|plan| arrived(plan.service(), &plan.movement.to)) {
        return Ok(());
    }
    hook.run(run, &of_moves(hook, agreed.plan, &views)).await
}

/// Removes what the hooks have left, once all is proven.
pub async fn tidied(run: &Run, options: &MoveOptions) {
    if options.hooks.all().next().is_some()
        && let Some(service) = options.services.first()
    {
        hooks::tidy(run, service).await;
    }
}
