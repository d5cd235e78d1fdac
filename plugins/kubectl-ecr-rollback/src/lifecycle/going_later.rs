//! What is in use, stays now, and goes as soon as its age runs out.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::registry::lifecycle_policy::{Action, Later};

use super::outlook::Outlook;
use super::row::Row;
use super::usage::{Forced, Use};
use super::words::{image_name, images};

/// So many are named one by one.
const NAMED: usize = 10;

/// The images in use that go later, the next one first.
#[must_use]
pub fn all(outlook: &Outlook) -> Vec<(&Row, &Later)> {
    let mut all: Vec<(&Row, &Later)> = outlook.rows.iter().filter_map(|row| Some((row, row.goes_later()?))).collect();
    all.sort_by_key(|(_, later)| later.at);
    all
}

/// Those of them that stop a policy: soon, and not given up.
pub fn soon<'o>(outlook: &'o Outlook, forced: &Forced) -> impl Iterator<Item = &'o Row> {
    outlook.rows.iter().filter(|row| row.goes_soon() && forced.later_objection(&row.uses).is_some())
}

/// As findings.
#[must_use]
pub fn findings(outlook: &Outlook, forced: &Forced) -> Vec<Finding> {
    let all = all(outlook);
    let named = all.iter().take(NAMED).map(|(row, later)| finding(outlook, row, later, forced));
    let mut findings: Vec<Finding> = named.flatten().collect();
    if let Some(unnamed @ 1..) = all.len().checked_sub(NAMED) {
        let message = format!("and {} more", images(unnamed));
        let blocks = all.iter().skip(NAMED).any(|(row, _)| is_in_the_way(row, forced));
        findings.push(weighed(outlook, blocks, message).mend("-o json names them"));
    }
    findings
}

/// What is given up by the name of its user only warns; the name of this check is weighed with all others.
fn is_in_the_way(row: &Row, forced: &Forced) -> bool {
    row.goes_soon() && (forced.has(ids::GOES_LATER) || forced.later_objection(&row.uses).is_some())
}

fn weighed(outlook: &Outlook, blocks: bool, message: String) -> Finding {
    let about = &outlook.repository;
    if blocks {
        Finding::blocks(about, ids::GOES_LATER, message)
    } else {
        Finding::warns(about, ids::GOES_LATER, message)
    }
}

fn finding(outlook: &Outlook, row: &Row, later: &Later, forced: &Forced) -> Option<Finding> {
    let kept = forced.later_objection(&row.uses);
    let used = kept.or_else(|| Use::lasting(&row.uses).into_iter().next())?;
    let what = if later.action == Action::Archive { "is archived" } else { "expires" };
    let unless = if later.unless_pulled { ", unless it is pulled again" } else { "" };
    let when = format!("{} ({})", in_days(later), later.at.strftime("%F"));
    let name = image_name(&row.tags, &row.digest);
    let by = format!("by rule {}", later.rule);
    let message = format!("{name} {what} {by} {when}{unless}: {} ({})", used.who(), used.id());
    Some(weighed(outlook, is_in_the_way(row, forced), message))
}

/// `1 image in use goes later, in 13 days`; nothing where none does.
#[must_use]
pub fn in_words(outlook: &Outlook) -> Option<String> {
    let all = all(outlook);
    let (_, first) = all.first()?;
    Some(match all.len() {
        1 => format!("1 image in use goes later, {}", in_days(first)),
        several => format!("{several} images in use go later, the first {}", in_days(first)),
    })
}

fn in_days(later: &Later) -> String {
    match later.days {
        0 | 1 => "within a day".to_owned(),
        days => format!("in {days} days"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use release_core::checks::severity::Severity;
    use release_core::registry::lifecycle_policy::{Policy, parse};

    use super::*;
    use crate::lifecycle::samples::{outlook, releases, running};

    fn older_than(days: u32) -> Policy {
        let text = format!(
            r#"{{"rules":[{{"rulePriority":1,"selection":{{"tagStatus":"any","countType":"sinceImagePushed",
                "countUnit":"days","countNumber":{days}}},"action":{{"type":"expire"}}}}]}}"#
        );
        parse(&text).unwrap()
    }

    fn forced(ids: &[&str]) -> Forced {
        Forced::new(ids.iter().map(ToString::to_string).collect())
    }

    /// The newest release was pushed yesterday: a policy for old images would take it in the middle of the night.
    #[test]
    fn what_runs_and_goes_soon_stops_it_and_what_goes_in_a_year_is_said() {
        let weight = |days, ids: &[&str]| {
            let outlook = outlook(releases(), Some(('5', running())), &older_than(days));
            findings(&outlook, &forced(ids)).first().map(|finding| finding.severity)
        };
        assert_eq!(weight(8, &[]), Some(Severity::Blocks));
        assert_eq!(weight(30, &[]), Some(Severity::Blocks), "29 days are left");
        assert_eq!(weight(31, &[]), Some(Severity::Warns), "30 days are left");
        assert_eq!(weight(365, &[]), Some(Severity::Warns));
        assert_eq!(weight(8, &["running"]), Some(Severity::Warns), "given up");
        assert_eq!(weight(8, &["in-history"]), Some(Severity::Blocks));
    }

    /// Where a scanner pulls everything, no rule by age could ever be put in force.
    #[test]
    fn a_pull_says_nothing_of_what_is_needed_later() {
        let pulled = Use::Pulled { at: Timestamp::UNIX_EPOCH };
        let outlook = outlook(releases(), Some(('5', pulled)), &older_than(8));
        assert!(findings(&outlook, &forced(&[])).is_empty() && in_words(&outlook).is_none());
    }

    #[test]
    fn what_goes_soon_is_spared_by_raised_numbers() {
        let raised = |days| {
            let outlook = outlook(releases(), Some(('5', running())), &older_than(days));
            outlook.protection.map(|protection| protection.policy.rules[0].limit.number)
        };
        assert_eq!([raised(8), raised(30), raised(31)], [Some(31), Some(31), None]);
    }
}
