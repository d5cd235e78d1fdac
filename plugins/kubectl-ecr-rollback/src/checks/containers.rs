//! Containers of the same repository that stay where they are.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;
use crate::words::pinned_short;
use release_core::workload::container_image::ContainerImage;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    case.selected.staying.iter().map(|one| told(case, one)).collect()
}

fn told(case: &Case<'_>, one: &ContainerImage) -> Finding {
    let message = format!("{one} stays at {}", pinned_short(&one.image));
    if one.runs_before() {
        let finding = case.warns(ids::INIT_CONTAINER_STAYS, message);
        let moves = if one.image == case.selected.image() { "; else --include-init-containers" } else { "" };
        return finding.mend(format!("a migration mostly must{moves}"));
    }
    let finding = case.warns(ids::CONTAINER_STAYS, message);
    // Only what has one image goes back together.
    if one.image != case.selected.image() {
        return finding.mend(format!("it has an image of its own: -c {} rolls it back by itself", one.name));
    }
    let chosen = &case.selected.containers;
    let names: Vec<&str> = chosen.iter().chain([one]).map(|c| c.name.as_str()).collect();
    let init = if chosen.iter().any(ContainerImage::runs_before) { " --include-init-containers" } else { "" };
    let together = if names.len() > 2 { "them together" } else { "both" };
    finding.mend(format!("-c {}{init} moves {together}", names.join(",")))
}
