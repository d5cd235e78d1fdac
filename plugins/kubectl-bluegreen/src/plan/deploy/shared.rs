//! Workloads that several Services of one release have in common.

use release_core::failure::{Failure, Outcome};
use release_core::release::change::Change;

use super::preparation::Preparation;

/// What two of them would write alike is written once, by the first of them.
///
/// # Errors
/// Exit 1 where they would make something else of the same object.
pub fn written_once(parts: &mut [Preparation]) -> Outcome<()> {
    for index in 1..parts.len() {
        let (before, rest) = parts.split_at_mut(index);
        let Some(part) = rest.first_mut() else { continue };
        if let Some((other, object)) = differing(before, part) {
            let text = format!(
                "{object} is of service/{other} and of service/{}, whose documents ask for different things",
                part.service
            );
            return Err(Failure::failed("Contradiction", text).next("say the same in both; nothing was written"));
        }
        let is_written = |change: &Change| before.iter().any(|one| one.writes.contains(change));
        part.writes.retain(|change| !is_written(change));
    }
    Ok(())
}

/// A workload that another part makes something else of, and whose that is.
fn differing(before: &[Preparation], part: &Preparation) -> Option<(String, String)> {
    before.iter().find_map(|other| {
        let differs = part.prepared.iter().find(|one| {
            other.prepared.iter().any(|theirs| theirs.reference() == one.reference() && theirs.wanted != one.wanted)
        });
        differs.map(|one| (other.service.clone(), one.reference()))
    })
}
