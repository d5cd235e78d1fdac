//! Steps as Rollouts write them.

use std::time::Duration;

use serde_json::{Value, json};

use super::{of, paths};
use crate::release::argo_rollout::canary::WrittenStep;
use crate::release::canary::step::CanaryScale;
use crate::release::canary::steps::Waits;

/// `RolloutPause.DurationSeconds`: a number, a number as text, a time of Go's; and what none of them is.
#[test]
fn a_pause_is_as_long_as_it_is_to_argo() {
    let waits = |pause: Value| {
        let step = serde_json::from_value::<WrittenStep>(json!({"pause": pause})).map_err(|error| error.to_string())?;
        let WrittenStep::Done(step) = step else { return Err("not done".to_owned()) };
        let steps = crate::release::canary::steps::Steps { steps: vec![step], most: 100 };
        Ok::<Waits, String>(steps.waits_at(0))
    };
    for (duration, seconds) in [
        (json!(30), 30),
        (json!("30"), 30),
        (json!("1h30m"), 5400),
        (json!("1.5m"), 90),
        (json!(0), 0),
        (json!("0"), 0),
        (json!("900ms"), 0),
        (json!("+10"), 10),
    ] {
        assert_eq!(waits(json!({"duration": duration})), Ok(Waits::For(Duration::from_secs(seconds))), "{duration}");
    }
    assert_eq!(waits(json!({})), Ok(Waits::ForSomebody));
    assert_eq!(waits(json!({"duration": null})), Ok(Waits::ForSomebody));
    for bad in [
        json!("1d"),
        json!("soon"),
        json!(-1),
        json!("-5m"),
        json!(""),
        json!(1.5),
        json!("5 m"),
        json!("721h"),
        json!(true),
    ] {
        assert!(waits(json!({"duration": bad})).is_err(), "{bad}");
    }
}

#[test]
fn a_step_does_one_thing() {
    let read = |step: Value| serde_json::from_value::<WrittenStep>(step).map_err(|error| error.to_string());
    for (step, word) in [
        (json!({}), "does something"),
        (json!({"pause": null}), "does something"),
        (json!({"setweight": 5}), "setweight"),
        (json!({"setWeight": "5"}), "invalid type"),
        (json!({"setWeight": -5}), "negative"),
        (json!({"pause": {"seconds": 5}}), "seconds"),
        (json!({"setCanaryScale": {"replicas": -1}}), "invalid value"),
        (json!({"replicaProgressThreshold": {"type": "Pod", "value": 1}}), "beside steps"),
        (json!({"setHeaderRoute": {"name": "a", "match": [{"headerName": "x"}]}}), "headerValue"),
        (json!({"setHeaderRoute": {"name": "a", "match": [{"headerName": "x", "headerValue": {}}]}}), "one of exact"),
    ] {
        let why = read(step.clone()).expect_err(&step.to_string());
        assert!(why.contains(word), "{step}: {why}");
    }
    // Argo looks at four kinds only, and one of its own examples (for apisix) has these two.
    for several in [
        json!({"setWeight": 5, "pause": {}}),
        json!({"setCanaryScale": {"replicas": 1}, "setHeaderRoute": {"name": "a"}}),
        json!({"setWeight": 5, "setCanaryScale": {"weight": 5}, "experiment": {}}),
    ] {
        let unread = of(json!({"steps": [{"setWeight": 1}, several]})).expect_err(&several.to_string());
        assert_eq!(paths(&unread), (true, vec!["spec.strategy.canary.steps[1]"]), "{several}");
    }
}

#[test]
fn a_size_is_the_first_of_what_it_says() {
    let routed = json!({"istio": {"virtualService": {"name": "v"}}});
    for (scale, wanted) in [
        (json!({"replicas": 3, "weight": 50}), Some(CanaryScale::Replicas(3))),
        (json!({"weight": 50}), Some(CanaryScale::Weight(50))),
        (json!({"matchTrafficWeight": true, "replicas": 3}), None),
        (json!({}), None),
    ] {
        let canary = json!({"canaryService": "a", "stableService": "b", "trafficRouting": routed,
            "steps": [{"setCanaryScale": scale}]});
        assert_eq!(of(canary).unwrap().steps.scale_at(0), wanted, "{scale}");
    }
}

/// `utils/replicaset/canary.go`, `BeforeStartingStep`.
#[test]
fn what_judges_in_the_background_begins_at_its_step() {
    let judged = |starting: Value| {
        of(json!({"analysis": {"templates": [{"templateName": "t"}], "startingStep": starting},
            "steps": [{"setWeight": 5}, {"pause": {}}]}))
    };
    let begins = |starting: Value| {
        let background = judged(starting).unwrap().background.unwrap();
        [0, 1, 2].map(|step| background.judges_at(step))
    };
    assert_eq!(begins(Value::Null), [true, true, true]);
    assert_eq!(begins(json!(1)), [false, true, true]);
    let none = of(json!({"analysis": {"templates": []}, "steps": [{"setWeight": 5}]})).unwrap();
    assert_eq!(none.background, None, "no template is no judging");
}

/// Where no template is named nothing is judged: to Argo the step passes.
#[test]
fn a_step_that_judges_names_what_it_judges_by() {
    let unread = of(json!({"steps": [{"setWeight": 5}, {"analysis": {}}]})).unwrap_err();
    assert_eq!(paths(&unread), (true, vec!["spec.strategy.canary.steps[1].analysis"]));
}
