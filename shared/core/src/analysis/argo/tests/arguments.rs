use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::analysis::argo::arguments::{
    Bound, Bounds, Declared, Hashes, bound, given, masked, merged_arguments, secrets,
};
use crate::release::canary::judging::GivenArgument;

const HASHES: Hashes<'_> = Hashes { stable: "5d8", latest: "7c9" };

fn declared(args: Value) -> Vec<Declared> {
    serde_json::from_value(args).unwrap()
}

fn values(args: Value, given: &[(&str, &str)]) -> Result<Bounds, String> {
    let given: Vec<(String, String)> = given.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let known = BTreeMap::from([("service".to_owned(), "api".to_owned())]);
    bound(&declared(args), &given, &known)
}

fn plain(text: &str) -> Bound {
    Bound::Value(text.to_owned())
}

/// `MergeArgs`: names that nobody declares count for nothing; what has no value is an error.
#[test]
fn declared_names_alone_count() {
    let bounds = values(json!([{"name": "a"}, {"name": "b", "value": "2"}]), &[("a", "1"), ("c", "3")]).unwrap();
    assert_eq!(bounds, Bounds::from([("a".into(), plain("1")), ("b".into(), plain("2"))]));
    assert_eq!(values(json!([{"name": "b", "value": "2"}]), &[("b", "3")]).unwrap()["b"], plain("3"));
    assert!(values(json!([{"name": "a"}]), &[]).unwrap_err().contains("\"a\" has no value"));
    assert_eq!(values(json!([{"name": "service"}]), &[]).unwrap()["service"], plain("api"), "what a release knows");
    assert_eq!(values(json!([{"name": "service", "value": "web"}]), &[]).unwrap()["service"], plain("web"));
}

/// argo-rollouts#522, #1205: a Secret stays one, whatever is given besides.
#[test]
fn a_secret_wins_over_a_value_and_is_seen_nowhere() {
    let key = json!([{"name": "key", "value": "x", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]);
    let bounds = values(key, &[("key", "typed")]).unwrap();
    assert_eq!(secrets(&bounds).map(|key| (key.name.as_str(), key.key.as_str())).collect::<Vec<_>>(), [("s", "k")]);
    let all = ["pass".to_owned(), "password".to_owned(), String::new()];
    assert_eq!(masked("GET /?token=password: pass", &all), "GET /?token=*****: *****");
}

/// argo-rollouts#3361: a fieldRef of a template is accepted and never looked up.
#[test]
fn a_field_that_a_template_names_is_told_before_anything_is_asked() {
    let args = json!([{"name": "ns", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}]);
    assert!(values(args.clone(), &[]).unwrap_err().contains("never looked up"));
    assert_eq!(values(args, &[("ns", "live")]).unwrap()["ns"], plain("live"));
}

/// `flattenArgs`
#[test]
fn of_one_name_in_several_templates_the_first_value_counts() {
    let merged = |args: Value| merged_arguments(declared(args).iter());
    let first = merged(json!([{"name": "a"}, {"name": "a", "value": "1"}, {"name": "a"}, {"name": "a", "value": "1"}]));
    assert_eq!(first.unwrap(), declared(json!([{"name": "a", "value": "1"}])));
    assert!(merged(json!([{"name": "a", "value": "1"}, {"name": "a", "value": "2"}])).unwrap_err().contains("\"a\""));
}

/// argo-rollouts#797, #1242: hashes, metadata as a pod has it, and any other field of the Rollout.
#[test]
fn what_a_rollout_gives_is_looked_up_in_it() {
    let rollout = json!({"metadata": {"name": "shop", "namespace": "live", "labels": {"b": "2", "a.io/x": "1"}},
        "spec": {"replicas": 3, "paused": false, "template": {"spec": {"containers": [{"image": "r.io/shop:2"}]}}}});
    let one = |from: Value| {
        let argument: GivenArgument = serde_json::from_value(json!({"name": "a", "valueFrom": from})).unwrap();
        given(&[argument], &rollout, HASHES).map(|mut all| all.remove(0).1)
    };
    let field = |path: &str| one(json!({"fieldRef": {"fieldPath": path}}));
    assert_eq!(one(json!({"podTemplateHashValue": "Latest"})).unwrap(), "7c9");
    assert_eq!(one(json!({"podTemplateHashValue": "Stable"})).unwrap(), "5d8");
    for (path, wanted) in [
        ("metadata.name", "shop"),
        ("metadata.namespace", "live"),
        ("metadata.uid", ""),
        ("metadata.labels['a.io/x']", "1"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", "a.io/x=\"1\"\nb=\"2\""),
        ("spec.replicas", "3"),
        ("spec.paused", "false"),
        ("spec.template.spec.containers[0].image", "r.io/shop:2"),
        ("spec.template.spec.containers[0].image.", "r.io/shop:2"),
    ] {
        assert_eq!(field(path).unwrap(), wanted, "{path}");
    }
    for bad in [
        "metadata.labels.b",
        "metadata.generation",
        "metadata",
        "spec.none",
        "spec.template",
        "spec.replicas.x",
        "spec.template.spec.containers[1].image",
        "spec.template.spec.containers.x",
    ] {
        assert!(field(bad).is_err(), "{bad}");
    }
    let plain: GivenArgument = serde_json::from_value(json!({"name": "a"})).unwrap();
    assert_eq!(given(&[plain], &rollout, HASHES).unwrap(), [("a".to_owned(), String::new())]);
}
