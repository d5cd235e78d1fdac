use serde_json::{Value, json};

use super::{metric, template};
use crate::analysis::argo::merged::{Merged, Unmerged, merged};
use crate::analysis::argo::named::{KEPT, dry, kept};
use crate::analysis::argo::template::ArgoTemplate;
use crate::release::canary::judging::{DryRun, Judging, Retention};

fn judging(value: Value) -> Judging {
    serde_json::from_value(value).unwrap()
}

fn of(names: &[&str], read: &[ArgoTemplate]) -> Result<Merged, String> {
    let templates: Vec<Value> = names
        .iter()
        .map(|name| match name.strip_prefix("cluster/") {
            Some(name) => json!({"templateName": name, "clusterScope": true}),
            None => json!({"templateName": name}),
        })
        .collect();
    merged(&judging(json!({"templates": templates})), read).map_err(|why| match why {
        Unmerged::Missing(reference) => format!("missing {}", reference.told()),
        Unmerged::Wrong(why) => why,
    })
}

fn names(merged: &Merged) -> Vec<&str> {
    merged.metrics.iter().map(|metric| metric["name"].as_str().unwrap()).collect()
}

fn with(metrics: &[&str], nested: Value) -> Value {
    json!({"metrics": metrics.iter().map(|name| metric(name, json!({}))).collect::<Vec<_>>(), "templates": nested})
}

/// `getAnalysisTemplatesFromRefs` and `FlattenTemplates`: those of the namespace first, depth first, each once.
#[test]
fn templates_are_one_in_the_order_that_argo_has() {
    let read = [
        template(
            "a",
            false,
            with(&["a1"], json!([{"templateName": "c"}, {"templateName": "k", "clusterScope": true}])),
        ),
        template("b", false, with(&["b1", "b2"], json!([{"templateName": "c"}]))),
        template("c", false, with(&["c1"], json!([]))),
        template("k", true, with(&["k1"], json!([{"templateName": "c"}]))),
    ];
    assert_eq!(names(&of(&["cluster/k", "a", "b"], &read).unwrap()), ["c1", "a1", "b1", "b2", "k1"]);
    assert_eq!(names(&of(&["a", "a"], &read).unwrap()), ["a1", "c1", "k1"]);
    assert_eq!(names(&of(&[], &read).unwrap()), Vec::<&str>::new());
    assert_eq!(of(&["d"], &read).unwrap_err(), "missing AnalysisTemplate/d");
    assert_eq!(of(&["cluster/a"], &read).unwrap_err(), "missing ClusterAnalysisTemplate/a");
}

/// Argo follows a circle for ever.
#[test]
fn templates_that_name_each_other_are_told() {
    let read = [
        template("a", false, with(&["a1"], json!([{"templateName": "b"}]))),
        template("b", false, with(&["b1"], json!([{"templateName": "a"}]))),
    ];
    assert!(of(&["a"], &read).unwrap_err().contains("AnalysisTemplate/a, AnalysisTemplate/b, AnalysisTemplate/a"));
    let chain: Vec<ArgoTemplate> = (0..40)
        .map(|at| template(&at.to_string(), false, with(&[], json!([{"templateName": (at + 1).to_string()}]))))
        .collect();
    assert!(of(&["0"], &chain).unwrap_err().contains("more than"));
}

/// argo-rollouts#1832: two rules of one name left a release "Progressing" for ever.
#[test]
fn one_name_is_there_once() {
    let twice = |spec: Value| of(&["a", "b"], &[template("a", false, spec.clone()), template("b", false, spec)]);
    assert!(twice(with(&["same"], json!([]))).unwrap_err().contains("metric \"same\""));
    assert!(twice(json!({"metrics": [], "dryRun": [{"metricName": ".*"}]})).unwrap_err().contains("dryRun"));
    let retention = json!({"metrics": [], "measurementRetention": [{"metricName": ".*", "limit": 3}]});
    assert!(twice(retention.clone()).unwrap_err().contains("measurementRetention"));
    let own = judging(
        json!({"templates": [{"templateName": "a"}], "measurementRetention": [{"metricName": ".*", "limit": 3}]}),
    );
    assert!(merged(&own, &[template("a", false, retention)]).is_err());
}

/// An unanchored expression of Go's; what is none matches nothing, and that is told.
#[test]
fn rules_are_for_every_name_that_they_are_found_in() {
    let all = ["error-rate", "latency", "total-errors"];
    let of = |rules: &[&str]| {
        let rules: Vec<DryRun> = rules.iter().map(|name| DryRun { metric_name: (*name).to_owned() }).collect();
        dry(&rules, &all).map(|dry| dry.into_iter().collect::<Vec<_>>())
    };
    assert_eq!(of(&["error"]).unwrap(), ["error-rate", "total-errors"]);
    assert_eq!(of(&["^latency$", "rate"]).unwrap(), ["error-rate", "latency"]);
    assert_eq!(of(&[".*"]).unwrap().len(), 3);
    assert_eq!(of(&["e.*(rate|cy)"]).unwrap(), ["error-rate", "latency"]);
    assert!(of(&["*"]).unwrap_err().contains("`.*` is for all"));
    assert!(of(&["error", "nobody"]).unwrap_err().contains("dryRun[1]"));
    assert!(of(&["(a+)+$"]).is_err(), "and it takes no time");
    let rule = |name: &str, limit| Retention { metric_name: name.to_owned(), limit };
    let kept = kept(&[rule("rate", 20), rule("error", 0), rule("^total", 5)], &all).unwrap();
    assert_eq!((kept["error-rate"], kept["total-errors"], kept.get("latency")), (KEPT, 5, None));
}
