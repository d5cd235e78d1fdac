//! Bringing targets to size before the move.

use futures::future::join_all;
use k8s_openapi::api::core::v1::Service;
use release_cli::run::Run;
use release_cli::verb::write_note;
use release_cluster::read::ListQuery;
use release_core::command::Command;
use release_core::failure::{Exit, Failure, Next, Outcome};
use release_core::kube::service::service_name;
use release_core::kube::{Labels, has_all};
use release_core::release::change::{Action, Change, Op};
use release_core::text::printable;
use release_core::traffic::selector::Tracks;
use serde_json::Value;

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

/// Makes the writes, notes which were made, and waits for the pods; on a switch, for rollouts, too.
///
/// # Errors
/// 1 or 3 where a write is refused, 4 where pods don't become ready in time.
pub async fn bring_to_size(
    run: &Run,
    plan: &SwitchPlan,
    views: &[ServiceView<'_>],
    (changes, written): (&[Change], &mut Vec<Change>),
) -> Outcome<()> {
    scale::apply(run, changes, written).await?;
    for (plan, tracks) in growing(plan, views) {
        if let Some(color) = plan.target(tracks) {
            // An outage doesn't wait for rollouts.
            let whole = plan.movement.record.verb == RecordedVerb::Switch;
            let waited = scale::wait_ready(run, Size { tracks, color, required: plan.required, whole }).await;
            waited.map_err(|failure| not_grown(run, plan, failure))?;
        }
    }
    Ok(())
}

/// Those of the writes whose size is there still; one that can't be read is.
pub async fn still_so(run: &Run, written: Vec<Change>) -> Vec<Change> {
    let read = written.into_iter().map(|change| async move {
        let now = run.cluster.get::<Value>(&change.path).await;
        let is_so = |ops: &[Op], now: &Value| ops.iter().all(|op| op.holds_in(now));
        match (&change.action, now) {
            (Action::JsonPatch(ops), Ok(now)) if !is_so(ops, &now) => None,
            _ => Some(change),
        }
    });
    join_all(read).await.into_iter().flatten().collect()
}

/// Those of the writes whose color serves by now, each with the Service that sends to it: somebody else went
/// there, and to undo the scaling would take it from under them. And the others. Where Services can't be
/// read, none is said to be free.
pub async fn serving_now(
    run: &Run,
    (plan, views): (&SwitchPlan, &[ServiceView<'_>]),
    written: Vec<Change>,
) -> (Vec<(Change, String)>, Vec<Change>) {
    if written.is_empty() {
        return (Vec::new(), written);
    }
    let listed = run.cluster.reading::<Service>(&ListQuery::default()).await;
    let user = |change: &Change| {
        let Ok(services) = &listed else { return Some("a Service, perhaps: they can't be read".to_owned()) };
        let own = growing(plan, views).filter(|(plan, tracks)| {
            let sizes = plan.growth(tracks).unwrap_or_default();
            sizes.iter().any(|(w, _)| w.reference() == change.object) || change.object.starts_with("hpa/")
        });
        let mut labels = own.flat_map(|(plan, tracks)| plan.target(tracks)).flat_map(|color| &color.workloads);
        let selects = |service: &&Service, labels: &Labels| {
            let selector = service.spec.as_ref().and_then(|spec| spec.selector.as_ref());
            selector.is_some_and(|selector| !selector.is_empty() && has_all(labels, selector))
        };
        labels.find_map(|workload| {
            let found = services.iter().find(|service| selects(service, &workload.pod_labels()))?;
            Some(format!("service/{}", printable(service_name(found))))
        })
    };
    let (mut serving, mut free) = (Vec::new(), Vec::new());
    for change in written {
        match user(&change) {
            Some(service) => serving.push((change, service)),
            None => free.push(change),
        }
    }
    (serving, free)
}

/// What was brought to size and serves by now has no undo.
pub fn left_serving(serving: &[(Change, String)], failure: Failure) -> Failure {
    let told =
        serving.iter().map(|(change, service)| format!("\n{} {} serves {service}", change.object, change.summary));
    let message = std::iter::once(failure.message.clone()).chain(told).collect();
    Failure { message, ..failure }
}

/// What was brought to size for a move that was not made, and how that is undone.
pub fn left_scaled(changes: &[Change], failure: Failure) -> Failure {
    let left = changes.iter().map(|change| {
        let undo = change.undo.as_ref().map(|undo| format!("; undo: {undo}")).unwrap_or_default();
        format!("\nleft scaled: {} {}{undo}", change.object, change.summary)
    });
    let message = std::iter::once(failure.message.clone()).chain(left).collect();
    let undos: Vec<Command> = changes.iter().filter_map(|change| change.undo.clone()).collect();
    let next = failure.next.clone().or(Some(Next::Try(undos, Some("undoes the scaling".into()))));
    Failure { message, next, ..failure }
}

/// The writes that brought one Service's target to size.
#[must_use]
pub fn of_service(plan: &SwitchPlan, views: &[ServiceView<'_>], snapshot: &Snapshot, service: &str) -> Vec<Change> {
    let own = growing(plan, views).filter(|(plan, _)| plan.service() == service);
    own.flat_map(|(plan, tracks)| plan::scale::changes(&plan.growth(tracks).unwrap_or_default(), snapshot)).collect()
}

/// On a rollback, the way that doesn't wait.
fn not_grown(run: &Run, plan: &ServicePlan, failure: Failure) -> Failure {
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
