//! Who else has a hand in what is written: owners of the workloads, a move that goes on.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::ownership::{Field, Owned, findings};
use release_core::kube::{Workload, controller_of};
use release_core::text::printable;

use super::case::DeployCase;
use crate::finishing::{finishing, own_words};
use crate::prepared::Prepared;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let written = case.prepared.iter().filter(|one| one.idle.is_some() && one.changes_pods());
    let known = |one: &Prepared| case.snapshot.workloads.iter().find(|workload| one.is(workload)).cloned();
    let mut found: Vec<Finding> = written
        .filter_map(|one| Some((one, known(one)?)))
        .flat_map(|(one, workload)| owners(case, one, &workload))
        .collect();
    found.extend(unfinished(case));
    found
}

/// Whoever owns the workload writes its own images again.
fn owners(case: &DeployCase<'_>, one: &Prepared, workload: &Workload) -> Vec<Finding> {
    let edited: Vec<String> = one.edits.iter().map(|edit| edit.container.pointer()).collect();
    let json = edited.first().map_or("/spec/template".to_owned(), |pointer| format!("{pointer}/image"));
    let managed = one.edits.iter().map(|edit| edit.container.managed_pointer());
    let found = findings(&Owned {
        group: "apps",
        kind: workload.kind.kind(),
        namespace: &case.snapshot.namespace,
        metadata: &workload.metadata,
        field: Field { json: &json, managed: managed.collect(), path: "the image", value: "image", part: "the image" },
    });
    let owner = controller_of(&workload.metadata).map(|owner| {
        let owner = printable(&format!("{}/{}", owner.kind, owner.name));
        case.blocks(ids::OWNED_BY_CONTROLLER, format!("{owner} owns it and may put its image back"))
    });
    let named = |finding: Finding| Finding {
        about: case.view.name().to_owned(),
        message: format!("{workload}: {}", finding.message),
        ..finding
    };
    found.into_iter().chain(owner).map(named).collect()
}

/// A move without a result goes on, or was cut off: where it fails, it goes back to the color that would be
/// overwritten.
fn unfinished(case: &DeployCase<'_>) -> Option<Finding> {
    let last = case.view.recorded.current.as_ref().filter(|record| record.key == case.tracks.key)?;
    let is_open = last.result.is_none() && last.to == case.tracks.active && last.from == case.color;
    let overwritten = case.prepared.iter().any(Prepared::changes_pods);
    if !is_open || !overwritten {
        return None;
    }
    let message = format!(
        "the {} to {} by {} at {:.0} has no result yet, and goes back to {} where it fails",
        last.verb, last.to, last.by, last.at, last.from
    );
    let message = message + &own_words(last);
    Some(case.blocks(ids::SWITCH_UNFINISHED, message).mend(finishing(case.view, last, case.snapshot)))
}
