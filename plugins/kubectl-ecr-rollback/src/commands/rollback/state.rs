//! What the record makes of the command that was typed, as far as revisions and the registry bear it out.

use release_cli::run::Run;
use release_cluster::wait::later;
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Workload, WorkloadKind};
use release_core::release::rewritten::rewritten as failure;
use release_core::workload::container_image::containers_of;
use release_core::workload::revisions::{Revision, deployed_number, may_have_another};

use crate::options::RollbackOptions;
use crate::plan::state_of_record::{StateOfRecord, state_of_record};
use crate::record::believed::believed;
use crate::record::rewritten::{came_with, rewritten};
use crate::record::way_here::standing;
use crate::record::{ImageRecord, RecordVerb, RecordedImages, kept_by_revision};
use crate::selection::Selected;
use crate::snapshot::read;
use crate::tag_now::{self, led_forward};
use crate::words::{beside, pinned_short, when};

/// What the record makes of the command, as far as the workload's revisions bear it out.
///
/// # Errors
/// Exit 1 where they can't be read, exit 3 where something else runs than `--if-running` names.
pub async fn state_of_believed(
    run: &Run,
    options: &RollbackOptions,
    workload: &Workload,
    (recorded, selected): (&RecordedImages, &Selected),
) -> Outcome<StateOfRecord> {
    if let Some(record) = rewritten(workload, recorded).filter(|_| !options.is_explicit() && !options.again) {
        return Err(was_rewritten(run, workload, record, selected));
    }
    let some = recorded.all().next().is_some();
    let may_keep_one = workload.kind == WorkloadKind::Deployment && may_have_another(workload);
    let revisions = if some || may_keep_one { read::revisions_of(&run.cluster, workload).await? } else { Vec::new() };
    let kept = kept_by_revision(recorded, workload, &revisions);
    let believed = believed(kept.as_ref().unwrap_or(recorded), workload, &revisions);
    let state = state_of_record(workload, &believed, selected, options, run.scope())?;
    let outdated = state != StateOfRecord::Open && is_outdated(workload, &revisions, &believed, selected);
    if outdated || is_contradicted(run, (options, workload), &state).await {
        return Ok(StateOfRecord::Open);
    }
    Ok(state)
}

/// The same words would go back from an image that they led to.
fn was_rewritten(run: &Run, workload: &Workload, record: &ImageRecord, selected: &Selected) -> Failure {
    let to = record.containers.first().map(|moved| moved.to.as_str()).unwrap_or_default();
    let (now, to) = (beside(to, selected.image()), beside(selected.image(), to));
    let (at, by) = (when(record.at), &record.by);
    let text = format!(
        "{workload} asks for {now}, though the {} at {at} by {by} wrote {to}: an admission policy or webhook rewrites \
         it; nothing was written\nto go on from there, name the image with --to-tag, or add --again",
        record.verb
    );
    failure(text, run.scope())
}

/// True where the registry says that what a record calls a rollback led to a later push: one under way would be watched
/// to its end, and called one; by one that is over nobody would get away from the release that runs, where somebody has
/// only written it down (the API server keeps who wrote record and image). What the rollout history led to while nobody answered is gone on with by the same words.
async fn is_contradicted(run: &Run, (options, workload): (&RollbackOptions, &Workload), state: &StateOfRecord) -> bool {
    let record = match state {
        StateOfRecord::Attach(record) => record,
        StateOfRecord::Nothing { record, .. } if !came_with(workload, record) => record,
        StateOfRecord::Nothing { .. } | StateOfRecord::Open => return false,
    };
    let is_meant = record.by_history && options.is_offline();
    let patience = run.deadline().min(later(tag_now::PATIENCE));
    if record.verb != RecordVerb::Rollback || is_meant || !led_forward(run, record, patience).await {
        return false;
    }
    let (from, to) = (&record.containers[0].from, &record.containers[0].to);
    let moved = format!("{} was pushed after {}", pinned_short(to), pinned_short(from));
    run.say(&format!("  a record by {} is not gone on with: it calls a rollback what was none, {moved}", record.by));
    true
}

/// True where something else ran since the last record was written.
fn is_outdated(workload: &Workload, revisions: &[Revision], recorded: &RecordedImages, selected: &Selected) -> bool {
    // One that was followed by another, which was taken back, is younger than the last release.
    let last = standing(recorded, &selected.containers[0], &containers_of(workload));
    let Some(record) = last.filter(|record| recorded.is_of(record)) else { return false };
    let own = record.revision.map(|left| left.saturating_add(1));
    own.is_some() && deployed_number(workload) > own && record.is_outdated(revisions)
}
