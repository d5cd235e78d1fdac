use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::json;

use super::{FREEZE, FREEZE_WINDOWS, frozen};

fn with(key: &str, text: &str) -> ObjectMeta {
    ObjectMeta { annotations: Some(BTreeMap::from([(key.to_owned(), text.to_owned())])), ..ObjectMeta::default() }
}

fn told(key: &str, text: &str, now: &str) -> Option<String> {
    frozen(&with(key, text), now.parse::<Timestamp>().unwrap()).map(|frozen| frozen.to_string())
}

#[test]
fn a_freeze_ends_at_its_time() {
    for (text, now, expected) in [
        ("2026-12-24T00:00Z end of year", "2026-12-23T23:59:59Z", "frozen until 2026-12-24T00:00:00Z: end of year"),
        ("2026-12-24T00:00:00+01:00", "2026-12-23T22:00:00Z", "frozen until 2026-12-23T23:00:00Z"),
        ("2026-12-24", "2026-12-23T22:00:00Z", "frozen until 2026-12-24T00:00:00Z"),
        (
            "2026-12-24T12:00 \u{1b}[2Jaudit",
            "2026-12-23T22:00:00Z",
            "frozen until 2026-12-24T12:00:00Z: \\u{1b}[2Jaudit",
        ),
    ] {
        assert_eq!(told(FREEZE, text, now).as_deref(), Some(expected), "{text}");
    }
    assert_eq!(told(FREEZE, "2026-12-24T00:00Z end of year", "2026-12-24T00:00:00Z"), None);
    assert_eq!(told(FREEZE, "2026-12-24", "2027-01-01T00:00:00Z"), None);
}

/// Somebody who is in a hurry writes no time.
/// Production would be released into, because somebody wrote a time as people write it.
#[test]
fn a_date_and_a_time_are_one_with_a_blank_between_them() {
    let holds = |text: &str, now: &str| told(FREEZE, text, now).is_some();
    for text in ["2026-11-30 23:00 end of year", "2026-11-30 23:00:00Z end", "2026-11-30 23:00"] {
        assert!(holds(text, "2026-11-30T22:59:00Z"), "{text}");
        assert!(!holds(text, "2026-11-30T23:00:00Z"), "{text}");
    }
    for text in ["2026-11-30 23:00 Europe/Berlin why", "2026-11-30T23:00 Europe/Berlin", "2026-11-30 23:00+01:00 why"] {
        assert!(holds(text, "2026-11-30T21:59:00Z"), "{text}");
        assert!(!holds(text, "2026-11-30T22:00:00Z"), "{text}");
    }
    // What looks like a time and is none holds.
    assert!(holds("2026-11-30 25:00 why", "2027-11-30T23:00:00Z"));
    assert!(!holds("2026-11-30 3 releases are enough", "2026-11-30T00:00:00Z"));
    assert!(told(FREEZE_WINDOWS, " ", "2026-11-30T00:00:00Z").is_some(), "somebody meant something");
}

#[test]
fn without_a_time_it_holds_until_it_is_taken_off() {
    for text in ["database migration", "2026-13-45T00:00Z typo", "true", ""] {
        let held = told(FREEZE, text, "2030-01-01T00:00:00Z").unwrap();
        assert!(held.starts_with("frozen") && !held.contains("until") && held.contains(text), "{held}");
    }
    for text in ["false", "off", " No "] {
        assert_eq!(told(FREEZE, text, "2030-01-01T00:00:00Z"), None, "{text}");
    }
}

/// 2026-11-27 was a Friday. Berlin is an hour ahead of UTC in winter.
#[test]
fn a_window_holds_each_week_in_its_own_zone() {
    let window = "Fri 16:00/Mon 08:00 Europe/Berlin";
    let end = "frozen until 2026-11-30T07:00:00Z: Fri 16:00/Mon 08:00 Europe/Berlin";
    for (now, holds) in [
        ("2026-11-27T14:59:59Z", false),
        ("2026-11-27T15:00:00Z", true),
        ("2026-11-29T12:00:00Z", true),
        ("2026-11-30T06:59:59Z", true),
        ("2026-11-30T07:00:00Z", false),
        ("2026-12-01T12:00:00Z", false),
    ] {
        assert_eq!(told(FREEZE_WINDOWS, window, now).as_deref(), holds.then_some(end), "{now}");
    }
    // In summer it is two hours ahead.
    assert!(told(FREEZE_WINDOWS, window, "2026-07-03T14:00:00Z").is_some());
    assert!(told(FREEZE_WINDOWS, window, "2026-07-03T13:59:00Z").is_none());
}

/// As in OctopusDeploy/Issues#9291, where Monday in Tokyo is still Sunday elsewhere; and as in argo-cd#17750, around
/// the nights in which clocks are changed.
#[test]
fn a_day_is_that_of_the_zone_and_clocks_may_change_within() {
    let monday = "Mon 00:00/Mon 06:00 Asia/Tokyo";
    assert!(told(FREEZE_WINDOWS, monday, "2026-11-29T15:30:00Z").unwrap().contains("until 2026-11-29T21:00:00Z"));
    assert_eq!(told(FREEZE_WINDOWS, monday, "2026-11-30T01:00:00Z"), None);
    // 02:30 isn't there on 29 March 2026, and is there twice on 25 October.
    let night = "Sun 01:00/Sun 02:30 Europe/Berlin";
    assert!(told(FREEZE_WINDOWS, night, "2026-03-29T00:30:00Z").unwrap().contains("until 2026-03-29T01:30:00Z"));
    assert!(told(FREEZE_WINDOWS, night, "2026-10-25T00:15:00Z").is_some());
    assert_eq!(told(FREEZE_WINDOWS, night, "2026-10-25T02:00:00Z"), None);
}

#[test]
fn windows_may_be_daily_within_a_day_and_several() {
    let night = "22:00/06:00";
    assert!(told(FREEZE_WINDOWS, night, "2026-11-27T05:59:00Z").unwrap().contains("until 2026-11-27T06:00:00Z"));
    assert!(told(FREEZE_WINDOWS, night, "2026-11-27T22:00:00Z").unwrap().contains("until 2026-11-28T06:00:00Z"));
    assert_eq!(told(FREEZE_WINDOWS, night, "2026-11-27T12:00:00Z"), None);
    let lunch = "22:00/06:00, 11:30/13:00 UTC; saturday 00:00/sunday 23:59";
    assert!(told(FREEZE_WINDOWS, lunch, "2026-11-27T12:00:00Z").unwrap().contains("11:30/13:00"));
    assert!(told(FREEZE_WINDOWS, lunch, "2026-11-28T16:00:00Z").unwrap().contains("saturday"));
    assert_eq!(told(FREEZE_WINDOWS, lunch, "2026-11-27T16:00:00Z"), None);
    let in_the_week = "Tue 09:00/Thu 17:00";
    assert!(told(FREEZE_WINDOWS, in_the_week, "2026-11-25T03:00:00Z").is_some());
    assert_eq!(told(FREEZE_WINDOWS, in_the_week, "2026-11-27T03:00:00Z"), None);
}

/// A slip would leave production open over the weekend that it was to protect.
#[test]
fn a_window_that_makes_no_sense_holds_and_says_so() {
    for text in [
        "Fri 16:00",
        "Fri 16:00/Mon 08:00 Europe/Atlantis",
        "Fri 16:00/08:00",
        "16:00/Mon 08:00",
        "Fry 16:00/Mon 08:00",
        "Fri 4pm/Mon 8am",
        "Fri 25:00/Mon 08:00",
        "Fri 16:00/Fri 16:00",
        "Fri 16:00/Mon 08:00 Europe/Berlin why",
        "/",
    ] {
        let held = told(FREEZE_WINDOWS, text, "2026-12-01T12:00:00Z");
        assert!(held.as_ref().is_some_and(|held| held.contains("is no window")), "{text}: {held:?}");
    }
    assert!(told(FREEZE_WINDOWS, "  ", "2026-12-01T12:00:00Z").is_some(), "as one without a time");
}

#[test]
fn who_annotated_it_is_named() {
    let metadata: ObjectMeta = serde_json::from_value(json!({
        "annotations": {FREEZE: "audit"},
        "managedFields": [{"manager": "kubectl-annotate", "operation": "Update", "apiVersion": "v1", "time": "2026-11-20T00:00:00Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:annotations": {".": {}, format!("f:{FREEZE}"): {}}}}}],
    }))
    .unwrap();
    let frozen = frozen(&metadata, "2026-12-01T12:00:00Z".parse().unwrap()).unwrap();
    assert_eq!(frozen.to_string(), "frozen: audit (annotated by kubectl-annotate)");
}
