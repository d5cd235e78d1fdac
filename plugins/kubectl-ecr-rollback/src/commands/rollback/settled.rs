//! A rollback that is done by its record: whether pods still run the image that it led to, and whether all do yet.

use std::cell::Cell;

use release_cli::report::Report;
use release_cli::run::Run;
use release_core::command::Command;
use release_core::failure::{Failure, Outcome};
use release_core::kube::{Pod, Workload};
use release_core::registry::image::short_digest;

use crate::apply::{ChangeInProgress, other_digest};
use crate::document::RollbackMembers;
use crate::options::RollbackOptions;
use crate::plan::image_change::resumed;
use crate::plan::way_back::digests_of;
use crate::proposal::attach;
use crate::record::{ImageRecord, RecordedImages};
use crate::selection::Selected;
use crate::words::{pinned_short, when};
use release_core::workload::container_image::containers_of;

/// Joins a change that is recorded, to its end. Where its record says that it is over, what goes on is watched alone (pods
/// that a partition kept when it was done, a template that was rolled out anew): it is neither noted nor taken back, for
/// what was left is what somebody fled from.
///
/// # Errors
/// As the exit codes say.
pub async fn joined(
    run: &Run,
    options: &RollbackOptions,
    (workload, recorded): (&Workload, &RecordedImages),
    (record, pods, is_over): (&ImageRecord, &[Pod], bool),
    report: &mut Report<RollbackMembers>,
) -> Outcome<()> {
    let image_change = resumed(record, &containers_of(workload), pods);
    let change = ChangeInProgress {
        run,
        workload,
        recorded,
        image_change: &image_change,
        options: &options.write,
        is_recorded: Cell::new(true),
        is_taken_up: true,
        is_over,
    };
    Box::pin(attach(&change, report)).await
}

/// That pods run another image under the tag than the one that was gone back to: it was pushed again since. Nothing
/// where they don't, or where the registry doesn't say.
pub async fn pushed_again(
    run: &Run,
    options: &RollbackOptions,
    (workload, pods): (&Workload, &[Pod]),
    (record, selected): (&ImageRecord, &Selected),
) -> Option<Failure> {
    let planned = record.to_digest.as_deref()?;
    let running = digests_of(pods, selected.container(), selected.image());
    let odd = running.iter().find(|digest| *digest != planned)?;
    let why = other_digest(run, selected.image(), odd).await?;
    let (shown, was, runs) = (pinned_short(selected.image()), short_digest(planned), short_digest(odd));
    let text = format!(
        "{workload} asks for {shown}, which was {was} at the {} at {} by {}, and pods run {runs}: {why}; nothing was \
         written",
        record.verb,
        when(record.at),
        record.by
    );
    let typed = &options.write.typed;
    let by_digest = Command::new(typed.verb()).arg(workload.reference()).flag("--to-digest", planned);
    let by_digest = by_digest.args(typed.without(&crate::typed::TARGET)).scope(run.scope());
    Some(Failure::failed("OtherImage", text).try_next(by_digest))
}
