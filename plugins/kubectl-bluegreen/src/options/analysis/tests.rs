use release_core::failure::Exit;
use serde_json::json;

use super::*;

fn metric(more: serde_json::Value) -> Metric {
    let mut one = json!({"name": "errors", "interval": "10s", "successCondition": "result[0] < 1",
        "provider": {"prometheus": {"address": "http://prometheus.monitoring:9090", "query": "up{c=\"{{args.color}}\"}"}}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(one).unwrap()
}

fn resolved(args: &AnalysisArgs, seconds: u64) -> Outcome<Analysis> {
    analysis(args, Some(Duration::from_secs(seconds)), Duration::from_secs(5))
}

fn with(more: serde_json::Value) -> AnalysisArgs {
    AnalysisArgs { of_document: vec![metric(more)], ..AnalysisArgs::default() }
}

/// A verification that ends before its last measurement would call what it has not seen good.
#[test]
fn what_is_watched_for_less_than_it_takes_is_refused() {
    let five = with(json!({"count": 5}));
    assert_eq!(resolved(&five, 30).unwrap_err().exit, Exit::Usage);
    assert!(resolved(&five, 40).is_ok());
    assert!(resolved(&with(json!({})), 0).is_err(), "nothing would be measured");
    assert_eq!(analysis(&five, None, Duration::ZERO).unwrap().takes(), Duration::from_secs(40));
}

#[test]
fn what_would_fail_after_the_switch_is_found_before_it() {
    for bad in [
        json!({"successCondition": "default(result[0], 0) < 1"}),
        json!({"provider": {"prometheus": {"query": "up"}}}),
        json!({"provider": {"prometheus": {"address": "prometheus:9090", "query": "up"}}}),
        json!({"provider": {"prometheus": {"address": "http://p:9090", "query": "{{args.who}}"}}}),
        json!({"count": 3, "failureLimit": 5}),
    ] {
        assert_eq!(resolved(&with(bad.clone()), 60).unwrap_err().exit, Exit::Usage, "{bad}");
    }
    let typed = AnalysisArgs { prometheus: Some("http://u:SECRET@p:9090".into()), ..with(json!({})) };
    let failure = format!("{:?}", resolved(&typed, 60).unwrap_err());
    assert!(!failure.contains("SECRET"), "{failure}");
    let token = AnalysisArgs {
        prometheus: Some("http://p:9090".into()),
        prometheus_auth: Some("SECRET".into()),
        ..AnalysisArgs::default()
    };
    assert!(!format!("{:?}", resolved(&token, 60).unwrap_err()).contains("SECRET"));
}

#[test]
fn words_to_type_again_are_those_that_were_typed() {
    let args = AnalysisArgs {
        prometheus: Some("http://p:9090".into()),
        compare_requests: Some("a_total".into()),
        compare_errors: Some("b_total".into()),
        ..AnalysisArgs::default()
    };
    let all: Vec<String> = again(&args).collect();
    assert_eq!(all, ["--prometheus=http://p:9090", "--compare-requests=a_total", "--compare-errors=b_total"]);
    let resolved = resolved(&args, 60).unwrap();
    assert_eq!(resolved.compare.map(|compare| compare.allowed()), Some(2.0));
}
