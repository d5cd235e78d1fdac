//! A run: all metrics of one judging, from templates to a verdict.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::arguments::{Bound, Bounds, UNSEEN, masked};
use super::merged::Merged;
use super::named::{KEPT, dry, kept};
use super::overrides::{Override, set};
use super::provider::CanaryMetric;
use crate::analysis::metric::check_all;
use crate::analysis::template::{Arguments, Open, replace};
use crate::analysis::verdict::{Counts, Ending, Measurement, Phase, Rules, of_run};

/// A metric that is measured.
#[derive(Debug, Clone, PartialEq)]
pub struct RunMetric {
    pub metric: CanaryMetric,
    /// It decides nothing.
    pub is_dry: bool,
    /// So many measurements of it are kept.
    pub kept: usize,
}

/// The metrics of a judging. `secrets` has what was read of them; before that their values stay unseen.
///
/// # Errors
/// What is wrong with one, in words that name it.
pub fn metrics(
    merged: &Merged,
    bounds: &Bounds,
    secrets: &BTreeMap<String, String>,
    overrides: &[Override],
) -> Result<Vec<RunMetric>, String> {
    let value = |(name, bound): (&String, &Bound)| {
        let text = match bound {
            Bound::Value(text) => text.clone(),
            Bound::Secret(_) => secrets.get(name).cloned().unwrap_or_else(|| UNSEEN.to_owned()),
        };
        (name.clone(), text)
    };
    let values: Arguments = bounds.iter().map(value).collect();
    let mut written = merged.metrics.clone();
    for metric in &mut written {
        let name = metric["name"].as_str().unwrap_or_default().to_owned();
        replace(metric, &values, Open::Nothing).map_err(|why| format!("metric {name:?}: {why}"))?;
    }
    set(&mut written, overrides)?;
    let unseen: Vec<String> = secrets.values().cloned().collect();
    // The words of a reader have the value that it didn't understand.
    let hidden = |why: String| masked(&why, &unseen);
    let read: Vec<CanaryMetric> = written.into_iter().map(read).collect::<Result<_, _>>().map_err(hidden)?;
    check_all(&read).map_err(hidden)?;
    let names: Vec<&str> = read.iter().map(|metric| metric.name.as_str()).collect();
    let (dry, kept) = (dry(&merged.dry_run, &names)?, kept(&merged.measurement_retention, &names)?);
    Ok(read.iter().map(|metric| of_run_metric(metric, &dry, &kept)).collect())
}

fn of_run_metric(metric: &CanaryMetric, dry: &BTreeSet<String>, kept: &BTreeMap<String, usize>) -> RunMetric {
    RunMetric {
        metric: metric.clone(),
        is_dry: dry.contains(&metric.name),
        kept: kept.get(&metric.name).copied().unwrap_or(KEPT),
    }
}

fn read(metric: Value) -> Result<CanaryMetric, String> {
    let name = metric["name"].as_str().unwrap_or_default().to_owned();
    serde_json::from_value(metric).map_err(|error| format!("metric {name:?}: {error}"))
}

/// How a metric of a run stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'m> {
    pub rules: &'m Rules,
    pub measurements: &'m [Measurement],
    pub is_dry: bool,
}

/// The verdict of a run, and of each of its metrics: one that ended badly ends the others (`assessRunStatus` of Argo's
/// `analysis/analysis.go`), unless it decides nothing.
#[must_use]
pub fn verdict(all: &[Standing<'_>], ending: Ending) -> (Phase, Vec<Phase>) {
    let phase = |one: &Standing<'_>, ending| one.rules.phase(one.measurements, ending);
    let is_bad = |phase: Phase| matches!(phase, Phase::Failed | Phase::Error | Phase::Inconclusive);
    let has_decided = all.iter().any(|one| !one.is_dry && is_bad(phase(one, Ending::Open)));
    let ending = if has_decided { Ending::Terminated } else { ending };
    let phases: Vec<Phase> = all.iter().map(|one| phase(one, ending)).collect();
    // One that decides nothing is waited for, too.
    let weigh = |(one, phase): (&Standing<'_>, &Phase)| match (one.is_dry, phase.is_final()) {
        (true, true) => Phase::Successful,
        _ => *phase,
    };
    let weighed: Vec<Phase> = all.iter().zip(&phases).map(weigh).collect();
    (of_run(&weighed), phases)
}

/// How a metric stands in its step. One that has an interval and no count, which Argo rejects there, is done once one
/// more than its failures are tolerated was measured; it goes on in the background, and failures add up.
#[must_use]
pub fn in_its_step(rules: &Rules, measurements: &[Measurement]) -> Phase {
    let phase = rules.phase(measurements, Ending::Open);
    let Some(enough) = measured_in_its_step(rules) else { return phase };
    let counts = Counts::of(measurements);
    match phase {
        Phase::Running if counts.counted() < enough => Phase::Running,
        // Nothing passes that was never good.
        Phase::Running if counts.successful == 0 => Phase::Inconclusive,
        Phase::Running => Phase::Successful,
        ended => ended,
    }
}

/// How many measurements a metric without an end takes in its step; nothing where it has one.
#[must_use]
pub fn measured_in_its_step(rules: &Rules) -> Option<u32> {
    let is_endless = rules.count.is_none() && rules.consecutive_success_limit == 0;
    is_endless.then(|| rules.failure_limit.unwrap_or_default().saturating_add(1))
}
