//! What the registry knows against the image to go to. That it exists and can be pulled is decided
//! before (`release_core::registry::push_history`): there is no plan to check without.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::push_history::Scan;
use release_core::registry::scan_gate::{self, Gate};

use super::case::Case;

pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let Some(target) = case.pushed.as_ref().and_then(|pushed| pushed.target) else { return Vec::new() };
    let unknown = if let Scan::Unknown { why, .. } = &target.scan { Some(unknown(case, why.as_deref())) } else { None };
    found(case, &target.scan).into_iter().chain(unknown).collect()
}

/// Unknown is not clean: it blocks under a gate, and under `--strict`.
fn unknown(case: &Case<'_>, why: Option<&str>) -> Finding {
    if case.gate == Gate::Off {
        return case.not_checked(ids::NOT_SCANNED, "scan findings", &scan_gate::scan_state(why));
    }
    let why = why.map(|why| format!(" ({})", scan_gate::scan_state(Some(why)))).unwrap_or_default();
    let finding = case.blocks(ids::NOT_SCANNED, format!("the image has no finished scan{why}"));
    finding.mend("scan it, or leave --max-severity out")
}

fn found(case: &Case<'_>, scan: &Scan) -> Option<Finding> {
    let message = format!("findings: {}", scan_gate::findings(scan));
    match (case.gate.refuses(scan.findings()), scan_gate::is_grave(scan.findings())) {
        (true, _) => {
            Some(case.blocks(ids::SCAN_FINDINGS, message).mend("another --to-tag, or a higher --max-severity"))
        }
        (false, true) => Some(case.warns(ids::SCAN_FINDINGS, message)),
        (false, false) => None,
    }
}
