//! What has gone wrong for people with weighted and failover records, by public reports. Those about names are in
//! `name.rs`, about forms of a record in `record_set.rs`, about load balancers' names in `balancers.rs`, about time in
//! `staleness.rs`, about external-dns in `external_dns.rs`, about paging and refusals in the client.

use serde_json::{Value, json};

use super::super::super::standing::Standing;
use super::super::{Balancers, RecordSet, Refusal};
use super::{Scene, changes, set};

const ALB: &str = "current-1234567890.us-east-1.elb.amazonaws.com";
const LEGACY: &str = "legacy-987654321.us-east-1.elb.amazonaws.com";

fn alias(to: &str, more: Value) -> Value {
    let mut one = json!({"AliasTarget": {"HostedZoneId": "Z35SXDOTRQ7X7K", "DNSName": format!("{to}."), "EvaluateTargetHealth": true}});
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

/// <https://kupczynski.info/posts/zero-weight-dns-records>: the record of weight 100 became unhealthy, and requests came to
/// load balancers of weight 0 that nobody had looked after since the migration.
#[test]
fn a_weight_of_0_is_no_promise_while_the_other_is_unhealthy() {
    let sets =
        vec![set("A", "new", alias(ALB, json!({"Weight": 100}))), set("A", "old", alias(LEGACY, json!({"Weight": 0})))];
    let scene = Scene::new("api.example.com", sets, &[(ALB, "green"), (LEGACY, "blue")]);
    assert!(scene.records().holds("green"));
    let told: Vec<String> = scene.records().unhealthy("green").iter().map(|it| it.shown()).collect();
    assert_eq!(told, ["A: while the health checks of green fail, Route 53 answers with blue"]);
}

/// boto/boto3#1347: roles can't be changed one after the other ("RRset … with Primary exists"), and what was sent for both
/// at once was refused, for it had no TTL.
#[test]
fn roles_change_in_one_batch_that_has_all_members() {
    let batch = Scene::failover().records().plan("green").unwrap();
    assert_eq!(batch.changes.len(), 4, "both go before one comes");
    for set in batch.deleted().chain(batch.created()) {
        assert!(set.ttl.is_some() && set.health_check_id.is_some() && !set.resource_records.is_empty(), "{set:?}");
    }
}

/// airbnb/zonify#23: a delete without the record's health check is refused ("the values provided do not match the current
/// values"), and every move with it.
#[test]
fn a_delete_names_the_health_check() {
    let batch = Scene::cnames().records().plan("green").unwrap();
    let checks: Vec<Option<&str>> = batch.deleted().map(|set| set.health_check_id.as_deref()).collect();
    assert_eq!(checks.iter().filter(|check| check.is_some()).count(), 3, "{checks:?}");
}

/// ansible-collections/community.aws#800: an alias has neither a TTL nor values, and a delete that names some is refused.
#[test]
fn an_alias_is_deleted_without_ttl_and_values() {
    let batch = Scene::aliases().records().plan("green").unwrap();
    for set in batch.deleted().chain(batch.created()) {
        let json = serde_json::to_value(set).unwrap();
        assert!(json.get("TTL").is_none() && json.get("ResourceRecords").is_none(), "{json}");
    }
}

/// hashicorp/terraform-provider-aws#6480: `dualstack.` was taken off an alias by a change that was about something else,
/// and clients of IPv6 had no answer any more.
#[test]
fn a_move_leaves_the_alias_as_it_is_written() {
    let batch = Scene::aliases().records().plan("green").unwrap();
    let aliases = || batch.created().filter_map(|set| set.alias_target.as_ref());
    assert_eq!(aliases().count(), 4);
    assert!(
        aliases().all(|alias| alias.dns_name.starts_with("dualstack.k8s-shop-") && alias.dns_name.ends_with("com."))
    );
}

/// kubernetes-sigs/external-dns#1411 and #3141: a simple record of the name stands in the way of weighted ones.
#[test]
fn a_simple_record_is_told_to_be_one() {
    let simple = Scene::aliases().changed(|set| {
        set.weight = None;
        set.set_identifier = None;
    });
    let only = simple.without(|set| set.alias_target.as_ref().is_none_or(|alias| alias.dns_name.contains("green")));
    let said = only.records().plan("green").unwrap_err();
    assert_eq!(said.to_string(), "record A has the routing policy simple; only weighted and failover are moved");
    assert!(only.records().holds("blue"), "who has it is said all the same");
}

/// kubernetes-sigs/external-dns#4345: records by latency can't become weighted ones while others by latency are there.
#[test]
fn records_by_latency_are_left_alone() {
    let scene = Scene::aliases().changed(|set| {
        if set.weight.take().is_some() {
            set.other.insert("Region".into(), json!("us-east-1"));
        }
    });
    let said = scene.records().plan("green").unwrap_err();
    assert_eq!(
        said.to_string(),
        "record A \"blue\" has the routing policy latency; only weighted and failover are moved"
    );
}

/// kubernetes-sigs/external-dns#1877: a load balancer that became dual-stack had its A record, and no AAAA record.
#[test]
fn a_color_without_an_aaaa_record_is_not_moved_to() {
    let scene =
        Scene::aliases().without(|set| set.record_type == "AAAA" && set.set_identifier.as_deref() == Some("green"));
    let said = scene.records().plan("green").unwrap_err();
    assert_eq!((said.to_string().as_str(), said.reason()), ("no AAAA record leads to green", "RecordsLackColor"));
    // Where IPv6 goes to somebody else's, it stays there, and that is told.
    let mut elsewhere = scene;
    elsewhere.balancers = Balancers::of([(ALB, "none")]);
    assert_eq!(elsewhere.records().staying().count(), 2);
}

/// kubernetes-sigs/external-dns#2362: "A non-alias primary ResourceRecordSet must have an associated health check".
#[test]
fn what_can_not_be_primary_does_not_become_it() {
    let scene = Scene::failover().changed(|set| {
        if set.failover.as_deref() == Some("SECONDARY") {
            set.health_check_id = None;
        }
    });
    let said = scene.records().plan("green").unwrap_err();
    assert_eq!(said, Refusal::NoHealthCheck { record: "CNAME \"test-us-east-2.example.com.\"".into() });
    let primary = set("A", "a", alias(ALB, json!({"Failover": "PRIMARY"})));
    let secondary = set("A", "b", alias(LEGACY, json!({"Failover": "SECONDARY"})));
    let aliases = Scene::new("api.example.com", vec![primary, secondary], &[(ALB, "blue"), (LEGACY, "green")]);
    assert!(aliases.records().plan("green").is_ok(), "an alias is looked at by itself");
}

/// kubernetes-sigs/external-dns#1420: the failover records are aliases of simple records in the same zone, which external-dns
/// makes for each cluster's load balancer.
#[test]
fn records_between_the_name_and_the_load_balancer_are_asked_for() {
    let to = |name: &str, role: &str| alias(name, json!({"Failover": role}));
    let (east, west) = ("hostname-us-east-1.mysite.com", "hostname-us-west-2.mysite.com");
    let sets = vec![set("A", "east", to(east, "PRIMARY")), set("A", "west", to(west, "SECONDARY"))];
    let mut scene = Scene::new("api.example.com", sets, &[(ALB, "blue"), (LEGACY, "green")]);
    assert!(scene.records().plan("green").is_err(), "nobody knows what these are");
    let unknown = scene.balancers.unknown(&scene.sets);
    assert_eq!(unknown.iter().map(ToString::to_string).collect::<Vec<_>>(), [east, west]);
    let simple = |name: &str, to: &str| RecordSet {
        name: name.into(),
        set_identifier: None,
        ..set("A", "", alias(to, json!({})))
    };
    scene.balancers = scene.balancers.following(&[simple(east, ALB), simple(west, LEGACY)]);
    assert!(scene.balancers.unknown(&scene.sets).is_empty());
    let batch = scene.records().plan("green").unwrap();
    assert!(scene.after(&batch).records().holds("green"));
    assert_eq!(scene.records().seconds(), 60);
}

/// foremast/foremast#121: a secondary record without a primary one brought the service down.
#[test]
fn a_secondary_alone_is_no_failover() {
    let scene = Scene::failover().without(|set| set.failover.as_deref() == Some("PRIMARY"));
    assert!(scene.records().holds("green"), "it answers");
    assert_eq!(scene.records().plan("blue").unwrap_err().reason(), "RecordsLackColor");
}

/// aws/aws-sdk-go-v2#518: "weighted sets must contain the same TTL": one of them can't be changed by itself.
#[test]
fn all_weighted_records_keep_their_ttl() {
    let scene = Scene::cnames();
    let after = scene.after(&scene.records().plan("green").unwrap());
    assert!(after.sets.iter().all(|set| set.ttl == Some(300)));
}

/// chef-boneyard/route53#100: two records of weight 0 share the answers.
#[test]
fn records_that_all_weigh_nothing_share() {
    let scene = Scene::two("CNAME", json!({"Weight": 0, "TTL": 300}), json!({"Weight": 0, "TTL": 300}));
    assert_eq!(scene.records().standing().shown(), "blue 1, green 1");
    let batch = scene.records().plan("green").unwrap();
    assert_eq!(changes(&batch), ["DELETE CNAME \"green\" 0", "CREATE CNAME \"green\" 2"]);
    assert!(scene.after(&batch).records().holds("green"));
}

/// saltstack/salt#47693, aws/aws-cdk#29556, ansible-collections/community.aws#1378: a weight of 0 was left out as if it
/// were none, and refused or made a simple record of it.
#[test]
fn a_weight_of_0_is_written() {
    let batch = Scene::aliases().records().plan("green").unwrap();
    let weights: Vec<Value> = batch.created().map(|set| serde_json::to_value(set).unwrap()["Weight"].clone()).collect();
    assert_eq!(weights, [0, 100, 0, 100].map(Value::from));
}

/// chilts/nice-route53#20, barnybug/cli53#70: deleting one record of a set deleted its siblings, or none was found, for
/// want of its identifier.
#[test]
fn siblings_and_other_names_are_not_in_the_batch() {
    let scene = Scene::cnames();
    let batch = scene.records().plan("green").unwrap();
    let named = |set: &RecordSet| set.set_identifier.clone().unwrap();
    assert!(batch.deleted().all(|set| named(set) != "legacy"));
    let aliases = Scene::aliases();
    let batch = aliases.records().plan("green").unwrap();
    assert!(batch.deleted().all(|set| set.name == "api.example.com." && set.record_type != "TXT"));
    let after = aliases.after(&batch);
    assert!(after.sets.iter().any(|set| set.name == "www.example.com."));
}

/// hashicorp/terraform#18509, kubernetes-sigs/external-dns#732: "the values provided do not match the current values":
/// somebody else had written. Such a batch is refused as a whole, and looking again tells so.
#[test]
fn records_that_changed_meanwhile_are_told_from_our_own_write() {
    let scene = Scene::cnames();
    let batch = scene.records().plan("green").unwrap();
    let meanwhile = Scene::cnames().changed(|set| set.ttl = Some(60));
    assert_eq!(batch.fate(&meanwhile.sets), super::super::Fate::Overtaken);
    assert_eq!(meanwhile.records().standing(), Standing::On("blue".into()));
}

/// <https://dev.to/claire_nguyen/an-8-minute-outage-from-a-dead-nlb-and-a-jvm-that-cached-dns-forever-4dmj>: the old load
/// balancer was drained 60 s after the record had been moved. What is told is what resolvers do; a JVM that keeps answers
/// for ever isn't seen from here.
#[test]
fn the_time_of_an_alias_is_that_of_the_load_balancer() {
    let nlb = "old.elb.us-east-1.amazonaws.com";
    let sets =
        vec![set("A", "old", alias(nlb, json!({"Weight": 1}))), set("A", "new", alias(ALB, json!({"Weight": 0})))];
    let scene = Scene::new("api.example.com", sets, &[(nlb, "blue"), (ALB, "green")]);
    assert_eq!(scene.records().seconds(), 60);
    assert!(scene.records().slow().is_empty());
}
