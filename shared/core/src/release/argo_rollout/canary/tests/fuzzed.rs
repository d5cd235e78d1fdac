//! A Rollout is somebody's file: whatever stands in it is read, or said to be wrong.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::rollout;
use crate::release::argo_rollout::Rollout;
use crate::release::canary::pods::by_ratio::{by_ratio, reachable};
use crate::release::canary::pods::routed::{Load, routed};

fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|number| json!(number)),
        (-2_i64..130).prop_map(|number| json!(number)),
        prop::sample::select(vec!["", "5m", "25%", "-1s", "a", "9223372036854775807h", "0"])
            .prop_map(|text| json!(text)),
    ]
}

/// Mostly what makes sense.
fn mostly(good: std::ops::Range<i64>) -> impl Strategy<Value = Value> {
    prop_oneof![20 => good.prop_map(|number| json!(number)), 1 => values()]
}

fn steps() -> impl Strategy<Value = Value> {
    let step = (0_u8..8, mostly(0..101), mostly(0..30)).prop_map(|(kind, one, other)| match kind {
        0 | 1 => json!({"setWeight": one}),
        2 => json!({"pause": {"duration": one}}),
        3 => json!({"setCanaryScale": {"replicas": one, "weight": other}}),
        4 => json!({"analysis": {"templates": [{"templateName": "t"}], "args": [{"name": "a", "value": "b"}]}}),
        5 => json!({"setHeaderRoute": {"name": "m", "match": [{"headerName": "x", "headerValue": {"exact": "y"}}]}}),
        6 => json!({"setMirrorRoute": {"name": "m", "percentage": one}}),
        _ => json!({"pause": {}}),
    });
    prop::collection::vec(step, 0..6).prop_map(Value::Array)
}

proptest! {
    #[test]
    fn no_rollout_ends_the_run(
        steps in steps(), replicas in mostly(1..60), surge in mostly(0..4), least in mostly(0..9), most in mostly(100..1001), dynamic: bool,
    ) {
        let routing = json!({"plugins": {"argoproj-labs/gatewayAPI": {"httpRoute": "r"}},
            "managedRoutes": [{"name": "m"}], "maxTrafficWeight": most});
        let canary = json!({"steps": steps, "maxSurge": surge, "minPodsPerReplicaSet": least, "trafficRouting": routing,
            "dynamicStableScale": dynamic});
        let mut whole = rollout(canary, json!({}));
        whole["spec"]["replicas"] = replicas;
        let Ok(rollout) = serde_json::from_value::<Rollout>(whole) else { return Ok(()) };
        let Ok(release) = rollout.canary_release(false) else { return Ok(()) };
        for at in 0..=release.steps.steps.len() {
            let weight = release.steps.weight_at(at);
            prop_assert!(weight <= release.steps.most);
            let scale = release.steps.scale_at(at);
            let load = Load { weight, most: release.steps.most, scale, real: Some(weight), is_led_to: false };
            let pods = routed(&release.sizing, load);
            prop_assert!(pods.stable <= release.sizing.replicas);
            prop_assert!(weight == 0 || pods.canary > 0);
            let _ = (release.steps.left(at, jiff::Timestamp::MIN, jiff::Timestamp::MAX), release.steps.holds(at));
        }
        let _ = (by_ratio(release.sizing.replicas, 50, release.sizing.surge() > 0), reachable(5, true));
        let text = serde_json::to_string(&release.steps).unwrap();
        prop_assert_eq!(serde_json::from_str::<crate::release::canary::steps::Steps>(&text).unwrap(), release.steps);
    }
}
