//! What holds at each step, of plans as teams have them.

use serde_json::{Value, json};

use super::typed::{TypedSteps, pauses, weights};
use super::*;
use crate::release::canary::routes::TextMatch;

fn plan(steps: Value) -> Steps {
    Steps { steps: serde_json::from_value(steps).unwrap(), most: ALL }
}

/// A pipeline's: four weights, three pauses, and a judgement between them.
fn of_a_pipeline() -> Steps {
    plan(json!([
        {"setWeight": 5}, {"pause": {"duration": "5m"}}, {"setWeight": 20}, {"pause": {"duration": "10m"}},
        {"analysis": {"templates": [{"templateName": "errors"}]}},
        {"setWeight": 50}, {"pause": {"duration": "10m"}}, {"setWeight": 100},
    ]))
}

#[test]
fn a_weight_holds_until_the_next_one() {
    let steps = of_a_pipeline();
    let weights: Vec<u32> = (0..9).map(|at| steps.weight_at(at)).collect();
    assert_eq!(weights, [5, 5, 20, 20, 20, 50, 50, 100, 100]);
    let paused_first = plan(json!([{"pause": {}}, {"setWeight": 30}]));
    assert_eq!((paused_first.weight_at(0), paused_first.weight_at(1), paused_first.weight_at(2)), (0, 30, 100));
    assert_eq!(Steps::default().weight_at(0), 100, "without steps it is released at once");
    let per_mille = Steps { steps: vec![Step::SetWeight(5)], most: 1000 };
    assert_eq!((per_mille.weight_at(0), per_mille.weight_at(1)), (5, 1000));
    assert_eq!(steps.weights(), [(0, 5), (2, 20), (5, 50), (7, 100)]);
    assert_eq!(paused_first.weights(), [(1, 30), (2, 100)]);
}

/// argo-rollouts#198, #720, #839: a pause that was over never ended, or came twice.
#[test]
fn a_pause_is_over_when_its_time_is_and_one_without_waits_for_somebody() {
    let steps = of_a_pipeline();
    let at = |second| Timestamp::from_second(second).unwrap();
    assert_eq!(steps.waits_at(1), Waits::For(Duration::from_secs(300)));
    assert_eq!(steps.left(1, at(1000), at(1100)), Some(Duration::from_secs(200)));
    assert_eq!(steps.left(1, at(1000), at(1300)), Some(Duration::ZERO));
    assert_eq!(steps.left(1, at(1000), at(9000)), Some(Duration::ZERO));
    assert_eq!(steps.left(1, at(1000), at(900)), Some(Duration::from_secs(300)), "clocks differ");
    assert_eq!((steps.waits_at(4), steps.left(4, at(0), at(9))), (Waits::ForVerdict, None));
    assert_eq!((steps.waits_at(0), steps.waits_at(8)), (Waits::InEffect, Waits::InEffect));
    let open = plan(json!([{"setWeight": 20}, {"pause": {}}, {"pause": {"duration": "0s"}}]));
    assert_eq!(open.waits_at(1), Waits::ForSomebody);
    assert_eq!(open.left(2, at(1000), at(1000)), Some(Duration::ZERO), "0 passes at once");
}

#[test]
fn how_long_a_weight_is_in_force_follows_from_its_pauses() {
    let steps = of_a_pipeline();
    let minutes = |time: Duration| time.as_secs() / 60;
    assert_eq!(minutes(steps.pauses_from(0)), 25);
    assert_eq!([0, 2, 5, 7].map(|at| minutes(steps.holds(at))), [5, 10, 10, 0]);
    assert_eq!(steps.scaled(60).pauses_from(0), Duration::from_secs(25));
    assert_eq!(steps.scaled(60).weights(), steps.weights());
    assert_eq!(steps.scaled(0), steps);
}

/// argo-rollouts#677, #4642: the size is the canary's alone, its weight stays what it was.
#[test]
fn a_size_holds_until_it_is_that_of_the_weight_again() {
    let steps = plan(json!([
        {"setCanaryScale": {"replicas": 3}}, {"setWeight": 50}, {"setCanaryScale": {"weight": 100}}, {"pause": {}},
        {"setCanaryScale": "matchTrafficWeight"}, {"setWeight": 90},
    ]));
    let scales: Vec<Option<CanaryScale>> = (0..7).map(|at| steps.scale_at(at)).collect();
    let (three, all) = (Some(CanaryScale::Replicas(3)), Some(CanaryScale::Weight(100)));
    assert_eq!(scales, [three, three, all, all, None, None, None]);
    assert_eq!((steps.weight_at(2), steps.weight_at(4)), (50, 50));
}

#[test]
fn a_route_is_in_force_until_it_is_taken_away_or_all_is_over() {
    let header = |name: &str, value: Option<&str>| {
        let matches = value.map(|value| json!({"headerName": "x-tester", "headerValue": {"exact": value}}));
        json!({"setHeaderRoute": {"name": name, "match": matches.into_iter().collect::<Vec<_>>()}})
    };
    let mirror = json!({"setMirrorRoute": {"name": "copy", "percentage": 30, "match": [{"path": {"prefix": "/"}}]}});
    let steps = plan(json!([
        header("one", Some("a")), header("two", Some("b")), {"setWeight": 5}, header("one", Some("c")), mirror,
        header("two", None), {"setMirrorRoute": {"name": "copy"}},
    ]));
    let named = |at| {
        let routes = steps.header_routes_at(at);
        let shown = routes.iter().map(|route| (route.name.as_str(), route.matches[0].header_value.text()));
        shown.collect::<Vec<_>>()
    };
    assert_eq!(named(0), [("one", "a")]);
    assert_eq!(named(2), [("one", "a"), ("two", "b")]);
    assert_eq!(named(4), [("two", "b"), ("one", "c")]);
    assert_eq!(named(6), [("one", "c")]);
    assert!(named(7).is_empty());
    assert_eq!((steps.mirror_routes_at(3).len(), steps.mirror_routes_at(5).len()), (0, 1));
    assert!(steps.mirror_routes_at(6).is_empty());
    assert!(serde_json::from_value::<TextMatch>(json!({"exact": "a", "prefix": "b"})).is_err());
    assert!(serde_json::from_value::<TextMatch>(json!({"exact": ""})).is_err());
}

/// A route that stands at 95 to 5 already, without a record of ours.
#[test]
fn a_weight_that_stands_already_tells_the_step() {
    let steps = of_a_pipeline();
    assert_eq!([5, 20, 50, 100].map(|weight| steps.adopting(weight)), [Some(0), Some(2), Some(5), Some(7)]);
    assert_eq!([0, 7, 95].map(|weight| steps.adopting(weight)), [None, None, None]);
}

/// A colleague goes on from the record alone.
#[test]
fn a_plan_is_the_same_after_it_was_written_down() {
    let steps = of_a_pipeline();
    let text = serde_json::to_string(&steps).unwrap();
    assert!(text.contains(r#"{"pause":{"duration":"5m"}}"#) && !text.contains("most"), "{text}");
    assert_eq!(serde_json::from_str::<Steps>(&text).unwrap(), steps);
    let open = plan(json!([{"pause": {}}, {"setCanaryScale": {"weight": 20}}]));
    assert_eq!(serde_json::from_value::<Steps>(serde_json::to_value(&open).unwrap()).unwrap(), open);
}

fn typed(steps: &str, pause: &str) -> Result<Steps, String> {
    let pauses = if pause.is_empty() { Vec::new() } else { pauses(pause)? };
    TypedSteps { weights: weights(steps)?, pauses }.steps()
}

#[test]
fn pauses_belong_to_typed_weights_in_order() {
    let steps = typed("5,20,50,100", "5m,10m,10m").unwrap();
    let named = typed("5%, 20%, 50%, 100%", "5m, 600, 10m").unwrap();
    assert_eq!(steps, named);
    let without_judging: Vec<Step> =
        of_a_pipeline().steps.into_iter().filter(|step| !matches!(step, Step::Analysis(_))).collect();
    assert_eq!(steps.steps, without_judging);
    assert_eq!(typed("5,20,100", "5m").unwrap(), typed("5,20,100", "5m,5m").unwrap(), "one is for all");
    assert_eq!(typed("5,50", "1m,2m").unwrap().pauses_from(0), Duration::from_secs(180));
    assert_eq!(typed("5,100", "").unwrap().steps.len(), 2);
    assert_eq!(typed("100", "5m").unwrap().steps, [Step::SetWeight(100)]);
}

#[test]
fn typed_steps_that_make_no_sense_say_why() {
    for (steps, pause, word) in [
        ("5,20,50,100", "5m,10m", "2 pauses for 3 weights"),
        ("5,20,50,100", "5m,10m,10m,10m", "4 pauses for 3 weights"),
        ("5,50,20", "5m", "rise"),
        ("5,5", "5m", "rise"),
        ("0,50", "5m", "\"0\""),
        ("5,101", "5m", "\"101\""),
        ("", "5m", "\"\""),
        ("5,,50", "5m", "\"\""),
        ("5;50", "5m", "5;50"),
        ("5,50", "5m,soon", "time"),
        ("5,50", "-5m", "negative"),
    ] {
        let why = typed(steps, pause).expect_err(steps);
        assert!(why.contains(word), "{steps} {pause}: {why}");
    }
}
