//! Metrics by a regular expression over their names: which decide nothing, and how many measurements are kept of each
//! (`GetDryRunMetrics`, `GetMeasurementRetentionMetrics` of Argo's `utils/analysis/helpers.go`).

use std::collections::{BTreeMap, BTreeSet};

use regex_lite::Regex;

use crate::release::canary::judging::{DryRun, Retention};

/// Kept where no rule says more.
pub const KEPT: usize = 10;
/// Nobody writes longer ones.
const LONGEST: usize = 200;

/// The names of metrics that decide nothing.
///
/// # Errors
/// Where a rule is for no metric: somebody thinks that it is.
pub fn dry(rules: &[DryRun], names: &[&str]) -> Result<BTreeSet<String>, String> {
    let mut dry = BTreeSet::new();
    for (at, rule) in rules.iter().enumerate() {
        dry.extend(found("dryRun", at, &rule.metric_name, names)?.map(str::to_owned));
    }
    Ok(dry)
}

/// How many measurements are kept, by the metrics' names; [`KEPT`] of all others. Of two rules the later one counts.
///
/// # Errors
/// As [`dry`].
pub fn kept(rules: &[Retention], names: &[&str]) -> Result<BTreeMap<String, usize>, String> {
    let mut kept = BTreeMap::new();
    for (at, rule) in rules.iter().enumerate() {
        let limit = usize::try_from(rule.limit).ok().filter(|limit| *limit > 0).unwrap_or(KEPT);
        for name in found("measurementRetention", at, &rule.metric_name, names)? {
            kept.insert(name.to_owned(), limit);
        }
    }
    Ok(kept)
}

/// Every name in which the expression is found, anywhere: it has no anchors of its own.
fn found<'n>(field: &str, at: usize, rule: &str, names: &[&'n str]) -> Result<impl Iterator<Item = &'n str>, String> {
    let place = format!("{field}[{at}].metricName {rule:?}");
    if rule.len() > LONGEST {
        return Err(format!("{field}[{at}].metricName has at most {LONGEST} characters"));
    }
    // To Argo what is no expression matches nothing, a bare `*` above all.
    let expression = Regex::new(rule).map_err(|_| format!("{place} is no regular expression; `.*` is for all"))?;
    let found: Vec<&str> = names.iter().copied().filter(|name| expression.is_match(name)).collect();
    if found.is_empty() { Err(format!("{place} is for none of the metrics")) } else { Ok(found.into_iter()) }
}
