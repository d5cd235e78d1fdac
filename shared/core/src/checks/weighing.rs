//! How findings are weighed: what stops a change, and what was overridden by name.

use super::finding::{Finding, Severity};
use super::ids::CheckId;

/// What overrides and what hardens.
#[derive(Debug, Clone, Default)]
pub struct Weighing {
    /// Ids that `--force` overrides.
    pub force: Vec<String>,
    /// Checks that couldn't be made stop the change.
    pub strict: bool,
}

/// What of a change is beyond a person's choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// What blocks, blocks.
    Ordinary,
    /// For the middle of an outage: only what nothing overrides stops the change, and what stands
    /// unless it is overridden by name.
    Outage,
}

/// Weighs what checks found, the worst first. `accepted` are ids that an annotation overrides, unless the
/// person who runs it is strict; `absolute` is what nothing overrides.
pub fn weigh(
    findings: &mut [Finding],
    weighing: &Weighing,
    urgency: Urgency,
    accepted: &[String],
    absolute: Option<CheckId>,
) {
    for finding in findings.iter_mut() {
        if finding.severity == Severity::NotChecked && weighing.strict && urgency == Urgency::Ordinary {
            finding.severity = Severity::Blocks;
            finding.message = format!("not checked: {}", finding.message);
        }
        if finding.severity != Severity::Blocks || Some(finding.id) == absolute {
            continue;
        }
        if urgency == Urgency::Outage && !finding.stands {
            finding.severity = Severity::Warns;
        } else {
            // What guards against a forged record is not given up by an annotation beside it.
            let accepted = if weighing.strict || finding.stands { &[] } else { accepted };
            finding.overridden = weighing.force.iter().chain(accepted).any(|id| id == finding.id.as_str());
        }
    }
    findings.sort_by_key(|f| (f.severity, f.overridden));
}

/// The findings that stop the change.
pub fn blocking(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|f| f.severity == Severity::Blocks && !f.overridden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::ids;

    #[test]
    fn force_overrides_by_name_and_strict_blocks_what_was_not_checked() {
        let forced = |severity, force: &[&str], strict| {
            let mut findings = [Finding::new("api", ids::GITOPS, severity, "")];
            let force = force.iter().map(ToString::to_string).collect();
            weigh(&mut findings, &Weighing { force, strict }, Urgency::Ordinary, &[], None);
            blocking(&findings).count()
        };
        assert_eq!(forced(Severity::Blocks, &[], false), 1);
        assert_eq!(forced(Severity::Blocks, &["gitops"], false), 0);
        assert_eq!(forced(Severity::Blocks, &["paused"], false), 1);
        assert_eq!(forced(Severity::NotChecked, &[], false), 0);
        assert_eq!(forced(Severity::NotChecked, &[], true), 1);
        assert_eq!(forced(Severity::NotChecked, &["gitops"], true), 0);
    }

    #[test]
    fn what_stands_is_overridden_by_who_runs_it_and_by_no_annotation() {
        let accepted = ["changed-since".to_owned()];
        let blocks = |finding: Finding| {
            let mut findings = [finding];
            weigh(&mut findings, &Weighing::default(), Urgency::Ordinary, &accepted, None);
            blocking(&findings).count()
        };
        let finding = Finding::blocks("api", ids::CHANGED_SINCE, "");
        assert_eq!((blocks(finding.clone()), blocks(finding.standing())), (0, 1));
    }

    #[test]
    fn in_an_outage_only_what_stands_blocks_until_it_is_overridden_by_name() {
        let blocks = |finding: Finding, force: &[&str]| {
            let mut findings = [finding];
            let force = force.iter().map(ToString::to_string).collect();
            weigh(&mut findings, &Weighing { force, strict: false }, Urgency::Outage, &[], None);
            blocking(&findings).count()
        };
        let finding = Finding::blocks("api", ids::CHANGED_SINCE, "");
        assert_eq!(blocks(finding.clone(), &[]), 0);
        assert_eq!(blocks(finding.clone().standing(), &[]), 1);
        assert_eq!(blocks(finding.standing(), &["changed-since"]), 0);
    }
}
