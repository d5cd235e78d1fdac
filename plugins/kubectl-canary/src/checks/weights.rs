//! Whether so many pods can have the shares that are asked for.

use std::collections::BTreeSet;

use release_core::checks::finding::{Finding, Severity};
use release_core::checks::ids;
use release_core::command::Scope;
use release_core::release::canary::pods::by_ratio::{by_ratio, reachable, reached};
use release_core::release::canary::run::State;

use crate::proposal::Proposal;

/// Off by more than this share of what is asked for is not that share.
const TOLERATED: f64 = 0.25;
/// Shares that so many pods can have are listed up to this number.
const LISTED: usize = 12;

pub fn check(proposal: &Proposal, _: &Scope) -> Vec<Finding> {
    let state = &proposal.record.state;
    let asked: BTreeSet<u32> = state.plan.weights().into_iter().map(|(_, weight)| weight).collect();
    let name = proposal.look.stable.workload.reference();
    asked.into_iter().filter_map(|weight| unreachable(&name, state, weight)).collect()
}

/// What so many pods make of a weight, where that is another share.
#[must_use]
pub fn unreachable(about: &str, state: &State, weight: u32) -> Option<Finding> {
    let pods = state.replicas;
    let sizes = by_ratio(pods, weight, false);
    let (asked, share) = (f64::from(weight), reached(sizes));
    let has_none = (sizes.canary == 0 && weight > 0) || (sizes.stable == 0 && weight < 100);
    let severity = if has_none || share > asked * (1.0 + TOLERATED) {
        Severity::Blocks
    } else if (share - asked).abs() >= 0.5 {
        Severity::Warns
    } else {
        return None;
    };
    let message = format!("{weight}% of {pods} pods is {} of them: {share:.1}%", sizes.canary);
    Some(Finding::new(about, ids::WEIGHT_UNREACHABLE, severity, message).mend(can_be(pods)))
}

fn can_be(pods: u32) -> String {
    let shares = reachable(pods, false);
    if shares.is_empty() {
        return "more pods, or a router that knows weights".to_owned();
    }
    let shown: Vec<String> = shares.iter().take(LISTED).map(|one| format!("{:.0}", one.share)).collect();
    let more = if shares.len() > LISTED { ", …" } else { "" };
    format!("{pods} pods can have {}{more}%", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever asks for 5% would try an untested version on a tenth or a half of everybody.
    #[test]
    fn shares_that_pods_can_have_are_named() {
        assert_eq!(can_be(4), "4 pods can have 25, 50, 75%");
        assert_eq!(can_be(1), "more pods, or a router that knows weights");
        assert!(can_be(100).ends_with(", …%"));
    }
}
