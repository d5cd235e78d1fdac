//! How alike both colors are, and what they share.

use release_core::checks::finding::Finding;
use release_core::checks::ids;
use release_core::text::{and_more, one_line, printable};
use release_core::workload::twin::{claims_of, of_one_color};

use super::case::DeployCase;
use crate::prepared::Prepared;

/// Differences that are told.
const TOLD: usize = 5;

pub fn check(case: &DeployCase<'_>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = case.prepared.iter().flat_map(|one| differences(case, one)).collect();
    findings.extend(new_color(case));
    findings.extend(case.prepared.iter().filter_map(|one| called_after(case, one)));
    for one in case.prepared.iter().filter(|one| one.idle.is_none()) {
        findings.extend(overlapping(case, one));
        findings.extend(shared_claims(case, one));
    }
    findings
}

/// What a copy shares with what it was made from.
pub fn of_a_copy(case: &DeployCase<'_>) -> Vec<Finding> {
    let copies = case.prepared.iter().filter(|one| one.idle.is_none());
    copies.flat_map(|one| overlapping(case, one).into_iter().chain(shared_claims(case, one))).collect()
}

/// What was tried on one color isn't what the other one runs with.
fn differences(case: &DeployCase<'_>, one: &Prepared) -> Vec<Finding> {
    let told = one.differences.iter().take(TOLD).map(|difference| format!("{}: {difference}", one.reference()));
    let more = and_more(one.differences.len(), TOLD);
    let mut findings: Vec<Finding> = told.map(|text| case.warns(ids::COLORS_DIFFER, one_line(&text))).collect();
    if let Some(last) = findings.last_mut() {
        last.message.push_str(&more);
        if !one.is_synced {
            last.mend = Some("--sync copies the rest, and keeps its environment".into());
        }
    }
    findings
}

/// A slip in `--to` makes one.
fn new_color(case: &DeployCase<'_>) -> Option<Finding> {
    let others: Vec<&str> = case.tracks.others().filter(|c| c.is_run()).map(|c| c.name.as_str()).collect();
    let is_new = case.idle().is_none_or(|idle| !idle.is_run()) && !others.is_empty();
    let message = || format!("{} is a new color beside {}", printable(case.color), others.join(", "));
    is_new.then(|| case.warns(ids::NEW_COLOR, message()))
}

/// It is copied as it is: whose settings the copy is to have, nobody here knows.
fn called_after(case: &DeployCase<'_>, one: &Prepared) -> Option<Finding> {
    if one.idle.is_some() && !one.is_synced {
        return None;
    }
    let named = of_one_color(&one.wanted, &case.tracks.active);
    let message =
        || format!("{} will use what is called after {}: {}", one.reference(), case.tracks.active, named.join(", "));
    (!named.is_empty())
        .then(|| case.warns(ids::NAMED_AFTER_COLOR, one_line(&message())).mend("change it once the color is there"))
}

/// The active color's workload selects by labels that the other color's pods have, too.
fn overlapping(case: &DeployCase<'_>, one: &Prepared) -> Option<Finding> {
    let like = one.like.as_ref()?;
    let asks = like["spec"]["selector"]["matchLabels"].get(&case.tracks.key).is_some();
    let expressions = like["spec"]["selector"]["matchExpressions"].as_array();
    let excludes = expressions.into_iter().flatten().any(|expression| expression["key"] == case.tracks.key);
    let message =
        || format!("the selector of {} doesn't ask for {}", one.like_reference().unwrap_or_default(), case.tracks.key);
    let finding = || case.warns(ids::SELECTOR_OVERLAPS, message()).mend("make it anew with the label in its selector");
    (!asks && !excludes).then(finding)
}

/// A claim that one node may mount keeps the other color's pods from starting.
fn shared_claims(case: &DeployCase<'_>, one: &Prepared) -> Option<Finding> {
    let claims = claims_of(&one.wanted);
    let message = || format!("both colors mount persistentvolumeclaim/{}", claims.join(", persistentvolumeclaim/"));
    (!claims.is_empty()).then(|| case.warns(ids::SHARED_CLAIM, one_line(&message())).mend("it has to be ReadWriteMany"))
}
