//! No field of the document is passed over.

use serde_json::{Value, json};

use super::*;

/// What a release does today; the rest is in [`REFUSED`].
const HONOURED: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata.name",
    "metadata.namespace",
    "spec.service",
    "spec.trackKey",
    "spec.router",
    "spec.replicas",
    "spec.images",
    "spec.maxSeverity",
    "spec.requireSignature",
    "spec.healthCheck",
    "spec.dependencyChecks",
    "spec.smokeTests",
    "spec.testsWithin",
    "spec.switchAfter",
    "spec.rollbackOnFailure",
    "spec.retainPreviousVersion",
    "spec.verify.for",
    "spec.verify.analysis",
    "spec.verify.compare",
    "spec.notify",
    "spec.hooks",
];

/// The paths of all fields that have no fields of their own, lists and maps included.
fn leaves(schema: &Value, root: &Value, path: &str, found: &mut Vec<String>) {
    let target = schema["$ref"].as_str().and_then(|name| root.pointer(name.trim_start_matches('#')));
    if let Some(target) = target {
        return leaves(target, root, path, found);
    }
    let of_option = schema["anyOf"].as_array().into_iter().flatten().find(|one| one["type"] != "null");
    if let Some(one) = of_option {
        return leaves(one, root, path, found);
    }
    match schema["properties"].as_object() {
        Some(fields) => fields.iter().for_each(|(name, field)| {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            leaves(field, root, &path, found);
        }),
        None => found.push(path.to_owned()),
    }
}

fn under(path: &str, above: &str) -> bool {
    path == above || path.strip_prefix(above).is_some_and(|rest| rest.starts_with('.'))
}

/// A smoke test that nobody ran would be taken for one that passed.
#[test]
fn every_field_of_the_schema_is_honoured_or_refused_by_name() {
    let schema = schema().to_value();
    let mut found = Vec::new();
    leaves(&schema, &schema, "", &mut found);
    assert!(found.len() > 15, "{found:?}");
    for path in &found {
        let honoured = HONOURED.iter().filter(|known| under(path, known)).count();
        let refused = REFUSED.iter().filter(|known| under(path, known)).count();
        assert_eq!(honoured + refused, 1, "{path}");
    }
    for known in HONOURED.iter().chain(REFUSED) {
        assert!(found.iter().any(|path| under(path, known)), "{known} is no field");
    }
}

#[test]
fn what_is_refused_is_found_wherever_it_says_something() {
    for path in REFUSED {
        let value = path.rsplit('.').fold(json!([{"a": 1}]), |value, name| json!({ name: value }));
        assert_eq!(refused_in(&value), [*path]);
        let nothing = path.rsplit('.').fold(Value::Null, |value, name| json!({ name: value }));
        assert!(refused_in(&nothing).is_empty(), "{path}");
    }
    assert!(refused_in(&json!({"spec": {"notify": [], "router": "service"}})).is_empty());
    assert!(refused_in(&json!({"spec": {"router": "virtualservice/shop/api"}})).is_empty());
    assert_eq!(refused_in(&json!({"spec": {"router": "route53"}})), ["spec.router: route53"]);
}

#[test]
fn the_names_of_its_versions_are_those_that_are_read() {
    let read = |version: &str| serde_json::from_value::<ApiVersion>(json!(version)).is_ok();
    assert!(API_VERSIONS.iter().all(|version| read(version)) && !read("v1"));
    assert!(serde_json::from_value::<Kind>(json!(KIND)).is_ok());
}

fn smoke(more: serde_json::Value) -> Result<SmokeTest, String> {
    let mut test = json!({"name": "front page", "endpoint": "/?a=b"});
    test.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(test).map_err(|error| error.to_string())
}

/// A request that says something else than it looks like: a header of its own making, another request.
#[test]
fn what_can_not_be_meant_is_refused() {
    for bad in [
        json!({"endpoint": "api"}),
        json!({"endpoint": "/a b"}),
        json!({"endpoint": "/a\r\nX: y"}),
        json!({"endpoint": "/a#b"}),
        json!({"method": "get"}),
        json!({"method": "CONNECT"}),
        json!({"method": ""}),
        json!({"headers": {"X": "a\r\nY: b"}}),
        json!({"headers": {"X Y": "a"}}),
        json!({"headers": {"Transfer-Encoding": "chunked"}}),
        json!({"port": 0}),
        json!({"port": 70_000}),
        json!({"port": "No Port"}),
        json!({"scheme": "ftp"}),
        json!({"timeout": "0s"}),
        json!({"timeout": 5}),
        json!({"retries": 101}),
        json!({"expect": {"status": 99}}),
        json!({"expect": {"statuses": [200]}}),
        json!({"name": " "}),
    ] {
        assert!(smoke(bad.clone()).is_err(), "{bad}");
    }
    for bad in [
        json!({"periodSeconds": 0}),
        json!({"initialDelaySeconds": 4000}),
        json!({"failureThreshold": 0}),
        json!({"httpGet": {"path": "health"}}),
        json!({"tcpSocket": {"port": 80}}),
    ] {
        assert!(serde_json::from_value::<HealthCheck>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn what_teams_write_is_read() {
    for good in [
        json!({"headers": {"Authorization": "Bearer x"}, "method": "POST", "body": "{}"}),
        json!({"port": "http", "scheme": "https", "timeout": "500ms", "retries": 0}),
        json!({"port": "8443", "expect": {"status": 401, "body": "no", "json": null}}),
    ] {
        assert!(smoke(good.clone()).is_ok(), "{good}");
    }
    let null = smoke(json!({"expect": {"json": null}})).unwrap();
    assert_eq!(null.expect.unwrap().json, Some(serde_json::Value::Null), "an expectation would be passed over");
}
