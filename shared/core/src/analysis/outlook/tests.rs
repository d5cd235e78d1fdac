//! What two teams' templates do, that they don't know of them.

use serde_json::{Value, json};

use super::*;

const WORDS: Words<'_> = Words { service: &["pay"], canary: &["pay-canary", "7c9f"] };

fn metric(query: &str, more: Value) -> CanaryMetric {
    let mut whole =
        json!({"name": "m", "successCondition": "result[0] < 1", "provider": {"prometheus": {"query": query}}});
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(whole).unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn of(metric: &CanaryMetric, lasts: u64, step: Option<u64>) -> Vec<Remark> {
    remarks(metric, Place { lasts: minutes(lasts), step: step.map(minutes) }, WORDS)
}

/// A pipeline's: errors over all requests of the service, each minute, failureLimit 3.
#[test]
fn a_quotient_over_the_whole_service_hides_the_canary() {
    let query = "sum(rate(http_requests_total{service=\"pay\",status=~\"5..\"}[5m])) / \
                 sum(rate(http_requests_total{service=\"pay\"}[5m])) * 100";
    let all = of(&metric(query, json!({"interval": "1m", "failureLimit": 3})), 20, Some(4));
    assert_eq!(
        all,
        [
            Remark::EndlessAtAStep { measurements: 4 },
            Remark::FailsWith { failure: 4, at: minutes(3) },
            Remark::WholeService,
            Remark::LooksBackFurther { range: minutes(5), step: minutes(4) },
            Remark::EmptyInHealthyTimes,
        ]
    );
    assert_eq!(all[1].to_string(), "failureLimit 3: the fourth failure fails it, at 3m at the earliest");
    assert_eq!(all[1].mend("error-rate").unwrap(), "--set error-rate.failureLimit=2 for one earlier");
    let third = metric(query, json!({"interval": "1m", "failureLimit": 2})).rules();
    assert_eq!(failure_at(&third, 3), minutes(2));
}

/// A platform team's: one measurement with a limit of 3, summed over every service.
#[test]
fn one_measurement_with_a_limit_of_three_can_not_fail() {
    let query = "sum(rate(http_requests_total{status=~\"2..\"}[5m])) / sum(rate(http_requests_total[5m]))";
    let all = of(&metric(query, json!({"failureLimit": 3})), 30, Some(5));
    assert_eq!(all, [Remark::CanNotFail { measurements: 1, limit: 3 }, Remark::NoSelector]);
    assert_eq!(all[0].mend("success-rate").unwrap(), "--set success-rate.failureLimit=0, or a smaller one");
}

/// A finding that is wrong is worse than none: who sees the canary is left alone.
#[test]
fn queries_that_see_the_canary_are_left_alone() {
    for query in [
        "sum(rate(x{service=\"pay-canary\"}[1m]))",
        "sum(rate(x{service=\"pay\",rollouts_pod_template_hash=\"7c9f\"}[1m]))",
        "sum(rate(x{pod=~\"pay-canary-.*\"}[1m]))",
        "sum by (version) (rate(x{service=\"pay\"}[1m]))",
        "sum(rate(x{destination_workload=\"pay\"}[1m]))",
        "this is { no query",
        "vector(1)",
    ] {
        let all = of(&metric(query, json!({"interval": "1m", "count": 5})), 20, Some(5));
        assert_eq!(all, [Remark::FailsWith { failure: 1, at: Duration::ZERO }], "{query}");
    }
    let named = metric("rate(pay_requests_total[1m])", json!({"interval": "1m"}));
    assert!(!of(&named, 20, None).contains(&Remark::NoSelector), "the name may be too short to tell");
}

#[test]
fn an_answer_that_is_made_up_for_is_never_empty() {
    let query = |rest: &str| format!("sum(rate(x{{service=\"pay-canary\",code=~\"5..\"}}[1m])) {rest}");
    let says = |query: &str, condition: &str| {
        let metric = metric(query, json!({"interval": "1m", "successCondition": condition}));
        of(&metric, 20, None).contains(&Remark::EmptyInHealthyTimes)
    };
    assert!(says(&query(""), "result[0] < 1"));
    assert!(!says(&query("or vector(0)"), "result[0] < 1"));
    assert!(!says(&query(""), "len(result) == 0 || result[0] < 1"));
    assert!(!says("sum(rate(x{service=\"pay-canary\",code!~\"5..\"}[1m]))", "result[0] > 1"));
}

#[test]
fn how_often_it_is_measured_follows_from_its_interval_and_its_count() {
    let of = |more: Value, lasts: u64| measurements(&metric("up", more).rules(), minutes(lasts));
    assert_eq!(of(json!({}), 10), 1);
    assert_eq!(of(json!({"interval": "1m"}), 10), 11);
    assert_eq!(of(json!({"interval": "1m", "count": 5}), 10), 5);
    assert_eq!(of(json!({"interval": "1m", "count": 50}), 10), 11);
    assert_eq!(of(json!({"interval": "5m", "count": 3}), 4), 1, "the run is over before the second");
}
