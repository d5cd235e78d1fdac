//! A move, what holds after it, and the way back.

use serde_json::json;

use super::super::super::standing::Standing;
use super::super::{Balancers, Batch, Change, DnsName, Fate, Records};
use super::{Scene, changes, set};

#[test]
fn all_types_of_the_name_are_moved_together() {
    let scene = Scene::aliases();
    let records = scene.records();
    assert_eq!(records.standing(), Standing::On("blue".into()));
    let batch = records.plan("green").unwrap();
    assert_eq!(
        changes(&batch),
        [
            "DELETE A \"blue\" 100",
            "DELETE A \"green\" 0",
            "DELETE AAAA \"blue\" 100",
            "DELETE AAAA \"green\" 0",
            "CREATE A \"blue\" 0",
            "CREATE A \"green\" 100",
            "CREATE AAAA \"blue\" 0",
            "CREATE AAAA \"green\" 100",
        ]
    );
    // What is deleted is what was read, to the last member: that is the condition.
    assert!(batch.deleted().all(|deleted| scene.sets.contains(deleted)));
    // And of the new only the weight is another one.
    for (old, new) in batch.deleted().zip(batch.created()) {
        assert_eq!(
            serde_json::to_value(old).unwrap()["AliasTarget"],
            serde_json::to_value(new).unwrap()["AliasTarget"]
        );
        assert_eq!((&old.name, &old.set_identifier), (&new.name, &new.set_identifier));
    }
    let lines =
        ["A \"blue\": 100 -> 0", "A \"green\": 0 -> 100", "AAAA \"blue\": 100 -> 0", "AAAA \"green\": 0 -> 100"];
    assert_eq!(batch.shown(), lines);
    let after = scene.after(&batch);
    assert!(after.records().holds("green") && !after.records().holds("blue"));
    assert_eq!(after.sets.len(), scene.sets.len(), "nothing is lost");
    let others = |scene: &Scene| scene.sets.iter().filter(|set| set.record_type == "TXT").count();
    assert_eq!(others(&after), others(&scene));
}

#[test]
fn the_way_back_is_exactly_what_was_there() {
    for (scene, to) in [(Scene::aliases(), "green"), (Scene::cnames(), "green"), (Scene::failover(), "green")] {
        let batch = scene.records().plan(to).unwrap();
        let moved = scene.after(&batch);
        assert!(moved.records().holds(to));
        let back = moved.after(&batch.undo());
        let mut sets = back.sets.clone();
        sets.sort_by_key(|set| scene.sets.iter().position(|before| before == set));
        assert_eq!(sets, scene.sets, "the weights within a color, too");
        assert_eq!(batch.undo().undo(), batch);
        let words: Vec<bool> = batch.undo().changes.iter().map(|it| matches!(it, Change::Delete(_))).collect();
        assert!(words.is_sorted_by(|one, next| one >= next), "deletes first: {words:?}");
    }
}

#[test]
fn what_holds_needs_no_change() {
    for scene in [Scene::aliases(), Scene::cnames(), Scene::failover()] {
        assert!(scene.records().plan("blue").unwrap().is_empty());
    }
    // Uneven shares within a color are somebody's intention.
    let cnames = Scene::cnames().changed(|set| {
        let weight = match set.set_identifier.as_deref() {
            Some("green-eu") => 200,
            Some("green-us") => 50,
            _ => 0,
        };
        set.weight = Some(weight);
    });
    assert!(cnames.records().plan("green").unwrap().is_empty());
}

/// One load balancer of several would get all requests of its color, and those of a stranger another share than before.
#[test]
fn several_load_balancers_share_and_strangers_keep_their_share() {
    let scene = Scene::cnames();
    let records = scene.records();
    assert_eq!(records.weights(), [("blue".to_owned(), 135), ("green".to_owned(), 0)].into());
    let batch = records.plan("green").unwrap();
    assert_eq!(
        changes(&batch),
        [
            "DELETE CNAME \"blue-eu\" 90",
            "DELETE CNAME \"blue-us\" 45",
            "DELETE CNAME \"green-eu\" 0",
            "DELETE CNAME \"green-us\" 0",
            "CREATE CNAME \"blue-eu\" 0",
            "CREATE CNAME \"blue-us\" 0",
            "CREATE CNAME \"green-eu\" 68",
            "CREATE CNAME \"green-us\" 67",
        ]
    );
    let after = scene.after(&batch).records();
    assert!(after.holds("green"));
    let strangers = |records: &Records| records.groups[0].of_strangers();
    assert_eq!((strangers(&records), strangers(&after)), (15, 15));
}

/// Where nobody else has a share, only the ratio counts: a record's weight can't be more than 255, and none of the
/// color's load balancers may be left without.
#[test]
fn weights_stay_within_what_route_53_takes() {
    let of = |color: &str, identifier: &str, weight: i64| {
        set("A", identifier, json!({"Weight": weight, "ResourceRecords": [{"Value": format!("{color}.example.net")}]}))
    };
    let behind = [("blue.example.net", "blue"), ("green.example.net", "green")];
    let sets = vec![of("blue", "b1", 200), of("blue", "b2", 200), of("green", "g1", 0)];
    let batch = Scene::new("api.example.com", sets, &behind).records().plan("green").unwrap();
    assert!(changes(&batch).contains(&"CREATE A \"g1\" 255".to_owned()));
    let sets = vec![of("blue", "b1", 1), of("green", "g1", 0), of("green", "g2", 0)];
    let batch = Scene::new("api.example.com", sets, &behind).records().plan("green").unwrap();
    assert_eq!(changes(&batch)[3..], ["CREATE A \"b1\" 0", "CREATE A \"g1\" 1", "CREATE A \"g2\" 1"]);
}

#[test]
fn failover_changes_roles_and_nothing_else() {
    let scene = Scene::failover();
    assert_eq!(scene.records().standing(), Standing::On("blue".into()));
    let batch = scene.records().plan("green").unwrap();
    let (west, east) = ("CNAME \"test-us-west-2.example.com.\"", "CNAME \"test-us-east-2.example.com.\"");
    assert_eq!(
        changes(&batch),
        [
            format!("DELETE {west} PRIMARY"),
            format!("DELETE {east} SECONDARY"),
            format!("CREATE {west} SECONDARY"),
            format!("CREATE {east} PRIMARY"),
        ]
    );
    for (old, new) in batch.deleted().zip(batch.created()) {
        assert_eq!((old.ttl, &old.health_check_id), (new.ttl, &new.health_check_id), "each keeps its own");
    }
    assert!(scene.after(&batch).records().holds("green"));
    let lines = [format!("{west}: PRIMARY -> SECONDARY"), format!("{east}: SECONDARY -> PRIMARY")];
    assert_eq!(batch.shown(), lines);
}

/// What a person pastes in an outage is what would have been sent.
#[test]
fn a_batch_can_be_given_to_the_aws_cli() {
    let batch = Scene::failover().records().plan("green").unwrap();
    let document = batch.document();
    let actions: Vec<_> = document["Changes"].as_array().unwrap().iter().map(|it| it["Action"].clone()).collect();
    assert_eq!(actions, ["DELETE", "DELETE", "CREATE", "CREATE"]);
    let listed: serde_json::Value = serde_json::from_str(super::FAILOVER).unwrap();
    assert_eq!(document["Changes"][0]["ResourceRecordSet"], listed["ResourceRecordSets"][0], "as it was listed");
    assert_eq!(document["Changes"][2]["ResourceRecordSet"]["Failover"], "SECONDARY");
}

/// After an answer that never came, what is so is read: a repeat would be refused as if somebody else had been there.
#[test]
fn what_became_of_a_batch_is_told_by_what_is_there() {
    let scene = Scene::aliases();
    let batch = scene.records().plan("green").unwrap();
    assert_eq!(batch.fate(&scene.sets), Fate::NotMade);
    let after = scene.after(&batch);
    assert_eq!(batch.fate(&after.sets), Fate::Made);
    let meddled = after.changed(|set| set.weight = set.weight.map(|weight| if weight == 100 { 50 } else { weight }));
    assert_eq!(batch.fate(&meddled.sets), Fate::Overtaken);
    assert_eq!(batch.fate(&[]), Fate::Overtaken);
    // The order of a record's values says nothing.
    let both =
        |first: &str, second: &str| json!({"Weight": 1, "ResourceRecords": [{"Value": first}, {"Value": second}]});
    let (one, other) = (set("A", "x", both("192.0.2.1", "192.0.2.2")), set("A", "x", both("192.0.2.2", "192.0.2.1")));
    assert!(one.is_as(&other) && Batch { changes: vec![Change::Create(one)] }.fate(&[other]) == Fate::Made);
}

#[test]
fn shares_that_are_split_are_told_and_can_be_given_to_one() {
    let scene = Scene::aliases().changed(|set| {
        if set.record_type == "AAAA" {
            set.weight = Some(50);
        }
    });
    let records = scene.records();
    assert_eq!(records.standing().shown(), "blue 150, green 50", "over all types");
    assert_eq!(records.leading().as_deref(), Some("blue"));
    let after = scene.after(&records.plan("green").unwrap()).records();
    assert!(after.holds("green"));
    assert_eq!(after.weights()["green"], 200);
}

/// Types that disagree are a move that somebody made by half.
#[test]
fn a_type_that_was_left_behind_is_no_whole_move() {
    let scene = Scene::aliases().changed(|set| {
        if set.record_type == "A" {
            set.weight = set.weight.map(|weight| 100 - weight);
        }
    });
    assert_eq!(scene.records().standing().shown(), "blue 100, green 100");
    let batch = scene.records().plan("green").unwrap();
    assert!(changes(&batch).iter().all(|change| change.contains("AAAA")), "{:?}", changes(&batch));
}

#[test]
fn an_empty_batch_is_made() {
    assert_eq!(Batch::default().fate(&[]), Fate::Made);
    assert!(Batch::default().is_empty() && Batch::default().undo().is_empty());
    let nobody = Records::of(&DnsName::of("x.example.com"), &[], &Balancers::default());
    assert_eq!(nobody.standing(), Standing::Nowhere);
    assert_eq!(nobody.leading(), None);
}
