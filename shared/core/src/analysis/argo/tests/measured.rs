use std::time::Duration;

use jiff::Timestamp;

use crate::analysis::argo::no_data::{Measured, NoData, NoDataRules, Traffic, measured};
use crate::analysis::argo::run::{Standing, in_its_step, measured_in_its_step, verdict};
use crate::analysis::expression::{Answer, Condition};
use crate::analysis::verdict::{AFTER_ERROR, Ending, Measurement, Phase, Rules};

fn rules(count: Option<u32>, failure_limit: u32) -> Rules {
    Rules {
        interval: Some(Duration::from_secs(60)),
        initial_delay: Duration::ZERO,
        after_error: AFTER_ERROR,
        count,
        failure_limit: Some(failure_limit),
        inconclusive_limit: 0,
        consecutive_error_limit: 4,
        consecutive_success_limit: 0,
    }
}

fn letters(letters: &str) -> Vec<Measurement> {
    let of = |letter| match letter {
        'S' => Phase::Successful,
        'F' => Phase::Failed,
        'I' => Phase::Inconclusive,
        _ => Phase::Error,
    };
    letters.chars().map(|c| Measurement { phase: of(c), told: String::new(), at: Timestamp::UNIX_EPOCH }).collect()
}

/// Argo rejects it at a step; here it takes one more measurement than may fail, and goes on behind the step.
#[test]
fn what_has_no_end_ends_its_step_and_failures_add_up() {
    let endless = rules(None, 3);
    assert_eq!(measured_in_its_step(&endless), Some(4));
    let at = |done: &str| in_its_step(&endless, &letters(done));
    assert_eq!((at("SSS"), at("SSSS"), at("SFFF")), (Phase::Running, Phase::Successful, Phase::Successful));
    assert_eq!((at("FFFF"), at("FFF")), (Phase::Failed, Phase::Running));
    assert_eq!(at("ESEESSS"), Phase::Successful, "errors are no measurements");
    // Behind the step: the fourth failure of all.
    assert_eq!(endless.phase(&letters("SFFFSSSF"), Ending::Open), Phase::Failed);
    assert_eq!(in_its_step(&rules(Some(5), 1), &letters("SSSS")), Phase::Running);
    let tolerant = Rules { inconclusive_limit: 9, ..rules(None, 1) };
    assert_eq!(in_its_step(&tolerant, &letters("II")), Phase::Inconclusive, "no pass without evidence");
}

/// argo-rollouts#1360: a run ended while one of its metrics had not begun.
#[test]
fn a_run_waits_for_every_metric_and_one_bad_end_ends_all() {
    let counted = rules(Some(2), 0);
    let of = |all: &[(&str, bool)]| {
        let measured: Vec<Vec<Measurement>> = all.iter().map(|(done, _)| letters(done)).collect();
        let standing: Vec<Standing<'_>> = measured
            .iter()
            .zip(all)
            .map(|(measurements, (_, is_dry))| Standing { rules: &counted, measurements, is_dry: *is_dry })
            .collect();
        verdict(&standing, Ending::Open)
    };
    assert_eq!(of(&[("SS", false), ("", false)]).0, Phase::Running);
    assert_eq!(of(&[("SS", false), ("SS", false)]).0, Phase::Successful);
    let (run, phases) = of(&[("F", false), ("", false), ("S", false)]);
    assert_eq!((run, phases), (Phase::Failed, vec![Phase::Failed, Phase::Successful, Phase::Successful]));
    // What decides nothing ends nothing, and is waited for.
    assert_eq!(of(&[("F", true), ("S", false)]).0, Phase::Running);
    assert_eq!(of(&[("F", true), ("SS", false)]), (Phase::Successful, vec![Phase::Failed, Phase::Successful]));
    assert_eq!(of(&[("S", true), ("SS", false)]).0, Phase::Running);
    assert_eq!(of(&[("FF", true)]).0, Phase::Successful);
}

fn judged(success: Option<&str>, failure: Option<&str>, answer: &Answer, rule: NoData, traffic: Option<f64>) -> Phase {
    let condition = |text: Option<&str>| text.map(|text| Condition::of(text).unwrap());
    let (success, failure) = (condition(success), condition(failure));
    let traffic = traffic.map(|requests| Traffic { requests, enough: 100.0 });
    measured((success.as_ref(), failure.as_ref()), answer, rule, traffic).unwrap().phase
}

/// argo-rollouts#1466, #1905, #4479, flagger#1011: nothing is never good by itself.
#[test]
fn no_data_is_what_was_asked_for() {
    use NoData::{Fail, Inconclusive as Unsure, Zero};
    use Phase::{Failed, Inconclusive, Successful};
    let (empty, nan, one) = (Answer::Vector(vec![]), Answer::Vector(vec![f64::NAN]), Answer::Vector(vec![0.5]));
    for (success, failure, answer, rule, traffic, wanted) in [
        (Some("result[0] < 1"), None, &empty, Unsure, None, Inconclusive),
        (Some("all(result, # < 1)"), None, &empty, Unsure, None, Inconclusive),
        (None, Some("result[0] > 5"), &nan, Unsure, None, Inconclusive),
        (None, None, &empty, Unsure, None, Inconclusive),
        (Some("result[0] < 1"), None, &empty, Fail, None, Failed),
        (Some("result[0] < 1"), None, &empty, Zero, None, Inconclusive),
        (Some("result[0] < 1"), None, &empty, Zero, Some(99.0), Inconclusive),
        (Some("result[0] < 1"), None, &empty, Zero, Some(100.0), Successful),
        (Some("result[0] > 1"), None, &nan, Zero, Some(100.0), Failed),
        // Too few requests are nothing, either.
        (Some("result[0] < 1"), None, &one, Unsure, Some(3.0), Inconclusive),
        (Some("result[0] < 1"), None, &one, Zero, Some(3.0), Inconclusive),
        (Some("result[0] < 1"), None, &one, Unsure, Some(300.0), Successful),
        // Who says what nothing means is taken at his word.
        (Some("len(result) == 0 || result[0] < 1"), None, &empty, Unsure, None, Successful),
        (Some("isNaN(result[0]) || result[0] < 1"), None, &nan, Unsure, None, Successful),
        (Some("isNaN(result[0]) || result[0] < 1"), None, &empty, Unsure, None, Inconclusive),
    ] {
        let said = judged(success, failure, answer, rule, traffic);
        assert_eq!(said, wanted, "{success:?} {failure:?} {answer:?} {rule:?} {traffic:?}");
    }
    let null = Answer::Json(serde_json::Value::Null);
    assert_eq!(
        measured((None, None), &null, Unsure, None),
        Ok(Measured { phase: Inconclusive, why: Some("the answer is empty") })
    );
}

#[test]
fn a_rule_is_for_all_metrics_or_for_one() {
    let mut rules = NoDataRules::default();
    assert_eq!(rules.of("a"), NoData::Inconclusive);
    rules.add("fail").unwrap();
    rules.add("error-rate=zero").unwrap();
    assert_eq!((rules.of("a"), rules.of("error-rate")), (NoData::Fail, NoData::Zero));
    assert!(rules.add("a=maybe").unwrap_err().contains("maybe") && rules.add("ok").is_err());
}
