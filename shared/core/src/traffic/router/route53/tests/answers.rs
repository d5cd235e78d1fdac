//! What Route 53 answers with, and what follows from health checks.

use serde_json::{Value, json};

use super::super::health::{Then, Unhealthy};
use super::super::{Group, Record};
use super::{Scene, set};

fn group(sets: Vec<(&str, Value)>) -> Group {
    let sets = sets.into_iter().map(|(identifier, more)| set("A", identifier, more)).collect();
    let behind = [("blue.example.net", "blue"), ("green.example.net", "green")];
    Scene::new("api.example.com", sets, &behind).records().groups.remove(0)
}

/// Which of the records are answered with, where these fail: as `yes` and `no` stand in AWS's tables.
fn answered(group: &Group, failing: &[&str]) -> Vec<bool> {
    let is_failing = |record: &Record| failing.contains(&record.set.set_identifier.as_deref().unwrap());
    let answering = group.answering(is_failing);
    group.records.iter().map(|record| answering.contains(&record)).collect()
}

/// Both tables of <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html>, "Health checks
/// and weighted routing": records 1 and 2 have a weight and a health check, record 3 has the weight 0.
#[test]
fn answers_are_those_of_the_tables_of_the_guide() {
    let checked = |weight: i64| json!({"Weight": weight, "HealthCheckId": "x"});
    let with = group(vec![("1", checked(1)), ("2", checked(1)), ("3", checked(0))]);
    for (failing, answers) in [
        (vec!["1", "2"], [false, false, true]),
        (vec!["1", "2", "3"], [true, true, false]),
        (vec!["1", "3"], [false, true, false]),
        (vec!["3"], [true, true, false]),
        (vec![], [true, true, false]),
    ] {
        assert_eq!(answered(&with, &failing), answers, "with a check: {failing:?}");
    }
    let without = group(vec![("1", checked(1)), ("2", checked(1)), ("3", json!({"Weight": 0}))]);
    for (failing, answers) in
        [(vec!["3"], [true, true, false]), (vec!["1", "2"], [false, false, true]), (vec!["1"], [false, true, false])]
    {
        assert_eq!(answered(&without, &failing), answers, "without one: {failing:?}");
    }
}

/// "Failover records" of
/// <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/health-checks-how-route-53-chooses-records.html>.
#[test]
fn the_primary_answers_unless_it_alone_is_unhealthy() {
    let role = |role: &str| json!({"Failover": role, "HealthCheckId": "x"});
    let both = group(vec![("1", role("PRIMARY")), ("2", role("SECONDARY"))]);
    for (failing, answers) in [
        (vec![], [true, false]),
        (vec!["2"], [true, false]),
        (vec!["1"], [false, true]),
        (vec!["1", "2"], [true, false]),
    ] {
        assert_eq!(answered(&both, &failing), answers, "{failing:?}");
    }
    let unchecked = group(vec![("1", role("PRIMARY")), ("2", json!({"Failover": "SECONDARY"}))]);
    assert_eq!(answered(&unchecked, &["1", "2"]), [false, true], "without a check it is healthy");
}

fn told(scene: &Scene, color: &str) -> Vec<String> {
    scene.records().unhealthy(color).iter().map(Unhealthy::shown).collect()
}

/// The tool says "green", and clients are on blue: weights of what is unhealthy are not looked at.
#[test]
fn where_answers_go_while_a_color_is_unhealthy_is_told() {
    let scene = Scene::aliases();
    let after = scene.after(&scene.records().plan("green").unwrap());
    assert_eq!(
        told(&after, "green"),
        [
            "A: while the health checks of green fail, Route 53 answers with blue",
            "AAAA: while the health checks of green fail, Route 53 answers with blue",
        ]
    );
    let unchecked = Scene::two("CNAME", json!({"Weight": 0}), json!({"Weight": 1}));
    assert_eq!(
        told(&unchecked, "green"),
        ["CNAME: no health check: clients are sent to green also while it is unhealthy"]
    );
    let alone = Scene::two("CNAME", json!({"Weight": 0}), json!({"Weight": 1, "HealthCheckId": "x"}))
        .without(|set| set.set_identifier.as_deref() == Some("blue"));
    assert!(told(&alone, "green")[0].ends_with("Route 53 answers with it all the same: there is nothing else"));
    // A record of the color that isn't checked answers for all of them; else what has the other weights does.
    let cnames = Scene::cnames();
    let after = cnames.after(&cnames.records().plan("green").unwrap()).records();
    assert_eq!(after.groups[0].while_unhealthy("green"), Then::NotSeen);
    let elsewhere = Then::Instead { colors: [].into(), elsewhere: true };
    assert_eq!(cnames.records().groups[0].while_unhealthy("blue"), elsewhere);
    assert!(told(&cnames, "blue")[0].ends_with("Route 53 answers with records of no color"));
}

#[test]
fn how_long_the_old_answer_stays_is_told_where_it_is_long() {
    let aliases = Scene::aliases().records();
    assert_eq!((aliases.seconds(), aliases.slow()), (60, vec![]), "an alias has the load balancer's 60 s");
    let odd = Scene::aliases().changed(|set| set.ttl = Some(0)).records();
    assert_eq!(odd.seconds(), 60, "an alias has no TTL of its own, whatever stands there (moto 5.2 has 0)");
    let cnames = Scene::cnames().records();
    assert_eq!(cnames.seconds(), 300);
    let wanted = "the CNAME records have a TTL of 300 s: so long after a move clients come to the old color";
    assert_eq!(cnames.slow(), [wanted]);
    // The larger of both: nobody knows any more which one an answer came from.
    assert_eq!(Scene::failover().records().seconds(), 120);
    let odd = Scene::two("CNAME", json!({"Weight": 1, "TTL": -1}), json!({"Weight": 0, "TTL": 0})).records();
    assert_eq!(odd.seconds(), 0);
}
