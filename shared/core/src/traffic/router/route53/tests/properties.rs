//! What holds for all records, at random: `PROPTEST_RNG_SEED` has those of a failure again.

use proptest::prelude::*;
use serde_json::json;

use super::super::{Change, RecordSet};
use super::{Scene, set};
use crate::hostile::{hostile_word, is_obeyed_or_unseen};

/// Weighted records of blue, green and somebody else.
fn records() -> impl Strategy<Value = Vec<RecordSet>> {
    let one =
        (prop::sample::select(vec!["A", "AAAA"]), prop::sample::select(vec!["blue", "green", "cdn"]), 0_i64..=255);
    prop::collection::vec(one, 1..8).prop_map(|all| {
        let made = all.into_iter().enumerate().map(|(at, (record_type, to, weight))| {
            let value = json!([{"Value": format!("{to}.example.net")}]);
            set(record_type, &format!("r{at}"), json!({"Weight": weight, "ResourceRecords": value}))
        });
        made.collect()
    })
}

proptest! {
    /// Requests of others would go to a color, a color would not have all, or the way back would be another one.
    #[test]
    fn a_move_gives_all_to_one_and_can_be_taken_back(sets in records()) {
        let behind = [("blue.example.net", "blue"), ("green.example.net", "green")];
        let scene = Scene::new("api.example.com", sets, &behind);
        let before = scene.records();
        if let Ok(batch) = before.plan("green") {
            let moved = scene.after(&batch);
            let after = moved.records();
            prop_assert!(after.holds("green"));
            prop_assert!(after.plan("green").unwrap().is_empty(), "once is enough");
            for group in &after.groups {
                let same = before.groups.iter().find(|it| it.record_type == group.record_type).unwrap();
                let sum = |group: &super::super::Group| group.weights().values().sum::<i64>();
                prop_assert_eq!(group.of_strangers(), same.of_strangers());
                if same.of_strangers() > 0 {
                    prop_assert_eq!(sum(group), sum(same), "the share of others is what it was");
                }
                prop_assert!(group.records.iter().all(|record| (0..=255).contains(&record.set.weight.unwrap())));
            }
            let deletes = batch.changes.iter().take_while(|it| matches!(it, Change::Delete(_))).count();
            prop_assert_eq!(deletes.saturating_mul(2), batch.changes.len(), "deletes first, as many as creates");
            let mut back = moved.after(&batch.undo()).sets;
            let mut was = scene.sets.clone();
            back.sort_by_key(|set| set.called());
            was.sort_by_key(|set| set.called());
            prop_assert_eq!(back, was);
        }
    }

    /// Whatever somebody calls a record or a color: it decides the same, and is shown so that it is seen.
    #[test]
    fn names_of_people_decide_nothing_and_are_shown_safely(identifier in hostile_word(), color in hostile_word()) {
        prop_assume!(color != "blue");
        let green = set("A", &identifier, json!({"Weight": 0, "ResourceRecords": [{"Value": "green.example.net"}]}));
        let blue = set("A", "blue ", json!({"Weight": 1, "ResourceRecords": [{"Value": "blue.example.net"}]}));
        let behind = [("blue.example.net", "blue"), ("green.example.net", color.as_str())];
        let scene = Scene::new("api.example.com", vec![blue, green], &behind);
        let batch = scene.records().plan(&color).unwrap();
        let after = scene.after(&batch).records();
        prop_assert!(after.holds(&color));
        let refused = scene.records().plan("nobody").unwrap_err().to_string();
        let told = after.unhealthy(&color).into_iter().map(|it| it.shown());
        for shown in told.chain(batch.created().map(RecordSet::called)).chain([refused]) {
            prop_assert!(!shown.chars().any(is_obeyed_or_unseen), "{:?}", shown);
        }
    }
}
