use serde_json::{Value, json};

use super::check;
use crate::checks::testing::{World, ids, told};

fn policy(name: &str, selector: &Value, rules: &Value) -> Value {
    let mut spec = rules.clone();
    spec["podSelector"] = json!({"matchLabels": selector});
    json!({"metadata": {"name": name}, "spec": spec})
}

fn from_web() -> Value {
    json!({"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 8080}]}]})
}

fn blue() -> Value {
    json!({"app": "api", "version": "blue"})
}

fn green() -> Value {
    json!({"app": "api", "version": "green"})
}

fn with(policies: Vec<Value>) -> World {
    World { network_policies: Ok(policies), ..World::healthy() }
}

#[test]
fn policies_that_treat_both_colors_alike_are_fine() {
    assert!(with(vec![]).findings(check).is_empty());
    assert!(with(vec![policy("api", &json!({"app": "api"}), &from_web())]).findings(check).is_empty());
    assert!(
        with(vec![policy("b", &blue(), &from_web()), policy("g", &green(), &from_web())]).findings(check).is_empty()
    );
}

#[test]
fn clients_would_be_shut_out_by_a_policy_that_admits_them_to_blue_only() {
    let deny = policy("deny-all", &json!({}), &json!({"policyTypes": ["Ingress"]}));
    let world = with(vec![deny, policy("api-web", &blue(), &from_web())]);
    assert_eq!(told(&world.findings(check)), ["x network-policy"]);
}

#[test]
fn green_s_own_policy_may_be_narrower_or_wider() {
    let narrow =
        json!({"ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 9090}]}]});
    let world = with(vec![policy("b", &blue(), &from_web()), policy("g", &green(), &narrow)]);
    assert_eq!(ids(&world.findings(check)), ["network-policy"]);
    for wide in [
        json!({"ingress": [{}]}),
        json!({"ingress": [{"from": [{"podSelector": {}}]}]}),
        json!({"ingress": [{"from": [{"namespaceSelector": {}}], "ports": [{"protocol": "TCP", "port": 8000, "endPort": 9000}]}]}),
    ] {
        let world = with(vec![policy("b", &blue(), &from_web()), policy("g", &green(), &wide)]);
        assert!(world.findings(check).is_empty(), "{wide}");
    }
}

#[test]
fn a_policy_on_green_alone_may_shut_everybody_out() {
    let world = with(vec![policy("g", &green(), &json!({}))]);
    assert_eq!(told(&world.findings(check)), ["x network-policy"]);
    assert!(with(vec![policy("g", &green(), &json!({"ingress": [{}]}))]).findings(check).is_empty());
}

#[test]
fn green_without_a_policy_is_open_to_all() {
    let world = with(vec![policy("b", &blue(), &from_web())]);
    assert_eq!(told(&world.findings(check)), ["! network-policy-uncovered"]);
}

#[test]
fn each_color_may_talk_to_itself() {
    let itself = |labels: &Value| json!({"ingress": [{"from": [{"podSelector": {"matchLabels": labels}}]}]});
    let world = with(vec![policy("b", &blue(), &itself(&blue())), policy("g", &green(), &itself(&green()))]);
    assert!(world.findings(check).is_empty());
}

#[test]
fn green_would_not_reach_a_database_that_admits_blue_only() {
    let admits = |labels: &Value| json!({"ingress": [{"from": [{"podSelector": {"matchLabels": labels}}], "ports": [{"port": 5432}]}]});
    let db = json!({"app": "db"});
    let world = with(vec![policy("db", &db, &admits(&blue()))]);
    assert_eq!(told(&world.findings(check)), ["x network-policy"]);
    for also in [policy("db-green", &db, &admits(&green())), policy("all", &json!({}), &json!({"ingress": [{}]}))] {
        assert!(with(vec![policy("db", &db, &admits(&blue())), also]).findings(check).is_empty());
    }
    assert!(with(vec![policy("db", &db, &admits(&json!({"app": "api"})))]).findings(check).is_empty());
}

#[test]
fn clients_that_may_reach_blue_only_would_be_cut_off() {
    let reach = json!({"policyTypes": ["Egress"], "egress": [{"to": [{"podSelector": {"matchLabels": blue()}}]}]});
    let world = with(vec![policy("web", &json!({"app": "web"}), &reach)]);
    assert_eq!(told(&world.findings(check)), ["x network-policy"]);
}

#[test]
fn green_would_not_get_out_to_what_blue_gets_out_to() {
    let deny = policy("deny-out", &json!({"app": "api"}), &json!({"policyTypes": ["Egress"]}));
    let out = json!({"policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]});
    let world = with(vec![deny, policy("api-out", &blue(), &out)]);
    assert_eq!(told(&world.findings(check)), ["x network-policy"]);
}

#[test]
fn rules_of_a_direction_that_the_policy_is_not_about_count_for_nothing() {
    let rules = json!({"policyTypes": ["Egress"], "ingress": [{"from": [{"podSelector": {"matchLabels": blue()}}]}], "egress": [{}]});
    assert!(with(vec![policy("db", &json!({"app": "db"}), &rules)]).findings(check).is_empty());
}

#[test]
fn what_may_not_be_read_is_said_once() {
    let world = World { network_policies: Err("forbidden".into()), ..World::healthy() };
    assert_eq!(told(&world.findings(check)), ["? network-policy"]);
}
