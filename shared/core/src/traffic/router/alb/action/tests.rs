use serde_json::Value;

use super::*;

fn forward(text: &str) -> Action {
    match parse(text) {
        Ok(Parsed::Forward(action)) => action,
        other => panic!("{other:?}"),
    }
}

fn weights(action: &Action) -> Vec<Option<i64>> {
    action.groups.iter().map(|group| group.weight).collect()
}

/// The controller's own example (docs/guide/ingress/annotations.md, "forward-multiple-tg").
const GUIDE: &str = r#"{"type":"forward","forwardConfig":{"targetGroups":[{"serviceName":"service-1","servicePort":"http","weight":20},{"serviceName":"service-2","servicePort":80,"weight":20},{"targetGroupARN":"arn-of-your-non-k8s-target-group","weight":60},{"targetGroupName":"name-of-your-non-k8s-target-group","weight":80}],"targetGroupStickinessConfig":{"enabled":true,"durationSeconds":200}}}"#;

/// What is written back is what was there, but for two numbers: argo-rollouts#1572 lost a stickiness so, and the
/// whole application with it.
#[test]
fn only_the_weights_change() {
    let action = forward(GUIDE);
    let named = |group: &Group| match &group.target {
        Target::Service(name) | Target::Group(name) => name.clone(),
    };
    let names: Vec<String> = action.groups.iter().map(named).collect();
    assert_eq!(names[..2], ["service-1", "service-2"]);
    assert!(matches!(&action.groups[3].target, Target::Group(name) if name == "name-of-your-non-k8s-target-group"));
    assert_eq!((weights(&action)[2], action.sticky_seconds), (Some(60), Some(200)));
    let moved = action.with_weights(GUIDE, &[(0, 0), (1, 40)]);
    let expected = GUIDE.replacen("\"weight\":20", "\"weight\":0", 1).replacen("\"weight\":20", "\"weight\":40", 1);
    assert_eq!(moved, expected);
    assert_eq!(forward(&moved).with_weights(&moved, &[(0, 20), (1, 20)]), GUIDE);
}

/// As argo-rollouts#1294 has it: capitals as AWS writes them, ports as text; and a block of YAML with blanks and a
/// line end behind it, an unknown field and names that look like the end of something.
#[test]
fn any_spelling_that_the_controller_takes_is_left_as_it_is() {
    let text = "{\n  \"Type\": \"forward\",\n  \"note\": \"}],\\\"Weight\\\": 7\",\n  \"ForwardConfig\": {\n    \"TargetGroups\": [\n      {\n        \"ServiceName\": \"express-info-stage-stable\",\n        \"ServicePort\": \"80\",\n        \"Weight\" : 100\n      },\n      { \"WEIGHT\":0 , \"ServiceName\": \"express-info-stage-canary\", \"ServicePort\": \"80\" }\n    ]\n  }\n}\n";
    let action = forward(text);
    assert_eq!(weights(&action), [Some(100), Some(0)]);
    let moved = action.with_weights(text, &[(0, 0), (1, 100)]);
    assert_eq!(moved, text.replace("\"Weight\" : 100", "\"Weight\" : 0").replace("\"WEIGHT\":0 ", "\"WEIGHT\":100 "));
    assert_eq!(weights(&forward(&moved)), [Some(0), Some(100)]);
}

/// A real one with a group that is alone and has no weight, and the short form.
#[test]
fn a_group_that_is_alone_has_everything() {
    let alone = r#"{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"test-service-service","ServicePort":"80"}]}}"#;
    let action = forward(alone);
    assert_eq!((weights(&action), action.counted(&action.groups[0])), (vec![None], 100));
    let grown = action.with_group_like(alone, 0, "next\"").unwrap();
    assert_eq!(
        grown,
        r#"{"Type":"forward","ForwardConfig":{"TargetGroups":[{"ServiceName":"test-service-service","ServicePort":"80","weight":100},{"ServiceName":"next\"","ServicePort":"80","weight":0}]}}"#
    );
    assert_eq!(weights(&forward(&grown)), [Some(100), Some(0)]);
    let null = alone.replace("\"80\"}", "\"80\",\"weight\":null}");
    assert_eq!(weights(&forward(&forward(&null).with_weights(&null, &[(0, 7)]))), [Some(7)]);
    for short in [r#"{"type":"forward","targetGroupARN": "arn"}"#, r#"{"type":"forward","targetGroupName": "by-name"}"#]
    {
        let action = forward(short);
        assert_eq!((action.groups.len(), action.with_group_like(short, 0, "api-green")), (1, None), "it has no list");
    }
}

/// A group that is added has the port of the one that it is made like, wherever its weight stands.
#[test]
fn a_color_can_be_added_without_requests() {
    let action = forward(GUIDE);
    let grown = action.with_group_like(GUIDE, 0, "service-3").unwrap();
    let added = forward(&grown);
    assert_eq!(added.groups[4].target, Target::Service("service-3".into()));
    assert_eq!((added.groups[4].weight, weights(&added)[..4].to_vec()), (Some(0), weights(&action)));
    assert!(
        grown.contains(r#"{"serviceName":"service-3","servicePort":"http","weight":0}],"targetGroupStickinessConfig""#)
    );
    assert_eq!(action.with_group_like(GUIDE, 2, "service-3"), None, "its target group is no Service's");
}

/// argo-rollouts#491: a weight of 0 that was left out stopped the whole load balancer, and nobody was told. The rules
/// are those of `validate` in the controller's config_types.go, and the limits of load balancers.
#[test]
fn what_the_controller_would_refuse_is_said() {
    let of = |groups: &str| format!(r#"{{"type":"forward","forwardConfig":{{"targetGroups":[{groups}]}}}}"#);
    let group = |rest: &str| format!(r#"{{"serviceName":"a","servicePort":80{rest}}}"#);
    for (text, why) in [
        ("{".to_owned(), "no JSON"),
        ("[]".to_owned(), "no JSON object"),
        (r#"{"type":"Forward","targetGroupARN":"a"}"#.to_owned(), "its type"),
        (r#"{"type":"forward"}"#.to_owned(), "neither"),
        (r#"{"type":"forward","targetGroupARN":"a","forwardConfig":{"targetGroups":[]}}"#.to_owned(), "both"),
        (r#"{"type":"forward","forwardConfig":{}}"#.to_owned(), "no targetGroups"),
        (of(&format!("{},{}", group(",\"weight\":100"), group(""))), "weight must be set"),
        (of(&group(",\"weight\":\"100\"")), "is no weight"),
        (of(&group(",\"weight\":1000")), "is no weight"),
        (of(&group(",\"weight\":-1")), "is no weight"),
        (of(&group(",\"weight\":1.5")), "is no weight"),
        (of(&group(",\"weight\":1,\"Weight\":2")), "weight is there twice"),
        (of(r#"{"serviceName":"a","weight":1}"#), "servicePort is missing"),
        (of(r#"{"servicePort":80,"weight":1}"#), "no name"),
        (of(r#"{"serviceName":"a","servicePort":80,"targetGroupName":"b"}"#), "by a Service and by itself"),
        (of(&vec![group(",\"weight\":1"); 6].join(",")), "6 target groups"),
    ] {
        let refused = parse(&text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
    for other in [
        r#"{"Type":"redirect","RedirectConfig":{"Protocol":"HTTPS","StatusCode":"HTTP_301"}}"#,
        r#"{"type":"fixed-response","fixedResponseConfig":{"contentType":"text/plain","statusCode":"503"}}"#,
    ] {
        assert_eq!(parse(other), Ok(Parsed::Other));
    }
}

/// A parser of JSON and the places agree on what was changed.
#[test]
fn whatever_stands_around_a_weight_stays() {
    let odd = "{ \"x\\u0022{\": [ {} , [] , \"\\\\\" ], \"type\" : \"forward\" , \"forwardConfig\" : { \"targetGroups\" : [ { \"serviceName\" : \"a&b<c\" , \"servicePort\" : \"https\" , \"weight\" : 1 } , { \"weight\":2,\"serviceName\":\"\u{e9}\",\"servicePort\":1} ] , \"y\" : null } }";
    let moved = forward(odd).with_weights(odd, &[(0, 0), (1, 3)]);
    let (mut before, after): (Value, Value) =
        (serde_json::from_str(odd).unwrap(), serde_json::from_str(&moved).unwrap());
    before["forwardConfig"]["targetGroups"][0]["weight"] = 0.into();
    before["forwardConfig"]["targetGroups"][1]["weight"] = 3.into();
    assert_eq!(before, after);
    assert_eq!(moved.len(), odd.len());
}
