//! Bringing targets to size before the move.

use release_cli::run::Run;
use release_core::failure::Outcome;
use release_core::release::change::Change;
use release_core::traffic::selector::Tracks;

use crate::apply::scale::{self, Size};
use crate::plan::{self, ServicePlan, SwitchPlan, tracks_of};
use crate::service_view::ServiceView;
use crate::snapshot::Snapshot;

/// The writes that bring the targets to size; none where nothing has to grow.
#[must_use]
pub fn changes(plan: &SwitchPlan, views: &[ServiceView<'_>], snapshot: &Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    for (plan, tracks) in growing(plan, views) {
        for change in plan::scale::changes(&plan.growth(tracks).unwrap_or_default(), snapshot) {
            // Services that move together share workloads: each is scaled once.
            if !changes.contains(&change) {
                changes.push(change);
            }
        }
    }
    changes
}

/// Makes the writes, and waits for the pods. With `whole`, rollouts must be done, too.
///
/// # Errors
/// 1 or 3 where a write is refused, 4 where pods don't become ready in time.
pub async fn bring_to_size(
    run: &Run,
    plan: &SwitchPlan,
    views: &[ServiceView<'_>],
    changes: &[Change],
    whole: bool,
) -> Outcome<()> {
    scale::apply(run, changes).await?;
    for (plan, tracks) in growing(plan, views) {
        if let Some(color) = plan.target(tracks) {
            scale::wait_ready(run, Size { tracks, color, required: plan.required, whole }).await?;
        }
    }
    Ok(())
}

fn growing<'v>(
    plan: &'v SwitchPlan,
    views: &'v [ServiceView<'v>],
) -> impl Iterator<Item = (&'v ServicePlan, &'v Tracks)> {
    plan.to_scale().filter_map(|plan| Some((plan, tracks_of(views, plan.service())?)))
}
