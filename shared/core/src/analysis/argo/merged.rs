//! Several templates as one: those of the namespace first, then the cluster's; nested ones depth first, each once
//! (`getAnalysisTemplatesFromRefs` of Argo's `rollout/analysis.go`, `FlattenTemplates` of `utils/analysis/helpers.go`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::arguments::{Declared, merged_arguments};
use super::template::ArgoTemplate;
use crate::release::canary::judging::{DryRun, Judging, Retention, TemplateRef};

/// So deep may templates name others: deeper nobody meant it.
const DEEPEST: usize = 20;
/// So many are one analysis, at most.
const MOST: usize = 200;

/// What several templates and who asks for them say together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Merged {
    pub args: Vec<Declared>,
    pub metrics: Vec<Value>,
    pub dry_run: Vec<DryRun>,
    pub measurement_retention: Vec<Retention>,
}

/// Why they are no analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unmerged {
    /// It has to be read first.
    Missing(TemplateRef),
    /// In words.
    Wrong(String),
}

/// Of all that this judging names, from those that were read.
///
/// # Errors
/// Where one is missing, they name each other in a circle, or say different things of one name.
pub fn merged(judging: &Judging, read: &[ArgoTemplate]) -> Result<Merged, Unmerged> {
    let mut found = Found { read, all: Vec::new(), path: Vec::new() };
    for reference in &judging.templates {
        found.add(reference)?;
    }
    let Found { mut all, .. } = found;
    // The order among each kind stays.
    all.sort_by_key(|template| template.reference().cluster_scope);
    let wrong = Unmerged::Wrong;
    let args = merged_arguments(all.iter().flat_map(|template| &template.spec.args)).map_err(wrong)?;
    let metrics: Vec<Value> = all.iter().flat_map(|template| template.spec.metrics.clone()).collect();
    no_name_twice(metrics.iter().filter_map(|metric| metric["name"].as_str()), "metric").map_err(wrong)?;
    let own = |rules: &[DryRun]| rules.to_vec();
    let mut dry_run = own(&judging.dry_run);
    dry_run.extend(all.iter().flat_map(|template| own(&template.spec.dry_run)));
    no_name_twice(dry_run.iter().map(|rule| rule.metric_name.as_str()), "dryRun rule").map_err(wrong)?;
    let mut retention = judging.measurement_retention.clone();
    retention.extend(all.iter().flat_map(|template| template.spec.measurement_retention.clone()));
    let names = retention.iter().map(|rule| rule.metric_name.as_str());
    no_name_twice(names, "measurementRetention rule").map_err(wrong)?;
    Ok(Merged { args, metrics, dry_run, measurement_retention: retention })
}

/// Templates on the way.
struct Found<'t> {
    read: &'t [ArgoTemplate],
    all: Vec<&'t ArgoTemplate>,
    /// Those that name the next one: Argo follows them for ever.
    path: Vec<TemplateRef>,
}

impl Found<'_> {
    fn add(&mut self, reference: &TemplateRef) -> Result<(), Unmerged> {
        if self.path.contains(reference) {
            let names: Vec<String> = self.path.iter().chain([reference]).map(TemplateRef::told).collect();
            return Err(Unmerged::Wrong(format!("templates name each other in a circle: {}", names.join(", "))));
        }
        if self.all.iter().any(|template| template.reference() == *reference) {
            return Ok(());
        }
        let template = self.read.iter().find(|template| template.reference() == *reference);
        let template = template.ok_or_else(|| Unmerged::Missing(reference.clone()))?;
        if self.path.len() >= DEEPEST || self.all.len() >= MOST {
            return Err(Unmerged::Wrong(format!("more than {DEEPEST} templates in each other, or {MOST} of them")));
        }
        // The one that names others comes before them.
        self.all.push(template);
        self.path.push(reference.clone());
        for nested in &template.spec.templates {
            self.add(nested)?;
        }
        self.path.pop();
        Ok(())
    }
}

fn no_name_twice<'n>(names: impl Iterator<Item = &'n str>, what: &str) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut names = names;
    match names.find(|name| !seen.insert(*name)) {
        Some(twice) => Err(format!("there are two of the {what} {twice:?}")),
        None => Ok(()),
    }
}
