//! Hooks of a move, at their places in it.

use release_cli::run::Run;
use release_core::failure::Outcome;

use super::agreed::AgreedPlan;
use super::identified::of_moves;
use super::planning::views;
use crate::hooks::{self, Loaded};
use crate::options::MoveOptions;
use crate::plan::{ServicePlan, tracks_of};
use crate::snapshot::{ReadScope, load};

/// Runs what is to be run before the traffic moves: the color is ready. What follows is read and judged anew.
///
/// # Errors
/// Where it fails: nothing was switched.
pub async fn before_switch(run: &Run, options: &MoveOptions, extent: ReadScope, agreed: AgreedPlan<'_>) -> Outcome<()> {
    if !options.each().iter().any(|one| waiting(one).is_some()) {
        return Ok(());
    }
    let snapshot = run.within(load(&run.cluster, &options.services, options.looking(extent))).await?;
    let views = views(&snapshot, options.track_key.as_deref());
    let arrived = |service: &str, to: &str| tracks_of(&views, service).is_some_and(|tracks| tracks.active == to);
    if agreed.plan.moves().all(|plan| arrived(plan.service(), &plan.movement.to)) {
        return Ok(());
    }
    for one in options.each() {
        let own: Vec<&ServicePlan> =
            agreed.plan.moves().filter(|plan| one.services.iter().any(|name| name == plan.service())).collect();
        if let Some(hook) = waiting(one).filter(|_| !own.is_empty()) {
            hook.run(run, &of_moves(hook, &own, &views)).await?;
        }
    }
    Ok(())
}

/// What is to be run, and was not yet.
fn waiting(options: &MoveOptions) -> Option<&Loaded> {
    options.hooks.before_switch.as_ref().filter(|hook| !hook.has_run())
}

/// Removes what the hooks have left, once all is proven.
pub async fn tidied(run: &Run, options: &MoveOptions) {
    for one in options.each() {
        if one.hooks.all().next().is_some()
            && let Some(service) = one.services.first()
        {
            hooks::tidy(run, service).await;
        }
    }
}
