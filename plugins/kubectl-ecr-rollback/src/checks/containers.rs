//! Containers of the same repository that stay where they are.

use super::{Case, Finding};
use crate::plan::pinned_short;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let (inits, mains): (Vec<_>, Vec<_>) = case.selected.staying.iter().partition(|place| place.init);
    let told = |place: &&crate::placement::Place| format!("{place} stays at {}", pinned_short(&place.image));
    let inits = inits.iter().map(|place| {
        case.warns("init-container-stays", told(place)).fix("a migration mostly must; else --include-init-containers")
    });
    let mains = mains.iter().map(|place| {
        let names: Vec<&str> = case.selected.places.iter().filter(|p| !p.init).map(|p| p.name.as_str()).collect();
        case.warns("container-stays", told(place)).fix(format!("-c {},{} moves both", names.join(","), place.name))
    });
    inits.chain(mains).collect()
}
