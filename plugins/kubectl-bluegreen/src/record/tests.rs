use release_core::release::annotations::{KEPT, KEPT_BYTES};
use release_core::release::record::{Record as _, Recorded};
use serde_json::json;

use super::*;

fn record() -> Record {
    Record {
        id: "1".into(),
        verb: RecordedVerb::Switch,
        key: "version".into(),
        from: "blue".into(),
        to: "green".into(),
        by: "ci".into(),
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        reason: String::new(),
        retain_seconds: 3600,
        selector: Labels::from([("app".into(), "api".into()), ("version".into(), "blue".into())]),
        left: vec![],
        service: String::new(),
        namespace: String::new(),
        router: String::new(),
        matched: String::new(),
        services: vec![],
        colors: BTreeMap::new(),
        widens: false,
        proven_by: vec![],
        answered_seconds: 0,
        result: None,
        millis: None,
    }
}

fn read(current: &str) -> Recorded<Record> {
    Recorded::read(Some(&BTreeMap::from([(Record::CURRENT.to_owned(), current.to_owned())])))
}

#[test]
fn a_record_survives_the_round_trip() {
    let recorded = read(&serde_json::to_string(&record()).unwrap());
    assert_eq!(recorded.current, Some(record()));
    assert!(recorded.unreadable.is_none());
}

#[test]
fn verbs_and_results_of_other_versions_are_kept_and_made_printable() {
    let mut odd = serde_json::to_value(record()).unwrap();
    (odd["verb"], odd["result"]) = (json!("shift\u{1b}"), json!("paused\u{7}"));
    let read = read(&odd.to_string()).current.unwrap();
    assert_eq!(
        (read.verb, read.result),
        (RecordedVerb::Other("shift\\u{1b}".into()), Some(RunResult::Other("paused\\u{7}".into())))
    );
}

#[test]
fn edited_records_are_reported_and_not_used() {
    let injected = serde_json::to_string(&Record { to: "green'; rm".into(), ..record() }).unwrap();
    let empty = serde_json::to_string(&Record { selector: Labels::new(), ..record() }).unwrap();
    for bad in ["", "garbage", "[]", "{}", r#"{"id":1}"#, &injected, &empty, &"x".repeat(100_000)] {
        let recorded = read(bad);
        assert_eq!(recorded.current, None, "{}", &bad[..bad.len().min(40)]);
        assert!(recorded.unreadable.is_some());
    }
}

#[test]
fn text_for_terminals_has_no_escapes() {
    let raw = serde_json::to_string(&Record { reason: "\u{1b}[2Jgone\n".into(), ..record() }).unwrap();
    assert_eq!(read(&raw).current.unwrap().reason, "\\u{1b}[2Jgone");
}

#[test]
fn history_stays_bounded() {
    let mut recorded = Recorded { current: Some(record()), ..Recorded::default() };
    for _ in 0..50 {
        let raw = recorded.history_with_current();
        assert!(raw.len() <= KEPT_BYTES);
        recorded = Recorded {
            current: Some(Record { reason: "r".repeat(250), ..record() }),
            history: serde_json::from_str(&raw).unwrap(),
            ..Recorded::default()
        };
    }
    assert!(recorded.history.len() > 5 && recorded.history.len() <= KEPT);
}

#[test]
fn retention_of_any_size_has_a_due_time() {
    assert_eq!(record().due(), "2026-01-01T01:00:00Z".parse().unwrap());
    let _ = Record { retain_seconds: u64::MAX, ..record() }.due();
}
