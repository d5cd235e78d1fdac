//! What is not moved, and why.

use serde_json::{Value, json};

use super::super::super::standing::Standing;
use super::super::{Balancers, Batch, RecordSet, Refusal};
use super::{Scene, set};

fn refusal(scene: &Scene, to: &str) -> Refusal {
    scene.records().plan(to).unwrap_err()
}

fn weight(weight: i64) -> Value {
    json!({"Weight": weight})
}

#[test]
fn other_ways_of_choosing_are_refused_by_name() {
    for (member, value, called) in [
        ("Region", json!("eu-west-1"), "latency"),
        ("GeoLocation", json!({"ContinentCode": "EU"}), "geolocation"),
        ("GeoProximityLocation", json!({"AWSRegion": "eu-west-1"}), "geoproximity"),
        ("MultiValueAnswer", json!(true), "multivalue answer"),
        ("CidrRoutingConfig", json!({"CollectionId": "x", "LocationName": "y"}), "IP-based"),
        ("TrafficPolicyInstanceId", json!("x"), "traffic policy"),
    ] {
        let scene = Scene::two("A", json!({member: value}), json!({member: value}));
        let said = refusal(&scene, "green");
        let wanted = format!("record A \"blue\" has the routing policy {called}; only weighted and failover are moved");
        assert_eq!((said.to_string(), said.reason()), (wanted, "OtherRoutingPolicy"));
        assert_eq!(scene.records().standing().shown(), "blue 1, green 1", "each answers somebody");
    }
    let simple = Scene::two("A", json!({}), json!({})).without(|set| set.set_identifier.as_deref() == Some("green"));
    assert!(refusal(&simple, "green").to_string().contains("the routing policy simple"));
    assert!(simple.records().holds("blue"));
}

#[test]
fn a_name_that_leads_to_no_color_is_said_to() {
    let mut scene = Scene::aliases();
    scene.balancers = Balancers::of([("another.us-east-2.elb.amazonaws.com", "blue"), ("", "green")]);
    let said = refusal(&scene, "green");
    assert_eq!(said.to_string(), "no record of api.example.com leads to a load balancer of a color");
    assert_eq!(scene.records().staying().count(), 2);
    scene.sets.clear();
    assert_eq!(refusal(&scene, "green").to_string(), "api.example.com has no records in the zone");
}

#[test]
fn a_record_that_leads_to_two_places_is_not_given_to_one() {
    let both = json!({"Weight": 100, "ResourceRecords": [{"Value": "192.0.2.1"}, {"Value": "192.0.2.2"}]});
    let behind = [("192.0.2.1", "blue"), ("192.0.2.2", "green"), ("192.0.2.3", "green")];
    let green = json!({"Weight": 0, "ResourceRecords": [{"Value": "192.0.2.3"}]});
    let sets = vec![set("A", "both", both), set("A", "green", green)];
    let scene = Scene::new("api.example.com", sets.clone(), &behind);
    assert_eq!(refusal(&scene, "green").to_string(), "record A \"both\" leads to blue and green at once");
    assert_eq!(scene.records().standing().shown(), "blue 100, green 100");
    let scene = Scene::new("api.example.com", sets, &[("192.0.2.1", "blue"), ("192.0.2.3", "green")]);
    assert_eq!(refusal(&scene, "green").to_string(), "record A \"both\" leads to blue and elsewhere at once");
}

/// Ingresses in one group have one load balancer: its name tells no color.
#[test]
fn colors_behind_one_load_balancer_are_refused() {
    let shared = json!({"Weight": 1, "ResourceRecords": [{"Value": "shared.example.net"}]});
    let sets = vec![set("CNAME", "blue", shared.clone()), set("CNAME", "green", shared)];
    let behind = [("shared.example.net", "blue"), ("shared.example.net", "green")];
    let said = refusal(&Scene::new("api.example.com", sets, &behind), "green");
    assert_eq!(
        (said.to_string().as_str(), said.reason()),
        ("record CNAME \"blue\" leads to blue and green at once", "MixedRecord")
    );
}

/// Answers of others would become those of a color, or a color would get none at all.
#[test]
fn shares_of_others_are_never_taken() {
    let other = |weight: i64| set("CNAME", "cdn", json!({"Weight": weight}));
    let nobody = Scene::two("CNAME", weight(0), weight(0)).with(other(10));
    assert_eq!(nobody.records().standing(), Standing::Nowhere);
    assert_eq!(refusal(&nobody, "green").to_string(), "the colors' CNAME records get no answers: others have them all");
    let zero = Scene::two("CNAME", weight(0), weight(0)).with(other(0));
    assert_eq!(zero.records().standing().shown(), "blue 1, green 1");
    assert!(
        refusal(&zero, "green")
            .to_string()
            .starts_with("all weights of the CNAME records are 0, which is equal shares")
    );
    let blue_too = set("CNAME", "b2", json!({"Weight": 200, "ResourceRecords": [{"Value": "blue.example.net"}]}));
    let much = Scene::two("CNAME", weight(200), weight(0)).with(blue_too).with(other(10));
    assert_eq!(
        refusal(&much, "green").to_string(),
        "the CNAME record would need the weight 400 to keep what others have, and 255 is the most"
    );
    let sorry = |role: &str| json!({"Failover": role, "HealthCheckId": "x"});
    let mut site = Scene::two("CNAME", sorry("PRIMARY"), sorry("SECONDARY"));
    site.balancers = Balancers::of([("green.example.net", "green")]);
    assert_eq!(refusal(&site, "green").reason(), "NoShareToMove");
    assert_eq!(site.records().standing(), Standing::Nowhere);
}

#[test]
fn failover_needs_one_of_each() {
    let role = |role: &str| json!({"Failover": role, "HealthCheckId": "x"});
    let twice = Scene::two("A", role("SECONDARY"), role("SECONDARY"));
    let said = refusal(&twice, "green");
    assert_eq!(said.to_string(), "failover needs one primary and one secondary A record: 0 and 2 are there");
    assert_eq!(twice.records().standing().shown(), "blue 1, green 1");
    let mixed = Scene::two("A", role("PRIMARY"), weight(1));
    assert_eq!(refusal(&mixed, "green").reason(), "OddFailover");
}

/// More than one request holds would be refused by Route 53 in the middle of a release.
#[test]
fn what_one_request_cannot_hold_is_refused() {
    let many: Vec<Value> = (0..501).map(|_| json!({"Value": "blue.example.net"})).collect();
    let scene = Scene::two("A", json!({"Weight": 1, "ResourceRecords": many}), weight(0));
    assert_eq!(refusal(&scene, "green"), Refusal::TooLarge);
    let long = Scene::two(
        "A",
        weight(1),
        json!({"Weight": 0, "ResourceRecords": [
        {"Value": "green.example.net"}, {"Value": format!("green.example.net{}", " ".repeat(20_000))}]}),
    );
    assert_eq!(refusal(&long, "green"), Refusal::TooLarge);
    assert!(!Batch::default().is_too_large());
}

#[test]
fn weights_that_nobody_can_have_end_nothing() {
    let scene = Scene::two("A", weight(i64::MAX), weight(i64::MIN)).with(set(
        "A",
        "b2",
        json!({"Weight": i64::MAX,
        "ResourceRecords": [{"Value": "blue.example.net"}]}),
    ));
    assert_eq!(scene.records().weights()["blue"], i64::MAX);
    assert!(scene.records().plan("green").is_ok());
}

/// Names of records and colors are people's: none of them may be obeyed by a terminal.
#[test]
fn what_is_refused_is_said_safely() {
    let odd = "\u{1b}]0;x\u{7}\u{202e}";
    let refusals = [
        Refusal::LacksColor { record_type: odd.into(), color: odd.into() },
        Refusal::Mixed {
            record: RecordSet { set_identifier: Some(odd.into()), ..RecordSet::default() }.called(),
            colors: vec![odd.into()],
            elsewhere: true,
        },
        Refusal::NoShare { record_type: odd.into() },
        Refusal::AllZero { record_type: odd.into() },
        Refusal::TooMuch { record_type: odd.into(), needed: 1, most: 1 },
        Refusal::OddFailover { record_type: odd.into(), primary: 0, secondary: 0 },
    ];
    for said in refusals.map(|refusal| refusal.to_string()) {
        assert!(!said.chars().any(crate::hostile::is_obeyed_or_unseen), "{said:?}");
    }
}
