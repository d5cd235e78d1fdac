//! What is asked of the pods of a prepared color, and how a person reads it.

use k8s_openapi::api::core::v1::Service;
use release_core::failure::{Failure, Outcome};
use release_core::kube::Workload;
use release_core::release::pod_tests::{ForWorkload, PodTest, Stage, asked};
use release_core::text::printable;

use crate::options::deploy::DeployOptions;
use crate::prepared::Prepared;
use crate::snapshot::Snapshot;
use crate::tested::planned;

/// The document's tests, for each workload of the color as it is to be.
///
/// # Errors
/// Exit 1 where one of them can't be asked of anybody.
pub fn tests_for(
    options: &DeployOptions,
    service: &Service,
    (prepared, world): (&[Prepared], &Snapshot),
) -> Outcome<Vec<ForWorkload>> {
    let Some(tests) = &options.tests else { return Ok(Vec::new()) };
    let is_prepared = |workload: &&Workload| prepared.iter().any(|one| one.is(workload));
    let workloads: Vec<&Workload> = world.workloads.iter().map(AsRef::as_ref).filter(is_prepared).collect();
    let no_way = |why: String| Failure::failed("NotTestable", format!("{}; nothing was written", printable(&why)));
    asked(tests, service, &workloads).map_err(no_way)
}

/// Line by line; none where nothing is asked.
#[must_use]
pub fn tests_text(options: &DeployOptions, tests: &[ForWorkload]) -> Vec<String> {
    let Some(asked) = &options.tests else { return Vec::new() };
    let delay = asked.delay().as_secs();
    let after = if delay == 0 { String::new() } else { format!(", {delay} s after its start") };
    let stages = [
        (Stage::Health, "ask each for its health: ", after.as_str()),
        (Stage::Dependencies, "ask each for its dependencies: ", ""),
        (Stage::Smoke, "ask one the smoke tests: ", ""),
    ];
    let mut lines: Vec<String> = stages
        .into_iter()
        .filter_map(|(stage, what, after)| {
            let asked = distinct(tests.iter().flat_map(|one| &one.tests).filter(|test| test.stage == stage));
            (!asked.is_empty()).then(|| format!("  {what}{}{after}", asked.join(", ")))
        })
        .collect();
    lines.push(format!("  (by port-forward, all of it within {} s)", asked.within.as_secs()));
    lines
}

fn distinct<'t>(tests: impl Iterator<Item = &'t PodTest>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for text in tests.map(|test| printable(&planned(test))) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}
