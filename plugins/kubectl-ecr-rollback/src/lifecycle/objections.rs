//! What speaks against a policy, as findings.

use std::collections::{BTreeMap, BTreeSet};

use release_core::checks::finding::Finding;
use release_core::checks::ids::{self, CheckId};
use release_core::registry::lifecycle_policy::{Action, Taken, Verdict};
use release_core::text::printable;

use super::compare::Comparison;
use super::going_later;
use super::outlook::{InForce, Outlook};
use super::row::Row;
use super::usage::{self, Forced, Use};
use super::words::{image_name, images};

/// So many images with the same objection are named one by one.
const NAMED: usize = 10;

/// All objections to the policy of one repository, the blocking ones first. Of an image that goes
/// the gravest is named that `forced` does not override.
#[must_use]
pub fn objections(outlook: &Outlook, forced: &Forced) -> Vec<Finding> {
    let about = outlook.repository.as_str();
    let mut findings = threats(outlook, forced);
    findings.extend(going_later::findings(outlook, forced));
    findings.extend(policy_in_force(outlook));
    for remark in &outlook.remarks {
        findings.push(Finding::warns(about, remark.id, format!("rule {}: {}", remark.rule, remark.message)));
    }
    findings.extend(held_by_indexes(outlook));
    if let Some(why) = &outlook.children_unread {
        let message = format!("what indexes are made of could not be read ({why}); what goes may be a part of one");
        findings.push(Finding::blocks(about, ids::INDEXES, message).mend("allow ecr:BatchGetImage on the repository"));
    }
    findings.extend(unknown(outlook, forced));
    findings.extend(comparison(outlook));
    for (image, used) in outlook.missing.iter().take(NAMED) {
        let message = format!("{} is not in the repository: {} ({})", printable(image), used.who(), used.id());
        findings.push(Finding::warns(about, ids::NOT_IN_REPOSITORY, message));
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

/// Whoever overwrites what nobody here has understood, or seen, has to know that.
fn policy_in_force(outlook: &Outlook) -> Option<Finding> {
    let about = outlook.repository.as_str();
    match &outlook.in_force {
        InForce::Unreadable { problems, .. } => {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            let message = format!("the policy in force makes no sense here ({first}); it is shown as it is");
            Some(Finding::warns(about, ids::POLICY_UNREADABLE, message))
        }
        InForce::Unknown(why) => {
            let message = format!("the policy in force, which would be overwritten, can't be read ({why})");
            let finding = Finding::blocks(about, ids::POLICY_UNREADABLE, message);
            Some(finding.mend("allow ecr:GetLifecyclePolicy on the repository"))
        }
        InForce::None | InForce::Policy(_) => None,
    }
}

/// Who runs what nobody names may run any of those that go.
fn unknown(outlook: &Outlook, forced: &Forced) -> Vec<Finding> {
    let goes = |row: &Row| matches!(row.verdict, Verdict::Taken(_));
    if !outlook.rows.iter().any(goes) {
        return Vec::new();
    }
    let of = |(tag, used): &(String, Use)| {
        let message = format!(
            "{} runs an image by the tag {}, which was pushed again since it started, and its runtime names none",
            used.who(),
            printable(tag)
        );
        let finding = Finding::blocks(&outlook.repository, ids::RUNNING_UNKNOWN, message);
        let finding = finding.mend("restart it, so that it runs what its tag is on");
        Finding { overridden: forced.has(ids::RUNNING_UNKNOWN), ..finding }
    };
    outlook.unknown.iter().take(NAMED).map(of).collect()
}

/// What is in use and would go.
fn threats(outlook: &Outlook, forced: &Forced) -> Vec<Finding> {
    let mut by_id: BTreeMap<CheckId, Vec<(&Row, &Use)>> = BTreeMap::new();
    for row in outlook.threatened() {
        let overridden = || usage::objections(&row.uses).into_iter().next();
        if let Some(used) = forced.objection(&row.uses).or_else(overridden) {
            by_id.entry(used.id()).or_default().push((row, used));
        }
    }
    let mut findings = Vec::new();
    for (id, rows) in by_id {
        let named = rows.iter().take(NAMED);
        findings.extend(named.map(|(row, used)| {
            let message = format!("{}: {}", threat(row, outlook), user(row, used, forced));
            Finding { overridden: forced.has(id), ..Finding::blocks(&outlook.repository, id, message) }
        }));
        if let Some(unnamed @ 1..) = rows.len().checked_sub(NAMED) {
            let message = format!("and {unnamed} images more");
            let more = Finding::blocks(&outlook.repository, id, message).mend("-o json names them");
            findings.push(Finding { overridden: forced.has(id), ..more });
        }
    }
    findings
}

/// `1.0.0 expires`, `sha256-0123456789ab.sig, about 1.0.0, expires`
fn threat(row: &Row, outlook: &Outlook) -> String {
    let name = image_name(&row.tags, &row.digest);
    let what = match (&row.verdict, &row.theirs) {
        (Verdict::Taken(Taken { action: Action::Expire, .. }), _) => "expires",
        (Verdict::Taken(Taken { action: Action::Archive, .. }), _) => "is archived",
        (Verdict::Kept(_), Some(_)) => "goes by ECR's preview",
        (Verdict::Kept(_), None) => "may go, pushed together with one that goes",
    };
    let Some(subject) = &row.about else { return format!("{name} {what}") };
    let of_subject = outlook.rows.iter().find(|other| other.digest == *subject);
    let subject = image_name(of_subject.map(|row| row.tags.as_slice()).unwrap_or_default(), subject);
    format!("{name}, about {subject}, {what}")
}

/// Who uses it, how many others do, and which objections of theirs it would take besides.
fn user(row: &Row, used: &Use, forced: &Forced) -> String {
    let others = usage::objections(&row.uses).into_iter().filter(|other| *other != used);
    let ids: Vec<CheckId> = others.clone().map(Use::id).collect();
    let besides: BTreeSet<&str> =
        ids.iter().filter(|id| **id != used.id() && !forced.has(**id)).map(|id| id.as_str()).collect();
    let besides: Vec<&str> = besides.into_iter().collect();
    let besides = if besides.is_empty() { String::new() } else { format!(" ({})", besides.join(", ")) };
    let more = if ids.is_empty() { String::new() } else { format!(" and {} more{besides}", ids.len()) };
    format!("{}{more}", used.who())
}

/// ECR's documents promise that these stay; users report that they did not always.
fn held_by_indexes(outlook: &Outlook) -> Option<Finding> {
    let held = outlook.rows.iter().filter(|row| row.is_held_by_index()).count();
    let message = format!("{held} stay only because an image that stays is made of them");
    (held > 0).then(|| Finding::warns(&outlook.repository, ids::HELD_BY_INDEX, message))
}

fn comparison(outlook: &Outlook) -> Option<Finding> {
    match &outlook.comparison {
        Comparison::Same => None,
        Comparison::Differs(found) => {
            let message = format!("ECR's own preview differs for {}", images(found.len()));
            Some(Finding::warns(&outlook.repository, ids::ECR_DIFFERS, message).mend("-o wide shows which"))
        }
        Comparison::NotMade(why) => {
            Some(Finding::not_checked(&outlook.repository, ids::ECR_PREVIEW, "ECR's own preview", why))
        }
    }
}

#[cfg(test)]
mod tests;
