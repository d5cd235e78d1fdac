//! What a metric may say.

use serde_json::{Value, json};

use super::*;

fn metric(more: Value) -> Metric {
    let mut one = json!({"name": "error-rate", "provider": {"prometheus": {"query": "up"}}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(one).unwrap()
}

#[test]
fn what_is_left_out_is_as_in_argo() {
    let rules = metric(json!({})).rules();
    assert_eq!((rules.count, rules.failure_limit, rules.consecutive_error_limit), (Some(1), Some(0), 4));
    assert_eq!(metric(json!({"interval": "30s"})).rules().count, None, "for as long as it is watched");
    let counted = metric(json!({"interval": "30s", "count": "3", "initialDelay": "1m"})).rules();
    assert_eq!(counted.takes(), Some(Duration::from_secs(120)));
    let endless = metric(json!({"failureLimit": -1, "consecutiveSuccessLimit": 2, "interval": "5s"}));
    assert_eq!(endless.rules().failure_limit, None);
    assert_eq!(endless.check(), Ok(()));
    assert!(metric(json!({"successCondition": " "})).conditions().unwrap().0.is_none());
}

#[test]
fn what_argo_would_reject_is_refused_before_the_switch() {
    for (bad, word) in [
        (json!({"count": 2}), "interval"),
        (json!({"interval": "100ms"}), "interval"),
        (json!({"interval": "5s", "count": 2, "failureLimit": 3}), "failureLimit"),
        (json!({"interval": "5s", "count": 3, "failureLimit": 2, "consecutiveSuccessLimit": 2}), "together"),
        (json!({"interval": "5s", "count": 2, "inconclusiveLimit": 3}), "inconclusiveLimit"),
        (json!({"failureLimit": -1}), "consecutiveSuccessLimit"),
        (json!({"failureLimit": -2, "consecutiveSuccessLimit": 1}), "failureLimit"),
        (json!({"consecutiveErrorLimit": -1}), "consecutiveErrorLimit"),
        (json!({"name": " "}), "name"),
        (json!({"successCondition": "result[0] <"}), "successCondition"),
        (json!({"failureCondition": "default(result[0], 0) > 1"}), "failureCondition"),
        (json!({"successCondition": "result.value < 1"}), "numbers"),
        (json!({"provider": {"prometheus": {"query": " "}}}), "query"),
        (json!({"provider": {"prometheus": {"query": "up", "timeout": 0}}}), "timeout"),
    ] {
        let why = metric(bad.clone()).check().expect_err(&bad.to_string());
        assert!(why.contains(word), "{bad}: {why}");
    }
    let one = metric(json!({}));
    assert!(check_all(&[one.clone(), one]).unwrap_err().contains("twice"));
}

/// To Argo a limit that is no number is 0, and a time without a unit an error of every measurement.
#[test]
fn numbers_and_times_are_what_they_look_like() {
    let read = |more: Value| {
        let mut one = json!({"name": "a", "provider": {"prometheus": {"query": "up"}}});
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value::<Metric>(one)
    };
    for bad in [json!({"count": "three"}), json!({"count": 1e12}), json!({"interval": 30}), json!({"interval": "30"})] {
        assert!(read(bad.clone()).is_err(), "{bad}");
    }
    assert!(read(json!({"failureLimit": "3", "interval": "1m30s"})).is_ok());
}
