//! Bringing targets to size before the move.

use release_cli::run::Run;
use release_cli::verb::write_note;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Outcome};
use release_core::release::change::Change;
use release_core::traffic::selector::Tracks;

use crate::apply::scale::{self, PODS_REFUSED, Size};
use crate::plan::{self, ServicePlan, SwitchPlan, tracks_of};
use crate::record::RecordedVerb;
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
            let waited = scale::wait_ready(run, Size { tracks, color, required: plan.required, whole }).await;
            waited.map_err(|failure| not_grown(run, plan, changes, failure))?;
        }
    }
    Ok(())
}

/// What was left behind by growing in vain, and on a rollback the way that doesn't wait.
fn not_grown(run: &Run, plan: &ServicePlan, changes: &[Change], failure: Failure) -> Failure {
    let left = changes.iter().map(|change| {
        let undo = change.undo.as_ref().map(|undo| format!("; undo: {undo}")).unwrap_or_default();
        format!("\nleft scaled: {} {}{undo}", change.object, change.summary)
    });
    let message = std::iter::once(failure.message.clone()).chain(left).collect();
    let failure = Failure { message, ..failure };
    let hopeless = failure.reason == PODS_REFUSED || failure.exit == Exit::OutOfTime;
    if plan.movement.record.verb != RecordedVerb::Rollback || !hopeless || plan.target_ready == 0 {
        return failure;
    }
    failure.try_next(Command::new("kubectl bluegreen rollback").arg(plan.service()).arg("--now").scope(run.scope()))
}

/// Asks for the whole size of targets that a rollback goes to before they have it. Going there doesn't
/// depend on it: what can't be written is only said.
pub async fn grow_meanwhile(run: &Run, plan: &SwitchPlan, views: &[ServiceView<'_>], snapshot: &Snapshot) {
    let mut changes = Vec::new();
    for plan in plan.moves() {
        let growth = tracks_of(views, plan.service()).and_then(|tracks| plan.growth(tracks)).unwrap_or_default();
        changes.extend(plan::scale::changes(&growth, snapshot));
    }
    changes.dedup();
    for change in changes {
        run.progress.step("scaling", &format!("{} {}", change.object, change.summary));
        write_note(run, &change, &format!("{} was not scaled", change.object)).await;
    }
}

fn growing<'v>(
    plan: &'v SwitchPlan,
    views: &'v [ServiceView<'v>],
) -> impl Iterator<Item = (&'v ServicePlan, &'v Tracks)> {
    plan.to_scale().filter_map(|plan| Some((plan, tracks_of(views, plan.service())?)))
}
