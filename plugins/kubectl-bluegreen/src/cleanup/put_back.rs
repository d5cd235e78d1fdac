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
    owned.or_else(|| scaled_by_others(seen, color)).or_else(|| {
        let findings = workloads().flat_map(|w| puts_size_back(seen.view.name(), &seen.snapshot.namespace, w));
        let blocking = findings.filter(|finding| finding.severity == Severity::Blocks);
        blocking.map(|finding| (finding.id, finding.message)).next()
    })
}

/// An autoscaler that something else makes (KEDA's ScaledObject) has a floor that is not the autoscaler's own: by itself
/// one leaves a workload of size 0 alone.
fn scaled_by_others(seen: Seen<'_>, color: &Color) -> Option<(CheckId, String)> {
    let all = || seen.snapshot.autoscalers.iter().flatten();
    color.workloads.iter().find_map(|w| {
        let owners = all().filter(|hpa| w.is_scaled_by(hpa)).find_map(|hpa| controller(&hpa.metadata));
        let owner = owners?;
        Some((ids::OWNED_BY_CONTROLLER, format!("{owner} scales {w} and would bring it up again: take it down there")))
    })
}
