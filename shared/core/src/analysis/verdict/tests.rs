//! Argo's tables (`analysis/analysis.go`, `utils/evaluate`), in our own cases.

use super::*;

const RULES: Rules = Rules {
    interval: Some(Duration::from_secs(30)),
    initial_delay: Duration::ZERO,
    after_error: AFTER_ERROR,
    count: None,
    failure_limit: Some(0),
    inconclusive_limit: 0,
    consecutive_error_limit: 4,
    consecutive_success_limit: 0,
};

/// `S`, `F`, `I` and `E`, a measurement each.
pub fn measured(letters: &str) -> Vec<Measurement> {
    let phase = |letter| match letter {
        'S' => Phase::Successful,
        'F' => Phase::Failed,
        'I' => Phase::Inconclusive,
        _ => Phase::Error,
    };
    let of = |(at, letter)| Measurement {
        phase: phase(letter),
        told: String::new(),
        at: Timestamp::from_second(i64::try_from(at).unwrap()).unwrap(),
    };
    letters.chars().enumerate().map(of).collect()
}

fn open(rules: &Rules, letters: &str) -> Phase {
    rules.phase(&measured(letters), Ending::Open)
}

#[test]
fn limits_are_passed_by_one_more_and_checked_before_the_count() {
    let rules = Rules { count: Some(5), failure_limit: Some(2), ..RULES };
    assert_eq!(open(&rules, "FSF"), Phase::Running);
    assert_eq!(open(&rules, "FSFF"), Phase::Failed);
    assert_eq!(open(&rules, "FSFSS"), Phase::Successful);
    assert_eq!(open(&rules, "FSFSF"), Phase::Failed, "the last one counts before the count does");
    assert_eq!(open(&RULES, "SSF"), Phase::Failed);
    assert_eq!(open(&RULES, "SSI"), Phase::Inconclusive);
    let any = Rules { failure_limit: None, consecutive_success_limit: 2, ..rules.clone() };
    assert_eq!(open(&any, "FFF"), Phase::Running);
}

#[test]
fn errors_count_in_a_row_and_are_no_measurements() {
    assert_eq!(open(&RULES, "EEEE"), Phase::Running);
    assert_eq!(open(&RULES, "EEEEE"), Phase::Error);
    assert_eq!(open(&RULES, "EEEESEEEE"), Phase::Running, "any other measurement begins the row anew");
    let failing = Rules { failure_limit: Some(9), ..RULES };
    assert_eq!(open(&failing, "EEEEFEEEE"), Phase::Running);
    let rules = Rules { count: Some(2), ..RULES };
    assert_eq!(open(&rules, "SE"), Phase::Running);
    assert_eq!(open(&rules, "SES"), Phase::Successful);
}

#[test]
fn within_a_metric_an_error_outweighs_the_rest() {
    let rules = Rules { consecutive_error_limit: 0, ..RULES };
    assert_eq!(open(&rules, "FIE"), Phase::Error);
    assert_eq!(open(&rules, "FI"), Phase::Inconclusive);
    assert_eq!(open(&rules, "F"), Phase::Failed);
}

/// argo-rollouts#1850: early success; #4792: N in a row.
#[test]
fn enough_successes_in_a_row_end_it_early() {
    let rules = Rules { count: Some(5), consecutive_success_limit: 2, failure_limit: Some(3), ..RULES };
    assert_eq!(open(&rules, "FSS"), Phase::Successful);
    assert_eq!(open(&rules, "SESF"), Phase::Running, "an error ends the row");
    assert_eq!(open(&rules, "SFSFS"), Phase::Inconclusive, "the count is reached without");
    let any = Rules { failure_limit: None, ..rules };
    assert_eq!(open(&any, "SFSFS"), Phase::Failed);
}

#[test]
fn the_next_one_is_an_interval_after_the_last_and_soon_after_an_error() {
    let start = Timestamp::from_second(100).unwrap();
    let at = |rules: &Rules, letters: &str| rules.next(&measured(letters), start).as_second();
    let delayed = Rules { initial_delay: Duration::from_secs(60), ..RULES };
    assert_eq!(at(&delayed, ""), 160);
    assert_eq!(at(&delayed, "SS"), 1 + 30);
    assert_eq!(at(&delayed, "SE"), 1 + 10);
    let quick = delayed.scaled(10);
    assert_eq!((at(&quick, ""), at(&quick, "SS"), at(&quick, "SE")), (106, 1 + 3, 1 + 1));
    assert_eq!(delayed.scaled(0), delayed);
}

#[test]
fn a_run_is_as_its_worst_metric() {
    use Phase::{Error, Failed, Inconclusive, Running, Successful};
    for (phases, wanted) in [
        (vec![Successful, Failed, Error], Failed),
        (vec![Inconclusive, Error, Successful], Error),
        (vec![Successful, Inconclusive], Inconclusive),
        (vec![Successful, Running], Running),
        (vec![Successful, Successful], Successful),
        (vec![], Successful),
    ] {
        assert_eq!(of_run(&phases), wanted, "{phases:?}");
    }
}

#[test]
fn conditions_are_weighed_as_in_argo() {
    let condition = |text| Condition::of(text).unwrap();
    let (low, high) = (condition("result[0] < 1"), condition("result[0] > 5"));
    let judged = |success, failure, number| judge(success, failure, &Answer::Vector(vec![number]));
    assert_eq!(judged(None, None, f64::NAN), Ok(Phase::Successful));
    assert_eq!(judged(Some(&low), None, 0.5), Ok(Phase::Successful));
    assert_eq!(judged(Some(&low), None, 2.0), Ok(Phase::Failed));
    assert_eq!(judged(Some(&low), None, f64::NAN), Ok(Phase::Failed));
    assert_eq!(judged(None, Some(&high), 2.0), Ok(Phase::Successful));
    assert_eq!(judged(None, Some(&high), 6.0), Ok(Phase::Failed));
    assert_eq!(judged(None, Some(&high), f64::NAN), Ok(Phase::Successful));
    assert_eq!(judged(Some(&low), Some(&high), 2.0), Ok(Phase::Inconclusive));
    assert_eq!(judged(Some(&low), Some(&high), f64::NAN), Ok(Phase::Inconclusive));
    let always = condition("true");
    assert_eq!(judged(Some(&always), Some(&high), 6.0), Ok(Phase::Failed), "failure wins");
    assert!(judge(Some(&always), Some(&high), &Answer::Vector(vec![])).is_err());
}

proptest::proptest! {
    /// What was decided stays decided: another machine, or the same one later, comes to no milder end.
    #[test]
    fn measurements_never_take_a_bad_end_back(
        letters in "[SFIE]{0,12}",
        (count, failures, inconclusive) in (proptest::option::of(1_u32..8), proptest::option::of(0_u32..4), 0_u32..4),
        (errors, successes) in (0_u32..5, 0_u32..4),
    ) {
        let rules = Rules {
            count,
            failure_limit: failures,
            inconclusive_limit: inconclusive,
            consecutive_error_limit: errors,
            consecutive_success_limit: successes,
            ..RULES
        };
        let all = measured(&letters);
        for length in 0..=all.len() {
            let so_far = &all[..length];
            let phase = rules.phase(so_far, Ending::Open);
            let counts = Counts::of(so_far);
            proptest::prop_assert_eq!(counts.counted() + counts.errors, u32::try_from(length).unwrap());
            // Nothing is good without a measurement, however it ends.
            if counts.successful == 0 {
                proptest::prop_assert!(rules.phase(so_far, Ending::TimeOver) != Phase::Successful);
                proptest::prop_assert!(rules.phase(so_far, Ending::Open) != Phase::Successful);
            }
            if phase.is_final() {
                proptest::prop_assert_eq!(rules.phase(so_far, Ending::TimeOver), phase);
                proptest::prop_assert_eq!(rules.phase(so_far, Ending::Terminated), phase);
            }
        }
    }
}
