//! What is known of a choice beside the image itself: how it came about, and which commands lead elsewhere.

use release_cli::run::Run;
use release_core::command::Command;
use release_core::registry::push_history::{Chosen, SkipReason, Why, ready_before};

use crate::checks::case::HowChosen;
use crate::options::RollbackOptions;
use crate::record::kept_by_revision;
use crate::record::unrecorded::cause_of_ours;
use crate::refusal::Retyped;
use crate::selection::Selected;
use crate::snapshot::Snapshot;
use crate::typed::TARGET;

/// The command that goes to what ready pods run, where the target never came up; without the registry nothing is looked
/// up by a tag.
#[must_use]
pub fn to_ready(
    run: &Run,
    options: &RollbackOptions,
    (snapshot, selected): (&Snapshot, &Selected),
    chosen: &Chosen,
) -> Option<Command> {
    let container = selected.container();
    let pods = snapshot.pod_images(container);
    let ready = ready_before(&snapshot.revisions, &pods, container, chosen.revision?)?;
    let workload = options.workload.to_string();
    let retyped = Retyped { workload: &workload, typed: &options.write.typed, scope: run.scope() };
    (!options.is_offline())
        .then(|| retyped.leading_to(&ready.image, ready.digest.as_deref(), selected.image()))
        .flatten()
}

/// How the target was chosen, and what else could be.
#[must_use]
pub fn how_chosen(run: &Run, options: &RollbackOptions, chosen: &Chosen) -> HowChosen {
    let named = chosen.why == Why::Asked;
    let workload = options.workload.to_string();
    let retyped = Retyped { workload: &workload, typed: &options.write.typed, scope: run.scope() };
    let steps = options.wanted.steps.max(1).saturating_add(1).to_string();
    let further = (!named).then(|| retyped.with("--steps", &steps, &["--steps"]));
    let lost = chosen.skipped.iter().find_map(|skipped| match &skipped.why {
        SkipReason::TagMoved { perhaps } => perhaps.as_ref(),
        _ => None,
    });
    let to_lost = lost.map(|digest| retyped.with("--to-digest", digest, &TARGET));
    HowChosen {
        named,
        by_deployments: options.is_offline(),
        unasked: options.write.yes,
        further,
        to_lost,
        to_ready: None,
        unrecorded: None,
        counted: chosen.counted.clone(),
        never_named: None,
        moved_back: None,
        unproven: None,
    }
}

/// What tells that the words may be typed again, where no record does: they would go one further back. Who says from
/// where, or that it is meant, is believed.
#[must_use]
pub fn repeats_unrecorded(
    run: &Run,
    options: &RollbackOptions,
    snapshot: &Snapshot,
    selected: &Selected,
) -> Option<String> {
    let is_meant = options.again || options.if_running.is_some() || options.is_explicit();
    let is_told = || kept_by_revision(&snapshot.recorded, &snapshot.workload, &snapshot.revisions).is_some();
    if is_meant || snapshot.recorded.raw_current.is_some() || is_told() {
        return None;
    }
    cause_of_ours(&snapshot.workload, &selected.containers[0], run.cluster.field_manager())
}
