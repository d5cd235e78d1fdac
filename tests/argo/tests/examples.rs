//! Argo's own published Rollouts and templates, read where Go keeps its module.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use argo_oracle::oracle::oracle;
use release_core::analysis::argo::arguments::bound;
use release_core::analysis::argo::merged::merged;
use release_core::analysis::argo::run::metrics;
use release_core::analysis::argo::template::ArgoTemplate;
use release_core::release::argo_rollout::{Rollout, Unread, is_rollout};
use release_core::release::canary::judging::Judging;
use serde_json::Value;

fn files(folder: &Path, into: &mut Vec<PathBuf>) -> Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            // Templates of Helm are no YAML.
            if !path.ends_with("helm-blue-green") {
                files(&path, into)?;
            }
        } else if path.extension().is_some_and(|kind| kind == "yaml") {
            into.push(path);
        }
    }
    Ok(())
}

/// What is not done of an example is said by the path of its field.
fn outcome(rollout: &Rollout) -> String {
    match rollout.canary_release(false) {
        Ok(_) => "read".to_owned(),
        Err(Unread::NotHonoured(problems)) => problems
            .iter()
            .map(|one| one.path.trim_start_matches("spec.strategy.").to_owned())
            .collect::<Vec<_>>()
            .join(" "),
        Err(Unread::Invalid(problems)) => format!("invalid: {problems:?}"),
    }
}

/// Its metrics can be measured, whatever its arguments are given: times, or numbers.
fn measured(template: &ArgoTemplate) -> Result<(), String> {
    let judging = Judging { templates: vec![template.reference()], ..Judging::default() };
    let merged = merged(&judging, std::slice::from_ref(template)).map_err(|why| format!("{why:?}"))?;
    let with = |value: &str| {
        let given: Vec<(String, String)> = merged
            .args
            .iter()
            .filter(|one| one.value.is_none())
            .map(|one| (one.name.clone(), value.to_owned()))
            .collect();
        let bounds = bound(&merged.args, &given, &BTreeMap::new())?;
        metrics(&merged, &bounds, &BTreeMap::new(), &[]).map(drop)
    };
    match with("5s").or_else(|_| with("5")) {
        // Other providers are refused by their names.
        Err(why) if why.contains("is not asked here") => Ok(()),
        said => said,
    }
}

#[test]
fn all_published_rollouts_are_read_or_refused_by_name() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let examples = oracle.sources()?.join("examples");
    let mut all = Vec::new();
    files(&examples, &mut all)?;
    let (mut seen, mut questions, mut templates) = (Vec::new(), Vec::new(), 0);
    for path in &all {
        let name = path.strip_prefix(&examples)?.display().to_string();
        let text = fs::read_to_string(path)?;
        for document in text.split("\n---") {
            // One of them has braces of an argument where YAML has its own.
            if document.contains(": {{args.") {
                continue;
            }
            let object: Value = serde_saphyr::from_str(document).with_context(|| name.clone())?;
            if is_rollout(&object) {
                let rollout = serde_json::from_value(object.clone()).with_context(|| name.clone())?;
                seen.push((name.clone(), outcome(&rollout)));
                questions.push(object);
            } else if object["kind"].as_str().is_some_and(|kind| kind.ends_with("AnalysisTemplate")) {
                let template: ArgoTemplate = serde_json::from_value(object).with_context(|| name.clone())?;
                measured(&template).map_err(|why| anyhow::anyhow!("{name}: {why}"))?;
                templates += 1;
            }
        }
    }
    assert!(seen.len() > 20 && templates > 5, "{} Rollouts, {templates} templates", seen.len());
    for ((name, outcome), problems) in seen.iter().zip(oracle.ask("rollouts", &questions)?) {
        let problems = problems.as_array().context("no list")?.clone();
        let is_refused = ["blueGreen", "experiment", "trafficRouting.", "pingPong", "stableMetadata"];
        // A step of it says two things, and its router isn't one of ours.
        let is_apisix = name.starts_with("apisix/") && outcome.contains("steps[0]");
        let is_known = is_apisix || outcome == "read" || is_refused.iter().any(|word| outcome.contains(word));
        assert!(is_known, "{name}: {outcome} (in Argo: {problems:?})");
    }
    Ok(())
}

/// Whatever Argo refuses of a canary, we do, too: at the same field.
#[test]
fn what_argo_refuses_is_refused() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let template = serde_json::json!({"metadata": {"labels": {"a": "b"}},
        "spec": {"containers": [{"name": "app", "image": "r.io/a:1"}]}});
    let routed = |routing: Value, step: Value| serde_json::json!({"canaryService": "a", "stableService": "b", "trafficRouting": routing, "steps": [step]});
    let istio = serde_json::json!({"istio": {"virtualService": {"name": "v"}}, "managedRoutes": [{"name": "m"}]});
    let alb = serde_json::json!({"alb": {"ingress": "i", "servicePort": 80}, "managedRoutes": [{"name": "m"}]});
    let header = |name: &str, value: Value| serde_json::json!({"setHeaderRoute": {"name": name, "match": [{"headerName": "x", "headerValue": value}]}});
    let exact = serde_json::json!({"exact": "1"});
    let all = [
        serde_json::json!({"steps": [{"setWeight": 5}, {"pause": {}}]}),
        serde_json::json!({"maxSurge": 0, "maxUnavailable": 0}),
        serde_json::json!({"canaryService": "a", "stableService": "a"}),
        serde_json::json!({"scaleDownDelaySeconds": 30}),
        serde_json::json!({"dynamicStableScale": true}),
        serde_json::json!({"steps": [{"setWeight": 101}]}),
        serde_json::json!({"steps": [{"setWeight": 100}, {"setWeight": 0}]}),
        serde_json::json!({"antiAffinity": {}}),
        serde_json::json!({"stableService": "b", "trafficRouting": alb}),
        routed(istio.clone(), header("other", exact.clone())),
        routed(istio.clone(), header("m", exact.clone())),
        routed(alb.clone(), header("m", serde_json::json!({"prefix": "1"}))),
        routed(alb, serde_json::json!({"setMirrorRoute": {"name": "m"}})),
        routed(istio, serde_json::json!({"setMirrorRoute": {"name": "m", "percentage": 20}})),
        serde_json::json!({"steps": [{"setCanaryScale": {"weight": 5}}]}),
    ];
    let whole = |canary: &Value| {
        serde_json::json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "a"}, "spec": {
            "selector": {"matchLabels": {"a": "b"}}, "template": template, "strategy": {"canary": canary}}})
    };
    let questions: Vec<Value> = all.iter().map(whole).collect();
    for (question, theirs) in questions.iter().zip(oracle.ask("rollouts", &questions)?) {
        let refused = theirs
            .as_array()
            .context("no list")?
            .iter()
            .any(|field| field.as_str().is_some_and(|field| field.starts_with("spec.strategy")));
        let rollout: Rollout = serde_json::from_value(question.clone())?;
        let ours = rollout.canary_release(false);
        assert_eq!(ours.is_err(), refused, "{question}: {ours:?}, in Argo {theirs}");
    }
    Ok(())
}
