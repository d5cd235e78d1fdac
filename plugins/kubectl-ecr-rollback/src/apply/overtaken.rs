//! What others did to a workload while its rollout was watched.

use release_core::failure::{Exit, Failure};
use release_core::kube::{Workload, WorkloadKind};
use release_core::release::hand::{last_hand_on, manager_of};
use release_core::release::record::RunResult;

use super::in_progress::ChangeInProgress;
use super::unproven::Unproven;
use super::what_runs::{asked_now, rewritten_at_once};
use crate::record::recorded_on;
use crate::words::pinned_short;
use release_core::workload::container_image::containers_of;

/// That somebody else has changed more of the template than the images since they were written: what fails then may be
/// of that, and is no failure of the image.
pub fn theirs(change: &ChangeInProgress<'_>, workload: &Workload) -> Option<Unproven> {
    let strip = |workload: &Workload| {
        let mut spec = workload.template.spec.clone().unwrap_or_default();
        let all = spec.containers.iter_mut().chain(spec.init_containers.iter_mut().flatten());
        all.for_each(|container| container.image = None);
        (workload.template.metadata.clone(), spec)
    };
    if change.is_taken_up || is_rewritten(change, workload) || strip(change.workload) == strip(workload) {
        return None;
    }
    let who = manager_of(last_hand_on(&workload.metadata, "/f:spec/f:template"));
    let to = pinned_short(&change.image_change.to);
    let text = format!("{workload} got another pod template from {who} since {to} was written, and its pods fail");
    Some(Unproven::Unfinished(Failure::changed(format!("{text}; left as it is")).look(change.look())))
}

/// An admission policy has its say within the write, and a person after it: each of their writes counts.
fn is_rewritten(change: &ChangeInProgress<'_>, workload: &Workload) -> bool {
    let ours = if workload.kind == WorkloadKind::Deployment { 1 } else { 0 };
    let [before, now] = [change.workload, workload].map(|seen| seen.metadata.generation.unwrap_or(0));
    !change.is_taken_up && now <= before.saturating_add(ours)
}

/// The images are still those that were written, or another run has taken them back.
pub fn still_ours(change: &ChangeInProgress<'_>, workload: &Workload) -> Result<(), Unproven> {
    let record = &change.image_change.record;
    if workload.metadata.uid != change.workload.metadata.uid {
        let text = format!("{workload} was deleted and made again by someone else; left as it is");
        return Err(Unproven::Overtaken(Failure::changed(text).look(change.look())));
    }
    let template = containers_of(workload);
    if record.is_in(&template) {
        return Ok(());
    }
    let recorded = recorded_on(workload);
    let taken_back =
        recorded.is_of(record) && recorded.current.as_ref().is_some_and(|r| r.result == Some(RunResult::RolledBack));
    if taken_back && record.is_taken_back_in(&template) {
        let text = format!("{} failed, and another run took it back", pinned_short(&change.image_change.to));
        return Err(Unproven::Overtaken(Failure::new(Exit::RolledBack, "RolledBack", text)));
    }
    let now = asked_now(change, &template);
    if is_rewritten(change, workload) {
        return Err(Unproven::Overtaken(rewritten_at_once(change, &template)));
    }
    let text = format!("{workload} was put to {now} by someone else; left as it is");
    Err(Unproven::Overtaken(Failure::changed(text).look(change.look())))
}
