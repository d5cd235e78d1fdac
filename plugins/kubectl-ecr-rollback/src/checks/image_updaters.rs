//! Whether a tool that follows the registry would put a newer image back.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::checks::image_updater::{Updater, updaters};
use release_core::text::printable;

use super::case::Case;
use release_core::workload::container_image::ContainerImage;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let is_about = |path: &str| case.change.containers.iter().any(|one| is_of(path, one));
    let workload = (case.workload().reference(), &case.workload().metadata);
    let owners = case.snapshot.owners.iter().map(|owner| (owner.name.clone(), &owner.metadata));
    let told = std::iter::once(workload).chain(owners).flat_map(|(name, metadata)| {
        updaters(metadata, is_about).into_iter().map(move |updater| (name.clone(), updater))
    });
    told.map(|(name, Updater { tool, by, stop })| {
        let message = format!("{tool} updates {} and may put a newer image back ({by})", printable(&name));
        case.blocks(ids::IMAGE_UPDATER, message).mend(format!("{stop}; then --force={}", ids::IMAGE_UPDATER))
    })
    .collect()
}

/// A trigger names its container by name or by place
/// (`spec.template.spec.containers[?(@.name=="api")].image`).
fn is_of(path: &str, one: &ContainerImage) -> bool {
    let list = if one.init { "initContainers" } else { "containers" };
    let places = [format!("\"{}\"", one.name), format!("'{}'", one.name), one.index.to_string()];
    path.contains(&format!(".{list}[")) && places.iter().any(|place| path.contains(place.as_str()))
}
