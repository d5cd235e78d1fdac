//! Containers of the same repository that stay where they are.

use release_core::checks::finding::Finding;
use release_core::checks::ids;

use super::case::Case;
use crate::container_image::ContainerImage;
use crate::words::pinned_short;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let (inits, mains): (Vec<_>, Vec<_>) = case.selected.staying.iter().partition(|one| one.init);
    let told = |one: &&ContainerImage| format!("{one} stays at {}", pinned_short(&one.image));
    let inits = inits.iter().map(|one| {
        case.warns(ids::INIT_CONTAINER_STAYS, told(one)).mend("a migration mostly must; else --include-init-containers")
    });
    let mains = mains.iter().map(|one| {
        let names: Vec<&str> = case.selected.containers.iter().filter(|c| !c.init).map(|c| c.name.as_str()).collect();
        case.warns(ids::CONTAINER_STAYS, told(one)).mend(format!("-c {},{} moves both", names.join(","), one.name))
    });
    inits.chain(mains).collect()
}
