//! What the images that are written bring with them.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::image::ImageRef;
use release_core::text::printable;
use release_core::workload::twin::{ContainerImage, ImageEdit, containers_of, migrates};

use super::case::DeployCase;
use crate::prepared::Prepared;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let of_edits = case.prepared.iter().flat_map(|one| of_edits(case, one));
    let staying = case.prepared.iter().flat_map(|one| staying(case, one));
    let migrating = case.prepared.iter().flat_map(|one| migrating(case, one));
    let differing = case.prepared.iter().flat_map(|one| differing(case, one));
    let mut findings: Vec<Finding> = of_edits.chain(staying).chain(migrating).chain(differing).collect();
    findings.dedup();
    findings
}

fn of_edits(case: &DeployCase<'_>, one: &Prepared) -> Vec<Finding> {
    let asked = one.edits.iter().filter(|edit| !edit.follows);
    asked.flat_map(|edit| untagged(case, edit).into_iter().chain(other_repository(case, edit))).collect()
}

/// Without a tag a node pulls `latest`, whatever that is by then.
fn untagged(case: &DeployCase<'_>, edit: &ImageEdit) -> Option<Finding> {
    let ImageRef { tag, digest, .. } = ImageRef::parse(&edit.to);
    let moves = digest.is_none() && tag.is_none_or(|tag| tag == "latest");
    let message = || {
        format!("{} gets {}, which may be another image tomorrow", printable(&edit.container.name), printable(&edit.to))
    };
    moves.then(|| case.warns(ids::IMAGE_UNTAGGED, message()).mend("name a tag or a digest"))
}

/// A slip between two applications looks like this.
fn other_repository(case: &DeployCase<'_>, edit: &ImageEdit) -> Option<Finding> {
    let (from, to) = (edit.container.repository(), ImageRef::parse(&edit.to).repository);
    let message = || {
        format!("{} ran {}, and gets an image of {}", printable(&edit.container.name), printable(from), printable(to))
    };
    (from != to && !edit.container.image.is_empty()).then(|| case.warns(ids::OTHER_REPOSITORY, message()))
}

/// Containers that share what changes, and that nobody named.
fn staying(case: &DeployCase<'_>, one: &Prepared) -> Vec<Finding> {
    let moved: Vec<&ImageEdit> = one.edits.iter().filter(|edit| !edit.follows && !edit.is_so()).collect();
    let containers = containers_of(&one.wanted);
    let is_edited = |c: &ContainerImage| one.edits.iter().any(|edit| edit.container.name == c.name);
    let belongs =
        |c: &&ContainerImage| !is_edited(c) && moved.iter().any(|edit| edit.container.repository() == c.repository());
    let message = |c: &ContainerImage| format!("{} keeps {}", printable(&c.name), ImageRef::parse(&c.image).short());
    containers
        .iter()
        .filter(belongs)
        .map(|c| case.warns(ids::CONTAINER_STAYS, message(c)).mend("name it too"))
        .collect()
}

/// Whoever names one container means the others as they are live: the idle color's may be of a release before.
fn differing(case: &DeployCase<'_>, one: &Prepared) -> Vec<Finding> {
    // A color that is released as it is was meant as it is.
    if case.prepared.iter().all(|one| one.edits.is_empty()) {
        return Vec::new();
    }
    let live = one.like.as_ref().map(containers_of).unwrap_or_default();
    // What follows is told of with what it follows.
    let is_edited = |c: &ContainerImage| one.edits.iter().any(|edit| edit.container.name == c.name);
    let message = |own: &ContainerImage| {
        let live = live.iter().find(|live| live.name == own.name && live.init == own.init)?;
        let (has, runs) = (ImageRef::parse(&own.image).short(), ImageRef::parse(&live.image).short());
        let text = || format!("{} has {has}, and {} runs {runs}", printable(&own.name), case.tracks.active);
        (live.image != own.image).then(text)
    };
    let kept = one.containers().into_iter().filter(|own| one.idle.is_some() && !is_edited(own));
    let finding = |text| case.blocks(ids::IMAGE_DIFFERS, text).mend("name it too, or copy it with --sync");
    kept.filter_map(|own| message(&own)).map(finding).collect()
}

/// Once for each pod: they may run beside each other, while the active color still uses the old schema.
fn migrating(case: &DeployCase<'_>, one: &Prepared) -> Vec<Finding> {
    if !one.changes_pods() {
        return Vec::new();
    }
    let inits = one.wanted["spec"]["template"]["spec"]["initContainers"].as_array().into_iter().flatten();
    let found = inits.filter(|container| container["restartPolicy"] != "Always" && migrates(container));
    let message = |name: &str| {
        let times = if one.size() == 1 { "once".to_owned() } else { format!("{} times, once a pod", one.size()) };
        format!("init container {} runs {times}, while {} has the traffic", printable(name), case.tracks.active)
    };
    let finding = |name: &str| case.warns(ids::INIT_MIGRATES, message(name)).mend("migrate first, and only expand");
    found.map(|container| finding(container["name"].as_str().unwrap_or_default())).collect()
}
