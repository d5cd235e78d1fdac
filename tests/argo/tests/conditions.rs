//! Conditions over what providers answer: whether they hold, or can't be said.

use anyhow::Result;
use argo_oracle::oracle::oracle;
use argo_oracle::seed::Seed;
use release_core::analysis::expression::{Answer, Condition};
use serde_json::{Value, json};

/// As teams write them; the last ones are wrong of some answers, or of all.
const CONDITIONS: [&str; 27] = [
    "result[0] < 1",
    "result[0] >= 0.95",
    "result[0] == 0.5",
    "result[0] != 0.5",
    "len(result) == 0 || result[0] < 1",
    "len(result) > 0 && result[0] < 1",
    "len(result) > 0 ? result[0] < 1 : true",
    "all(result, # < 1)",
    "all(result, {# < 1})",
    "any(result, {# > 1})",
    "none(result, # > 1)",
    "count(result, # > 1) == 1",
    "len(filter(result, {# > 1})) == 1",
    "isNaN(result[0]) || result[0] < 1",
    "!isNaN(result[0]) && result[0] < 1",
    "isInf(result[0])",
    "isNil(result)",
    "default(result, 0) < 1",
    "asInt(result[0]) == 0",
    "asFloat(result[0]) < 1",
    "mean(result) < 1",
    "result < 1",
    "result[1] > result[0]",
    "result[0] == \"0.5\"",
    "result[0]",
    "result == nil",
    "not (result[0] > 1) and result[0] * 100 - 1 <= 99",
];

/// Conditions that we refuse when they are read, whatever is answered: named in docs/rollout.md.
const REFUSED: [&str; 6] = [
    "default(result[0], 0) < 1",
    "result[0] in 0..1000000000",
    "let a = result[0]; a < 1",
    "result[0] < 1 // really",
    "string(result[0]) matches \"^0\"",
    "now().Year() > 2000",
];

/// Over what a server has said.
const OVER_JSON: [&str; 33] = [
    "result == 'ok'",
    "result == \"ok\" || result == \"fine\"",
    "result != 'ok'",
    "result contains 'o'",
    "result startsWith 'o'",
    "result < 1",
    "result >= 0.9",
    "asFloat(result) < 1",
    "asInt(result) == 1",
    "result",
    "result == true",
    "result == false",
    "!result",
    "result == nil",
    "isNil(result)",
    "default(result, 5) == 5",
    "result.ok",
    "result.ok == true",
    "result.ok && result.rate >= 0.9",
    "result.rate < 1",
    "result.none == nil",
    "result.data.state == 'ready'",
    "result['rate'] < 1",
    "result[\"ok\"]",
    "len(result) == 2",
    "len(result) > 0",
    "result[0] == 1",
    "result[0].ok",
    "all(result, # > 0)",
    "all(result, {#.ok == true})",
    "any(result, {#.rate > 0.5})",
    "len(result.list) == 2",
    "result.list[1] == 2",
];

fn vector(numbers: &[&str]) -> (Value, Answer) {
    let parsed = numbers.iter().map(|text| number(text)).collect();
    (json!({"kind": "vector", "value": numbers}), Answer::Vector(parsed))
}

fn scalar(text: &str) -> (Value, Answer) {
    (json!({"kind": "scalar", "value": text}), Answer::Scalar(number(text)))
}

fn number(text: &str) -> f64 {
    text.trim_start_matches('+').parse().unwrap_or(f64::INFINITY)
}

fn web(value: Value) -> (Value, Answer) {
    (json!({"kind": "json", "value": value}), Answer::Json(value))
}

/// Asks both, and tells where they differ.
fn differences(conditions: &[&str], answers: &[(Value, Answer)]) -> Result<Option<Vec<String>>> {
    let Some(oracle) = oracle() else { return Ok(None) };
    let pairs: Vec<(&str, &(Value, Answer))> =
        conditions.iter().flat_map(|condition| answers.iter().map(|answer| (*condition, answer))).collect();
    let questions: Vec<Value> = pairs
        .iter()
        .map(|(condition, (question, _))| json!({"condition": condition, "kind": question["kind"], "value": question["value"]}))
        .collect();
    let theirs = oracle.ask("conditions", &questions)?;
    let mut differ = Vec::new();
    for ((condition, (_, answer)), theirs) in pairs.iter().zip(theirs) {
        let ours = Condition::of(condition).and_then(|condition| condition.holds(answer));
        // Deviation: to Go what is no number is some whole number; here nothing can be said of it.
        let is_no_number = matches!(answer, Answer::Vector(all) if all.iter().any(|number| !number.is_finite()));
        if is_no_number && condition.contains("asInt") && ours.is_err() {
            continue;
        }
        if ours.as_ref().ok() != theirs["holds"].as_bool().as_ref() {
            differ.push(format!("{condition} of {answer:?}: {ours:?}, in Argo {theirs}"));
        }
    }
    Ok(Some(differ))
}

#[test]
fn conditions_over_numbers_say_what_they_say_in_argo() -> Result<()> {
    let answers = [
        vector(&["0.5"]),
        vector(&["2"]),
        vector(&[]),
        vector(&["NaN"]),
        vector(&["+Inf"]),
        vector(&["0.5", "2"]),
        vector(&["-1", "0", "1"]),
        scalar("0.5"),
        scalar("NaN"),
    ];
    if let Some(differ) = differences(&CONDITIONS, &answers)? {
        assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), CONDITIONS.len() * answers.len(), differ.join("\n"));
    }
    Ok(())
}

/// What a server answers is of any kind, and known when it is asked.
#[test]
fn conditions_over_json_say_what_they_say_in_argo() -> Result<()> {
    let answers = [
        web(json!("ok")),
        web(json!("0.5")),
        web(json!("")),
        web(json!(1)),
        web(json!(0.95)),
        web(json!(true)),
        web(json!(false)),
        web(json!(null)),
        web(json!([1, 2])),
        web(json!([])),
        web(json!([{"ok": true, "rate": 0.7}])),
        web(json!({"ok": true, "rate": 0.97})),
        web(json!({"ok": "yes", "rate": "0.97", "data": {"state": "ready"}, "list": [1, 2]})),
        web(json!({})),
    ];
    if let Some(differ) = differences(&OVER_JSON, &answers)? {
        assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), OVER_JSON.len() * answers.len(), differ.join("\n"));
    }
    Ok(())
}

#[test]
fn what_is_refused_is_refused_when_it_is_read() {
    for condition in REFUSED {
        assert!(Condition::of(condition).is_err(), "{condition}");
    }
}

/// Conditions that make sense, in each other.
fn random(seed: &mut Seed, deep: u64) -> String {
    let leaves =
        ["result[0]", "result[1]", "result[-1]", "1", "0.5", "-1", "len(result)", "sum(result)", "max(result)"];
    let truths =
        ["true", "result[0] < 1", "len(result) == 0", "isNaN(result[0])", "isNil(result)", "any(result, # > 1)"];
    if deep == 0 {
        return seed.one_of(&leaves).to_string();
    }
    let number = |seed: &mut Seed| random(seed, deep - 1);
    match seed.below(9) {
        0 => format!("({} {} {})", number(seed), seed.one_of(&["+", "-", "*", "/"]), number(seed)),
        1 => format!("-({})", number(seed)),
        2 => format!("abs({})", number(seed)),
        3 => format!("({} ? {} : {})", seed.one_of(&truths), number(seed), number(seed)),
        4 => format!("count(result, # {} {})", seed.one_of(&["<", ">=", "==", "!="]), number(seed)),
        5 => format!("filter(result, # > {})[0]", number(seed)),
        6 => format!("map(result, # * 2)[{}]", seed.one_of(&["0", "1", "-1", "2"])),
        7 => format!("asFloat({})", number(seed)),
        _ => seed.one_of(&leaves).to_string(),
    }
}

fn random_condition(seed: &mut Seed) -> String {
    let compared = |seed: &mut Seed| {
        let (left, right) = (random(seed, 2), random(seed, 2));
        format!("{left} {} {right}", seed.one_of(&["<", "<=", ">", ">=", "==", "!="]))
    };
    match seed.below(6) {
        0 => format!("{} && {}", compared(seed), compared(seed)),
        1 => format!("{} || {}", compared(seed), compared(seed)),
        2 => format!("!({})", compared(seed)),
        3 => format!("{} or not ({}) and {}", compared(seed), compared(seed), compared(seed)),
        4 => format!("all(result, # != {}) || {}", random(seed, 1), compared(seed)),
        _ => compared(seed),
    }
}

/// What no list of ours has thought of.
#[test]
fn conditions_of_any_kind_say_what_they_say_in_argo() -> Result<()> {
    let mut seed = Seed(41);
    let conditions: Vec<String> = (0..1500).map(|_| random_condition(&mut seed)).collect();
    let conditions: Vec<&str> = conditions.iter().map(String::as_str).collect();
    let answers = [vector(&["0.5", "2"]), vector(&[]), vector(&["NaN"]), scalar("0.5")];
    if let Some(differ) = differences(&conditions, &answers)? {
        let shown: Vec<&String> = differ.iter().take(40).collect();
        assert!(differ.is_empty(), "{} of {}: {shown:#?}", differ.len(), conditions.len() * answers.len());
    }
    Ok(())
}
