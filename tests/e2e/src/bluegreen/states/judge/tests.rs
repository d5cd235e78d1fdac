//! Stories, and what is wrong with them.

use std::collections::BTreeMap;

use super::*;

/// At so many milliseconds: what is selected, what serves, what is ready (`blue 2, green 1`).
type Stood<'a> = (u64, &'a str, &'a str, &'a str);

fn counts(text: &str) -> BTreeMap<String, usize> {
    let pairs = text.split(", ").filter_map(|pair| pair.split_once(' '));
    pairs.map(|(color, count)| (color.to_owned(), count.parse().unwrap())).collect()
}

/// Judges a run to green that began after 1 s.
fn judged(code: u8, ended: u64, story: &[Stood<'_>]) -> Option<String> {
    judged_by_its_words("", code, ended, story)
}

fn judged_by_its_words(told: &str, code: u8, ended: u64, story: &[Stood<'_>]) -> Option<String> {
    judged_on(Duration::ZERO, told, code, ended, story)
}

/// Where news takes so long.
fn judged_on(lag: Duration, told: &str, code: u8, ended: u64, story: &[Stood<'_>]) -> Option<String> {
    let zero = Instant::now();
    let at = |millis| zero + Duration::from_millis(millis);
    let pictures: Vec<Picture> = story
        .iter()
        .map(|(millis, selected, serving, ready)| Picture {
            at: at(*millis),
            selected: (*selected).to_owned(),
            serving: counts(serving),
            reachable: counts(ready),
        })
        .collect();
    let (began, ended) = (at(1000), at(ended));
    complaint(&Ran {
        began,
        ended,
        lag,
        code,
        from: "blue",
        to: "green",
        told,
        insisted: false,
        promised: 2,
        pictures: &pictures,
    })
}

const READY: &str = "blue 2, green 2";

#[test]
fn a_switch_as_it_should_be() {
    let story = [(0, "blue", "blue 2", READY), (2000, "green", "blue 2", READY), (2100, "green", "green 2", READY)];
    assert_eq!(judged(0, 5000, &story), None);
    let back = [(4000, "green", "", "blue 2"), (7200, "blue", "", "blue 2"), (7300, "blue", "blue 2", "blue 2")];
    assert_eq!(judged(5, 7500, &[&story[..], &back[..]].concat()), None);
}

#[test]
fn done_is_held_against_what_serves() {
    let blue = (0, "blue", "blue 2", READY);
    for late in [
        (2000, "green", "blue 2", READY),
        (2000, "green", "green 1", READY),
        (2000, "green", "green 2, blue 1", READY),
        (2000, "green", "", READY),
        (2000, "blue", "blue 2", READY),
    ] {
        assert!(judged(0, 5000, &[blue, late]).is_some(), "{late:?}");
    }
}

#[test]
fn a_move_to_nothing_is_seen() {
    let story = [(0, "blue", "blue 2", "blue 2"), (2000, "green", "", "blue 2"), (2900, "blue", "blue 2", "blue 2")];
    assert!(judged(5, 3000, &story).is_some_and(|why| why.contains("had no pod")));
    // So is a way back to nothing.
    let story = [
        (0, "blue", "blue 2", READY),
        (2000, "green", "green 2", READY),
        (3000, "green", "green 1", "green 1"),
        (6000, "blue", "", "green 1"),
    ];
    assert!(judged(5, 6100, &story).is_some_and(|why| why.contains("had no pod")));
}

#[test]
fn a_service_that_is_left_empty_is_seen() {
    let empty = [(0, "blue", "blue 2", READY), (2000, "green", "green 2", READY), (3000, "green", "", "blue 2")];
    assert!(judged(4, 6000, &empty).is_some_and(|why| why.contains("left empty")));
    // It happened when the run was as good as over, or there was nowhere to go.
    assert_eq!(judged(4, 3700, &empty), None);
    let nowhere = [(0, "blue", "blue 2", READY), (2000, "green", "green 2", READY), (3000, "green", "", "")];
    assert_eq!(judged(1, 6000, &nowhere), None);
    // Nothing was written: the outage is nobody's.
    assert_eq!(judged(1, 6000, &[(0, "blue", "", "green 2")]), None);
}

#[test]
fn a_third_color_is_named_and_not_gone_to() {
    let story =
        [(0, "blue", "blue 2", READY), (2000, "green", "green 2", "green 2, red 1"), (3000, "green", "", "red 1")];
    assert!(judged(1, 7000, &story).is_some_and(|why| why.contains("red")));
    assert_eq!(judged_by_its_words("Try: kubectl bluegreen switch api --to red", 1, 7000, &story), None);
}

#[test]
fn an_emergency_is_no_wait() {
    let story = [
        (0, "blue", "blue 2", READY),
        (2000, "green", "green 2", READY),
        (3000, "green", "", "blue 2"),
        (15000, "blue", "", "blue 2"),
        (15100, "blue", "blue 2", "blue 2"),
    ];
    assert!(judged(5, 15200, &story).is_some_and(|why| why.contains("empty for 12")));
}

#[test]
fn slow_news_is_held_against_nobody() {
    let story = [
        (0, "blue", "blue 2", READY),
        (2000, "green", "green 2", READY),
        (3000, "green", "", "green 2"),
        (5000, "green", "", "blue 2"),
    ];
    assert!(judged(1, 6000, &story).is_some_and(|why| why.contains("left empty")));
    assert_eq!(judged_on(Duration::from_millis(300), "", 1, 6000, &story), None);
    assert!(judged_on(Duration::from_millis(300), "", 1, 7000, &story).is_some());
}

#[test]
fn exit_codes_that_no_run_has_are_crashes() {
    for code in [2, 101, 134, 137] {
        assert!(judged(code, 5000, &[(0, "blue", "blue 2", READY)]).is_some(), "{code}");
    }
}
