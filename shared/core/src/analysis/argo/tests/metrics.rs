use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{metric, template};
use crate::analysis::argo::arguments::{Bound, Bounds, SecretKey, UNSEEN};
use crate::analysis::argo::merged::{Merged, merged};
use crate::analysis::argo::overrides::Override;
use crate::analysis::argo::provider::CanaryMetric;
use crate::analysis::argo::run::{RunMetric, metrics};
use crate::analysis::argo::time::Moment;
use crate::analysis::expression::Answer;
use crate::analysis::metric::Number;
use crate::release::canary::judging::Judging;

fn all(spec: Value) -> Merged {
    let judging: Judging = serde_json::from_value(json!({"templates": [{"templateName": "a"}]})).unwrap();
    merged(&judging, &[template("a", false, spec)]).unwrap()
}

fn run(spec: Value, args: &[(&str, &str)], overrides: &[&str]) -> Result<Vec<RunMetric>, String> {
    let bounds: Bounds = args.iter().map(|(n, v)| ((*n).to_owned(), Bound::Value((*v).to_owned()))).collect();
    let overrides: Vec<Override> = overrides.iter().map(|text| text.parse()).collect::<Result<_, String>>()?;
    metrics(&all(spec), &bounds, &BTreeMap::new(), &overrides)
}

fn checked(provider: Value) -> Result<(), String> {
    let metric: CanaryMetric =
        serde_json::from_value(json!({"name": "a", "provider": provider})).map_err(|e| e.to_string())?;
    metric.check()
}

/// argo-rollouts#3243: count and interval were arguments, and an inline analysis took the template's own.
#[test]
fn numbers_and_times_may_be_arguments() {
    let one = metric("p95", json!({"count": "{{args.count}}", "interval": "{{ args.interval }}", "failureLimit": "1"}));
    let run = run(json!({"metrics": [one]}), &[("count", "4"), ("interval", "30s")], &[]).unwrap();
    assert_eq!(run[0].metric.count, Some(Number(4)));
    assert_eq!(run[0].metric.rules().takes().unwrap().as_secs(), 90);
}

/// Braces of other languages are none of ours, in Argo either; a name without a value is an error.
#[test]
fn what_is_no_argument_is_told_with_its_metric() {
    for query in ["x{{ .Values.a }}", "x{{args.none}}", "x{{"] {
        let mut one = metric("m", json!({}));
        one["provider"]["prometheus"]["query"] = json!(query);
        let why = run(json!({"metrics": [one]}), &[], &[]).unwrap_err();
        assert!(why.contains("\"m\""), "{why}");
    }
}

/// A Secret is not read for a plan, and its place is not empty.
#[test]
fn a_secret_stays_unseen_until_it_is_read() {
    let mut one = metric("m", json!({}));
    one["provider"] = json!({"web": {"url": "https://x.io/h", "headers": [{"key": "Authorization", "value": "Bearer {{args.key}}"}]}});
    let merged = all(json!({"metrics": [one]}));
    let key = SecretKey { name: "s".to_owned(), key: "k".to_owned() };
    let bounds = Bounds::from([("key".to_owned(), Bound::Secret(key))]);
    let header = |secrets: &BTreeMap<String, String>| {
        let run = metrics(&merged, &bounds, secrets, &[]).unwrap();
        run[0].metric.provider.web.as_ref().unwrap().headers[0].value.clone()
    };
    assert_eq!(header(&BTreeMap::new()), format!("Bearer {UNSEEN}"));
    assert_eq!(header(&BTreeMap::from([("key".to_owned(), "t\"1".to_owned())])), "Bearer t\"1");
    // One in the wrong place is not told by what is wrong with it.
    let misplaced = all(json!({"metrics": [metric("m", json!({"interval": "{{args.key}}"}))]}));
    let why = metrics(&misplaced, &bounds, &BTreeMap::from([("key".to_owned(), "hush".to_owned())]), &[]).unwrap_err();
    assert!(why.contains("\"m\"") && !why.contains("hush"), "{why}");
}

/// What a team wants otherwise than its template says, without another file.
#[test]
fn one_field_is_set_by_its_name() {
    let spec = json!({"metrics": [metric("error-rate", json!({"interval": "1m", "failureLimit": 3}))]});
    let set = |overrides: &[&str]| run(spec.clone(), &[], overrides);
    let one =
        set(&["error-rate.failureLimit=2", "error-rate.interval=30s", "error-rate.query=sum(x{a=\"b\"})"]).unwrap();
    assert_eq!((one[0].metric.failure_limit, one[0].metric.rules().interval.unwrap().as_secs()), (Some(Number(2)), 30));
    assert_eq!(one[0].metric.provider.prometheus.as_ref().unwrap().query, "sum(x{a=\"b\"})");
    for (wrong, word) in [
        ("error-rate.failurelimit=2", "did you mean failureLimit?"),
        ("eror-rate.failureLimit=2", "did you mean error-rate?"),
        ("error-rate=2", "METRIC.FIELD=VALUE"),
        ("failureLimit", "METRIC.FIELD=VALUE"),
        (".count=1", "METRIC.FIELD=VALUE"),
        ("error-rate.failureLimit=two", "whole number"),
        ("error-rate.interval=30", "30s"),
        ("error-rate.url=https://x", "somebody else"),
        ("error-rate.successCondition=result[0] <", "successCondition"),
    ] {
        let why = set(&[wrong]).expect_err(wrong);
        assert!(why.contains(word), "{wrong}: {why}");
    }
}

#[test]
fn a_metric_asks_one_of_those_that_are_asked_here() {
    let path = "{$.items[?(@.ok==true)].rate}";
    for fine in [
        json!({"prometheus": {"address": "http://p:9090", "query": "up", "insecure": true, "headers": [{"key": "X", "value": "y"}]}}),
        json!({"prometheus": {"query": "up", "rangeQuery": {"start": "now() - duration(\"5m\")", "end": "now()", "step": "30s"}}}),
        json!({"web": {"url": "https://x.io", "jsonPath": path, "timeoutSeconds": 20}}),
        json!({"web": {"url": "https://x.io", "method": "POST", "jsonBody": {"a": [1]}}}),
        json!({"job": {"spec": {"template": {"spec": {}}}}}),
    ] {
        assert_eq!(checked(fine.clone()), Ok(()), "{fine}");
    }
    for (wrong, word) in [
        (json!({}), "nobody"),
        (json!({"prometheus": {"query": "up"}, "web": {"url": "https://x"}}), "several"),
        (json!({"datadog": {"query": "x"}}), "provider.datadog is not asked here"),
        (json!({"plugin": {"a/b": {}}}), "provider.plugin"),
        (json!({"prometheuss": {"query": "x"}}), "prometheuss"),
        (json!({"prometheus": {"query": "up", "authentication": {"sigv4": {"region": "a"}}}}), "sigv4"),
        (json!({"prometheus": {"query": "up", "authentication": {"oauth2": {"tokenUrl": "a"}}}}), "clientId"),
        (json!({"prometheus": {"query": "up", "rangeQuery": {"start": "now()", "end": "now()"}}}), "step"),
        (
            json!({"prometheus": {"query": "up", "rangeQuery": {"start": "yesterday", "end": "now()", "step": "1m"}}}),
            "yesterday",
        ),
        (json!({"prometheus": {"query": "up", "timeout": -1}}), "invalid value"),
        (json!({"web": {"url": "x.io"}}), "http://"),
        (json!({"web": {"url": "https://x", "body": "a"}}), "POST or PUT"),
        (json!({"web": {"url": "https://x", "method": "POST", "body": "a", "jsonBody": {}}}), "jsonBody"),
        (json!({"web": {"url": "https://x", "method": "DELETE"}}), "DELETE"),
        (json!({"web": {"url": "https://x", "jsonPath": "{$.a"}}), "unclosed"),
        (json!({"job": {"spec": {}}}), "template"),
    ] {
        let why = checked(wrong.clone()).expect_err(&wrong.to_string());
        assert!(why.contains(word), "{wrong}: {why}");
    }
}

/// argo-rollouts#4535: an answer that is no JSON, or empty, passed whatever the condition said.
#[test]
fn an_answer_that_is_no_json_is_judged_as_a_text() {
    let web = |path: Option<&str>| crate::analysis::argo::provider::Web {
        url: "https://x".to_owned(),
        json_path: path.map(str::to_owned),
        ..Default::default()
    };
    let text = |text: &str| Ok(Answer::Json(json!(text)));
    assert_eq!(web(None).answer(b"It worked!"), text("It worked!"));
    assert_eq!(web(Some("{$.a}")).answer(b""), text(""));
    assert_eq!(web(Some("{$.a.b}")).answer(br#"{"a": {"b": 0.5}}"#), Ok(Answer::Json(json!(0.5))));
    assert!(web(Some("{$.c}")).answer(br#"{"a": 1}"#).is_err());
    let condition = crate::analysis::expression::Condition::of("result == 'fail123'").unwrap();
    assert_eq!(condition.holds(&web(None).answer(b"").unwrap()), Ok(false));
}

#[test]
fn moments_of_a_range_are_told_from_now_on() {
    let now = jiff::Timestamp::from_second(10_000).unwrap();
    let at = |text: &str| Moment::of(text).map(|moment| moment.at(now).as_second());
    assert_eq!(at("now()"), Ok(10_000));
    assert_eq!(at("now() - duration(\"1h\")"), Ok(6_400));
    assert_eq!(at(" now()-duration('1h30m')+duration( \"10s\" ) "), Ok(4_610));
    for bad in ["", "now", "now() - 5m", "now() - duration(5m)", "now() duration(\"1h\")", "now() - duration(\"1d\")"] {
        assert!(at(bad).is_err(), "{bad}");
    }
}
