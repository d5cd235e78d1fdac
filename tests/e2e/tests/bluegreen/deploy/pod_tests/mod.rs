//! Health checks, dependency checks and smoke tests of a deploy, asked of real pods through the API server.

mod again;
mod answers;
mod found_elsewhere;
mod meanwhile;
mod refused;
mod stages;

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use e2e::bluegreen::app::{active, api, color, rolled_out};
use e2e::bluegreen::run::bluegreen;
use e2e::bluegreen::written::versions;
use e2e::common::run::Ended;
use lab::Namespace;
use lab::fixtures::{Answer, Behavior, Workload};
use serde_json::Value;

use super::document::File;

/// A release of `api:1.6.0`, without tests.
const RELEASE: &str = "
apiVersion: deploy.example.com/v1
kind: BlueGreenDeployment
metadata: {name: api}
spec:
  images: {app: 'registry.example.com/api:1.6.0'}
  verify: {for: 0s}
";

/// The same with these fields of `spec` besides.
fn release(name: &str, tests: &str) -> Result<File> {
    let fields = tests.lines().map(|line| format!("  {line}\n"));
    File::new(name, RELEASE.trim_start().to_owned() + &fields.collect::<String>())
}

/// `api` on blue, and so many pods of a green that answers these paths so.
async fn with_answers(ns: &Namespace, replicas: u32, answers: &[(&str, Answer)]) -> Result<()> {
    with_green(ns, color("green", replicas, Behavior::Ready).answers(answers)).await
}

/// `api` on blue, and this green.
async fn with_green(ns: &Namespace, green: Workload) -> Result<()> {
    rolled_out(ns, &api().color(color("blue", 1, Behavior::Ready)).color(green)).await
}

/// A deploy that goes through, and its document.
async fn passes(ns: &Namespace, file: &File) -> Result<Value> {
    let document = bluegreen(ns, &file.words("--yes -ojson")).await?.ends(0)?.json()?;
    ensure!(tests(&document)?.values().all(|(passed, _)| *passed), "{document:#}");
    assert_eq!(active(ns, "api").await?, "green");
    Ok(document)
}

/// A deploy that tests stop: the Service is as it was, and its document tells why.
async fn fails(ns: &Namespace, file: &File, about: &[&str]) -> Result<Value> {
    let before = versions(ns).await?.remove("service/api");
    let document = bluegreen(ns, &file.words("--yes -ojson")).await?.ends(1)?.json()?;
    assert_eq!(document["reason"], "TestsFailed", "{document:#}");
    let message = document["message"].as_str().context("no message")?;
    ensure!(message.contains("no Service was switched"), "{message}");
    for about in about {
        ensure!(message.contains(about), "nothing about {about}: {message}");
    }
    assert_eq!((active(ns, "api").await?.as_str(), versions(ns).await?.remove("service/api")), ("blue", before));
    Ok(document)
}

/// Whether each test of each pod has passed, and why not: by `STAGE NAME POD`.
fn tests(document: &Value) -> Result<BTreeMap<String, (bool, String)>> {
    let all = document["tests"].as_array().with_context(|| format!("no tests: {document:#}"))?;
    let word = |test: &Value, name: &str| test[name].as_str().unwrap_or_default().to_owned();
    let key = |test: &Value| format!("{} {} {}", word(test, "stage"), word(test, "name"), word(test, "pod"));
    Ok(all.iter().map(|test| (key(test), (test["passed"] == true, word(test, "why")))).collect())
}

/// The same of a stage's test alone, whichever the pod.
fn results<'d>(document: &'d Value, stage: &str, name: &str) -> Vec<&'d Value> {
    let all = document["tests"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().filter(|test| test["stage"] == stage && test["name"] == name).collect()
}
