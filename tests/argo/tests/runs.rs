//! Verdicts over sequences of measurements: Argo's own controller, with a Prometheus that answers what is written here.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use argo_oracle::oracle::oracle;
use argo_oracle::seed::Seed;
use jiff::Timestamp;
use release_core::analysis::argo::provider::CanaryMetric;
use release_core::analysis::argo::run::{Standing, verdict};
use release_core::analysis::expression::{Answer, Condition};
use release_core::analysis::verdict::{Ending, Measurement, Phase, Rules, judge};
use serde_json::{Value, json};

/// How many runs.
const RUNS: usize = 300;

/// One metric with what it is answered.
struct Asked {
    name: String,
    metric: Value,
    answers: Vec<Reply>,
    is_dry: bool,
}

/// What Prometheus says.
#[derive(Debug, Clone)]
enum Reply {
    Vector(Vec<&'static str>),
    Scalar(&'static str),
    Text,
    Broken,
}

impl Reply {
    fn body(&self) -> String {
        match self {
            Self::Vector(numbers) => {
                let samples: Vec<Value> = numbers.iter().map(|n| json!({"metric": {}, "value": [1, n]})).collect();
                json!({"resultType": "vector", "result": samples}).to_string()
            }
            Self::Scalar(number) => json!({"resultType": "scalar", "result": [1, number]}).to_string(),
            Self::Text => json!({"resultType": "string", "result": [1, "x"]}).to_string(),
            Self::Broken => String::new(),
        }
    }

    fn answer(&self) -> Option<Answer> {
        let number = |text: &&str| text.parse::<f64>().unwrap_or(f64::NAN);
        match self {
            Self::Vector(numbers) => Some(Answer::Vector(numbers.iter().map(number).collect())),
            Self::Scalar(text) => Some(Answer::Scalar(number(text))),
            Self::Text | Self::Broken => None,
        }
    }
}

fn replies() -> Vec<Reply> {
    let vector = |numbers: &[&'static str]| Reply::Vector(numbers.to_vec());
    vec![
        vector(&["0.5"]),
        vector(&["0.5"]),
        vector(&["0.1", "9"]),
        vector(&["9"]),
        vector(&["3"]),
        vector(&["NaN"]),
        vector(&[]),
        Reply::Scalar("0.5"),
        Reply::Text,
        Reply::Broken,
    ]
}

fn metric(seed: &mut Seed, name: String) -> Asked {
    let mut metric = json!({"name": name});
    let mut limit = |seed: &mut Seed, field: &str, chance: u64, below: u64| -> u64 {
        if seed.below(chance) > 0 {
            return 0;
        }
        let value = seed.below(below);
        metric[field] = json!(value);
        value
    };
    let failures = limit(seed, "failureLimit", 2, 4);
    let inconclusive = limit(seed, "inconclusiveLimit", 3, 3);
    let successes = limit(seed, "consecutiveSuccessLimit", 4, 4);
    limit(seed, "consecutiveErrorLimit", 3, 4);
    if seed.below(12) == 0 && successes > 0 {
        metric["failureLimit"] = json!(-1);
    }
    if seed.below(8) > 0 {
        metric["interval"] = json!("1s");
        if seed.below(3) > 0 {
            // What Argo accepts, and no more than is answered, mostly.
            metric["count"] = json!((failures + successes).max(inconclusive).max(1) + seed.below(4));
        }
    }
    match seed.below(4) {
        0 => metric["failureCondition"] = json!("result[0] > 5"),
        1 => {
            metric["successCondition"] = json!("result[0] < 1");
            metric["failureCondition"] = json!("result[0] > 5");
        }
        _ => metric["successCondition"] = json!("result[0] < 1"),
    }
    let all = replies();
    // Of one run most is good, of another hardly anything.
    let good = seed.below(4);
    let answers =
        (0..=seed.below(10)).map(|_| if seed.below(4) < good { all[0].clone() } else { seed.one_of(&all).clone() });
    let answers = answers.collect();
    Asked { name, metric, answers, is_dry: seed.below(8) == 0 }
}

struct Measured<'a> {
    asked: &'a Asked,
    rules: Rules,
    success: Option<Condition>,
    failure: Option<Condition>,
    done: Vec<Measurement>,
    used: usize,
}

impl<'a> Measured<'a> {
    fn new(asked: &'a Asked) -> Result<Self> {
        let mut whole = asked.metric.clone();
        whole["provider"] = json!({"prometheus": {"query": "x"}});
        let metric: CanaryMetric = serde_json::from_value(whole)?;
        let (success, failure) = metric.conditions().map_err(anyhow::Error::msg)?;
        Ok(Self { asked, rules: metric.rules(), success, failure, done: Vec::new(), used: 0 })
    }

    fn measure(&mut self) {
        let answer = self.asked.answers.get(self.used).and_then(Reply::answer);
        self.used += 1;
        let judged = answer.and_then(|answer| judge(self.success.as_ref(), self.failure.as_ref(), &answer).ok());
        let phase = judged.unwrap_or(Phase::Error);
        self.done.push(Measurement { phase, told: String::new(), at: Timestamp::UNIX_EPOCH });
    }

    fn is_over(&self) -> bool {
        self.rules.phase(&self.done, Ending::Open).is_final()
    }

    fn letters(&self) -> String {
        let letter = |one: &Measurement| one.phase.to_string().chars().next().unwrap_or('?').to_ascii_uppercase();
        self.done.iter().map(letter).collect()
    }
}

/// Measures as the controller does: everything that is due, tick by tick, until all answers are used.
fn ours(all: &[Asked]) -> Result<(Phase, Vec<Phase>, Vec<String>)> {
    let mut measured: Vec<Measured<'_>> = all.iter().map(Measured::new).collect::<Result<_>>()?;
    loop {
        let standing: Vec<Standing<'_>> = measured
            .iter()
            .map(|one| Standing { rules: &one.rules, measurements: &one.done, is_dry: one.asked.is_dry })
            .collect();
        let (run, phases) = verdict(&standing, Ending::Open);
        let is_used = measured.iter().all(|one| one.used >= one.asked.answers.len());
        if run.is_final() || is_used || measured.iter().all(Measured::is_over) {
            let letters = measured.iter().map(Measured::letters).collect();
            return Ok((run, phases, letters));
        }
        measured.iter_mut().filter(|one| !one.is_over()).for_each(Measured::measure);
    }
}

fn question(all: &[Asked]) -> Value {
    let metrics: Vec<Value> = all
        .iter()
        .map(|one| {
            let mut metric = one.metric.clone();
            metric["provider"] = json!({});
            metric
        })
        .collect();
    let dry: Vec<Value> =
        all.iter().filter(|one| one.is_dry).map(|one| json!({"metricName": format!("^{}$", one.name)})).collect();
    let answers: BTreeMap<&str, Vec<String>> =
        all.iter().map(|one| (one.name.as_str(), one.answers.iter().map(Reply::body).collect())).collect();
    json!({"metrics": metrics, "dryRun": dry, "answers": answers})
}

/// A verdict that differs from Argo's is an abort that Argo's users don't expect, or a bad version that passes.
///
/// Deviation: a count that is reached without one good measurement is inconclusive here and successful there, where the
/// limits tolerate all of it (argo-rollouts#2026, #521).
#[test]
fn verdicts_are_those_of_argo() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let mut seed = Seed(20_261_130);
    let runs: Vec<Vec<Asked>> =
        (0..RUNS).map(|_| (0..=seed.below(3)).map(|at| metric(&mut seed, format!("m{at}"))).collect()).collect();
    let questions: Vec<Value> = runs.iter().map(|run| question(run)).collect();
    let theirs = oracle.ask("runs", &questions)?;
    let mut ends: BTreeMap<String, usize> = BTreeMap::new();
    let mut without_evidence = 0;
    for ((all, theirs), question) in runs.iter().zip(&theirs).zip(&questions) {
        let (run, phases, letters) = ours(all)?;
        let is_milder = all.iter().zip(&phases).zip(&letters).any(|((one, phase), letters)| {
            let theirs = &theirs["metrics"][&one.name];
            theirs == "Successful" && *phase == Phase::Inconclusive && !letters.contains('S')
        });
        for ((one, phase), letters) in all.iter().zip(&phases).zip(&letters) {
            let seen = theirs["seen"][&one.name].as_str().unwrap_or_default();
            if is_milder {
                // Argo goes on where we have ended.
                assert!(seen.starts_with(letters), "{letters}, in Argo {seen}: {} of {question}", one.name);
                continue;
            }
            assert_eq!(letters, seen, "{} of {question}", one.name);
            let own = serde_json::to_value(phase)?;
            let their = &theirs["metrics"][&one.name];
            assert!(their.is_null() || own == *their, "{} is {own}, in Argo {their}: {letters}, {question}", one.name);
        }
        without_evidence += usize::from(is_milder);
        let own = serde_json::to_value(run)?;
        assert!(is_milder || own == theirs["run"], "{own}, in Argo {}: {letters:?}, {question}", theirs["run"]);
        *ends.entry(theirs["run"].as_str().context("no verdict")?.to_owned()).or_default() += 1;
    }
    // All of them have to come about, or nothing was held against anything.
    for end in ["Successful", "Failed", "Error", "Inconclusive", "Running"] {
        assert!(ends.get(end).is_some_and(|count| *count >= 10), "{end}: {ends:?}");
    }
    assert!(without_evidence < RUNS / 5, "{without_evidence} passed there without evidence");
    Ok(())
}
