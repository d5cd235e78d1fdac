//! Passes without evidence that people have reported of others: none of them is one here.

use super::tests::measured;
use super::*;

fn rules(interval: u64, count: Option<u32>) -> Rules {
    Rules {
        interval: Some(Duration::from_secs(interval)),
        initial_delay: Duration::ZERO,
        after_error: AFTER_ERROR,
        count,
        failure_limit: Some(2),
        inconclusive_limit: 0,
        consecutive_error_limit: 4,
        consecutive_success_limit: 0,
    }
}

/// argo-rollouts#4479: four errors and then failures within the limit were "Successful".
#[test]
fn errors_and_tolerated_failures_alone_are_no_pass() {
    let rules = rules(30, Some(5));
    for letters in ["EEEEF", "EEFEEF", "EFEFEE"] {
        assert_eq!(rules.phase(&measured(letters), Ending::TimeOver), Phase::Inconclusive, "{letters}");
    }
    let endless = Rules { count: None, ..rules };
    assert_eq!(endless.phase(&measured("FF"), Ending::TimeOver), Phase::Inconclusive);
}

/// argo-rollouts#1329, #2158: a metric that was terminated before it was measured is "Successful".
#[test]
fn what_was_never_measured_has_not_passed() {
    let rules = rules(30, None);
    assert_eq!(rules.phase(&[], Ending::TimeOver), Phase::Inconclusive);
    // Where another metric has failed already nothing depends on it, and Argo's word stands.
    assert_eq!(rules.phase(&[], Ending::Terminated), Phase::Successful);
    assert_eq!(of_run(&[Phase::Failed, Phase::Successful]), Phase::Failed);
}

/// flagger#1011: traffic, and with it every answer, ended midway, and the release went on.
#[test]
fn answers_that_cease_before_the_end_are_no_pass() {
    let rules = rules(5, None);
    assert_eq!(rules.phase(&measured("SSSSEE"), Ending::TimeOver), Phase::Inconclusive);
    assert_eq!(rules.phase(&measured("SSEES"), Ending::TimeOver), Phase::Successful);
}

/// argo-rollouts#3850: an inconclusive end was run again until it passed.
#[test]
fn an_inconclusive_end_is_not_mended_by_more_measurements() {
    let rules = rules(5, None);
    assert_eq!(rules.phase(&measured("SIS"), Ending::Open), Phase::Inconclusive);
    assert_eq!(rules.phase(&measured("SISSSSSS"), Ending::TimeOver), Phase::Inconclusive);
}

/// argo-rollouts#2026, #521: every measurement failed, and the count was reached.
#[test]
fn a_count_that_is_full_of_failures_is_no_success() {
    assert_eq!(rules(5, Some(3)).phase(&measured("FFF"), Ending::Open), Phase::Failed);
    // Where the limit tolerates all of them.
    assert_eq!(rules(5, Some(2)).phase(&measured("FF"), Ending::Open), Phase::Inconclusive);
}
