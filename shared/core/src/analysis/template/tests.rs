//! Templates as teams have them.

use serde_json::json;

use super::*;

fn template(spec: &serde_json::Value) -> Result<Template, String> {
    let whole = json!({
        "apiVersion": "argoproj.io/v1alpha1", "kind": "AnalysisTemplate", "metadata": {"name": "success-rate"},
        "spec": spec,
    });
    serde_json::from_value(whole).map_err(|error| error.to_string())
}

fn metric(query: &str) -> serde_json::Value {
    json!({"name": "success-rate", "interval": "1m", "successCondition": "result[0] > 0.99", "failureLimit": "3",
           "provider": {"prometheus": {"address": "http://prometheus:9090", "query": query}}})
}

/// A query with a placeholder in it would ask for nobody's requests, and find no error.
#[test]
fn arguments_stand_where_they_are_named() {
    let spec = json!({"args": [{"name": "service-name"}, {"name": "code", "value": "5.."}],
                      "metrics": [metric("x{s=\"{{args.service-name}}\",c=~\"{{ args.code }}\"}")]});
    let metrics = template(&spec).unwrap().metrics().unwrap();
    assert_eq!(metrics[0].provider.prometheus.query, "x{s=\"{{args.service-name}}\",c=~\"5..\"}");
    let values = of_move("shop", "api", "green", "blue");
    let filled = filled(&metrics[0], &values, Open::Nothing).unwrap();
    assert_eq!(filled.provider.prometheus.query, "x{s=\"api\",c=~\"5..\"}");
    assert_eq!(filled.rules().failure_limit, Some(3));
}

#[test]
fn what_has_no_value_and_other_braces_are_refused() {
    let unknown = json!({"args": [{"name": "canary-hash"}], "metrics": [metric("x")]});
    assert!(template(&unknown).unwrap().metrics().unwrap_err().contains("canary-hash"));
    for query in ["x{{args.other}}", "x{{ .Values.rate }}", "x{{service}}", "x{{"] {
        let spec = json!({"metrics": [metric(query)]});
        assert!(template(&spec).unwrap().metrics().is_err(), "{query}");
    }
}

/// A template that is half done would be a verification that nobody asked for.
#[test]
fn what_is_not_done_is_refused_by_name() {
    let with = |more: serde_json::Value| {
        let mut spec = json!({"metrics": [metric("x")]});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        template(&spec)
    };
    for (more, name) in [
        (json!({"dryRun": [{"metricName": ".*"}]}), "dryRun"),
        (json!({"measurementRetention": []}), "measurementRetention"),
        (json!({"templates": [{"templateName": "a"}]}), "templates"),
        (json!({"args": [{"name": "key", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}]}), "valueFrom"),
    ] {
        assert!(with(more).unwrap_err().contains(name), "{name}");
    }
    for (provider, name) in [
        (json!({"web": {"url": "https://x"}}), "web"),
        (json!({"job": {}}), "job"),
        (json!({"datadog": {}}), "datadog"),
        (json!({"prometheus": {"query": "x", "authentication": {}}}), "authentication"),
        (json!({"prometheus": {"query": "x", "headers": []}}), "headers"),
        (json!({"prometheus": {"query": "x", "rangeQuery": {}}}), "rangeQuery"),
        (json!({"prometheus": {"query": "x", "insecure": true}}), "insecure"),
    ] {
        let mut one = metric("x");
        one["provider"] = provider;
        assert!(with(json!({"metrics": [one]})).unwrap_err().contains(name), "{name}");
    }
}
