use std::collections::BTreeMap;

use super::*;
use crate::record::samples::record;

fn read(raw: &str) -> RecordedImages {
    RecordedImages::read(Some(&BTreeMap::from([(ImageRecord::CURRENT.to_owned(), raw.to_owned())])))
}

#[test]
fn a_record_survives_the_round_trip() {
    let written = record("r/api:2", "r/api@sha256:abc");
    assert_eq!(read(&serde_json::to_string(&written).unwrap()).current, Some(written));
}

#[test]
fn edited_records_are_reported_and_not_used() {
    let named = |name: &str| {
        let mut bad = record("a:1", "a:2");
        bad.containers[0].name = name.into();
        serde_json::to_string(&bad).unwrap()
    };
    let image = serde_json::to_string(&record("a:1; rm -rf ~", "a:2")).unwrap();
    for bad in ["", "nonsense", "[]", "{}", &image, &named("a b"), &named(""), &"x".repeat(100_000)] {
        let recorded = read(bad);
        assert_eq!(recorded.current, None);
        assert!(recorded.unreadable.is_some());
    }
}

/// The release after a rollback was undone by `kubectl rollout undo`, and the rollback would be called
/// the last thing that happened.
#[test]
fn a_record_that_came_back_with_its_template_is_outdated() {
    let revision = |number: i64, earlier: &[i64], image: &str| {
        let numbers: Vec<String> = earlier.iter().map(ToString::to_string).collect();
        let annotations = serde_json::json!({"deployment.kubernetes.io/revision": number.to_string(),
            "deployment.kubernetes.io/revision-history": numbers.join(",")});
        let spec = serde_json::json!({"template": {"spec": {"containers": [{"name": "app", "image": image}]}}});
        let metadata = serde_json::json!({"name": format!("api-{number}"), "annotations": annotations});
        serde_json::from_value::<Revision>(serde_json::json!({"metadata": metadata, "spec": spec})).unwrap()
    };
    let written = ImageRecord { revision: Some(2), ..record("a:2", "a:1") };
    let at_once = [revision(3, &[1], "a:1"), revision(2, &[], "a:2")];
    assert!(!written.is_outdated(&at_once));
    let new_settings = [revision(4, &[], "a:1"), revision(3, &[1], "a:1"), revision(2, &[], "a:2")];
    assert!(!written.is_outdated(&new_settings), "its image stayed");
    let undone = [revision(5, &[1, 3], "a:1"), revision(4, &[], "a:3"), revision(2, &[], "a:2")];
    assert!(written.is_outdated(&undone));
    assert!(!ImageRecord { revision: None, ..written }.is_outdated(&undone), "nobody knows");
}

#[test]
fn the_record_of_a_copied_manifest_is_another_workloads() {
    let written = ImageRecord { uid: Some("1".into()), ..record("a:2", "a:1") };
    let on = |uid: &str| {
        let annotations = serde_json::json!({ImageRecord::CURRENT: serde_json::to_string(&written).unwrap()});
        let metadata = serde_json::json!({"name": "api", "uid": uid, "annotations": annotations});
        let object = serde_json::json!({"metadata": metadata, "spec": {"selector": {}, "template": {}}});
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(object).unwrap();
        recorded_on(&deployment.into()).current.is_some()
    };
    assert_eq!((on("1"), on("2")), (true, false));
}

/// A rollback that somebody made up would be followed, or believed to be done.
#[test]
fn a_record_that_no_run_can_have_written_is_reported_and_not_used() {
    let on = |record: &ImageRecord| {
        let annotations = serde_json::json!({ImageRecord::CURRENT: serde_json::to_string(record).unwrap(),
            "deployment.kubernetes.io/revision": "3"});
        let metadata = serde_json::json!({"name": "api", "uid": "u", "annotations": annotations});
        let object = serde_json::json!({"metadata": metadata, "spec": {"selector": {}, "template": {}}});
        let deployment: k8s_openapi::api::apps::v1::Deployment = serde_json::from_value(object).unwrap();
        let recorded = recorded_on(&deployment.into());
        (recorded.current.is_some(), recorded.unreadable.is_some())
    };
    let written = record("a:2", "a:1");
    assert_eq!(on(&ImageRecord { revision: Some(2), ..written.clone() }), (true, false));
    assert_eq!(on(&ImageRecord { revision: Some(9), ..written.clone() }), (false, true));
    assert_eq!(on(&ImageRecord { uid: None, ..written }), (false, true));
}
