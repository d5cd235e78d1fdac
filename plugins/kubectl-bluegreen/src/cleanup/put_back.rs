//! Whether somebody else would bring a color up again as soon as it is down.

use release_core::checks::finding::Severity;
use release_core::checks::ids::{self, CheckId};
use release_core::traffic::selector::Color;

use super::seen::Seen;
use crate::checks::{controller, puts_size_back};

/// Who would, and the check that says so.
#[must_use]
pub fn put_back(seen: Seen<'_>, color: &Color) -> Option<(CheckId, String)> {
    let workloads = || color.workloads.iter();
    let owned = workloads().find_map(|w| {
        let owner = controller(&w.metadata)?;
        Some((ids::OWNED_BY_CONTROLLER, format!("{owner} owns {w} and would bring it up again: take it down there")))
    });
    owned.or_else(|| {
        let findings = workloads().flat_map(|w| puts_size_back(seen.view.name(), &seen.snapshot.namespace, w));
        let blocking = findings.filter(|finding| finding.severity == Severity::Blocks);
        blocking.map(|finding| (finding.id, finding.message)).next()
    })
}
