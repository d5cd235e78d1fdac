//! What the comparison promises, by the evaluator that judges real releases. `SIMULATED_RELEASES` says how many releases
//! a setting has; the seeds are the numbers from 0 on, so that a failure is the same everywhere.

use release_core::analysis::compare::canary::plan::Plan;
use simulation::many::{Judge, Outcome, plan, run};
use simulation::setting::{Setting, clean, day, settings};

const ERRORS: [&str; 1] = ["error-rate=1.25"];
const BOTH: [&str; 2] = ["error-rate=1.25", "p99-latency=1.2"];

fn releases() -> usize {
    std::env::var("SIMULATED_RELEASES").ok().and_then(|text| text.parse().ok()).unwrap_or(500)
}

fn judged(setting: &Setting, comparisons: &[&str]) -> Outcome {
    by(setting, plan(setting, comparisons))
}

fn by(setting: &Setting, plan: Plan) -> Outcome {
    let outcome = run(setting, &Judge::Ours(plan), releases());
    println!(
        "{}: {:.1} of 1,000 aborted, half of all within {:?} s, half of those with {:?} failed requests",
        setting.name,
        outcome.per_thousand(),
        outcome.median_seconds(),
        outcome.median_failed()
    );
    outcome
}

/// Half of the releases are off the bad canary within so many seconds, with so many failed requests.
fn found_within(outcome: &Outcome, seconds: f64, failed: f64) {
    assert!(outcome.median_seconds().is_some_and(|median| median <= seconds), "{:?}", outcome.median_seconds());
    assert!(outcome.median_failed().is_some_and(|median| median <= failed), "{:?}", outcome.median_failed());
}

/// Teams that are woken by good releases switch the analysis off.
#[test]
fn releases_that_change_nothing_are_not_aborted() {
    for setting in settings() {
        assert!(judged(&setting, &ERRORS).per_thousand() <= 5.0, "{}", setting.name);
    }
}

/// The default compares latency, too: one promise for both.
#[test]
fn releases_that_change_nothing_are_not_aborted_for_their_latency() {
    for (name, slow) in [("latency", 1.0), ("as slow as allowed", 1.2)] {
        let setting = Setting { name, slow: Some(slow), ..clean() };
        assert!(judged(&setting, &BOTH).per_thousand() <= 5.0, "{name}");
    }
}

/// A pause waits for a person over night, and is looked at four times a minute.
#[test]
fn a_day_of_looking_aborts_nothing() {
    assert!(judged(&day(), &ERRORS).per_thousand() <= 10.0);
    // A model of clumps alone aborts a third of these: a drift of the base rate looks like clumps to it.
    let drifting =
        Setting { name: "24 h, drift 0.7, no more errors allowed", drift: 0.7, steps: vec![(5.0, 5760)], ..clean() };
    assert!(judged(&drifting, &["error-rate=1"]).per_thousand() <= 10.0);
}

/// What is exactly as bad as allowed is allowed.
#[test]
fn a_canary_at_the_boundary_is_not_aborted() {
    for (name, comparison, rate) in [
        ("1.25 times the errors", "error-rate=1.25", 0.0025),
        ("0.99 of the success", "success-rate=0.99", 1.0 - 0.99 * 0.998),
    ] {
        let setting = Setting { name, ..clean().with_bad(rate) };
        assert!(judged(&setting, &[comparison]).per_thousand() <= 10.0, "{name}");
    }
}

#[test]
fn a_bad_canary_is_found_soon() {
    let bad = Setting { name: "2% errors", ..clean().with_bad(0.02) };
    found_within(&judged(&bad, &ERRORS), 180.0, 11.0);
    let timed = Setting { name: "2% errors beside latency", slow: Some(1.0), ..bad };
    found_within(&judged(&timed, &BOTH), 210.0, 13.0);
    let half = Setting { name: "50% errors", ..clean().with_bad(0.5) };
    found_within(&judged(&half, &ERRORS), 30.0, 45.0);
    let timed = Setting { name: "50% errors beside latency", slow: Some(1.0), ..half };
    found_within(&judged(&timed, &BOTH), 30.0, 45.0);
}

/// A step that waits for proof ends early with a good canary, and not with one of twice stable's errors.
#[test]
fn goodness_is_proven_of_the_good() {
    let steady = |name, rate, bad| Setting { name, rate, bad, steps: vec![(20.0, 100)], ..clean() };
    let proof = |setting: &Setting| run(setting, &Judge::OurProof(plan(setting, &ERRORS)), releases());
    let good = proof(&steady("good", 500.0, None));
    assert!(good.median_seconds().is_some_and(|median| median <= 150.0), "{:?}", good.median_seconds());
    let twice = proof(&steady("twice the errors", 500.0, Some((0..usize::MAX, 0.004))));
    assert!(twice.per_thousand() <= 50.0, "{}", twice.per_thousand());
}

/// New pods fail more often for a minute, and are none the worse for it.
#[test]
fn a_cold_start_aborts_nothing_where_it_is_left_out() {
    let cold = Setting { name: "60 s at 2%", bad: Some((0..4, 0.02)), ..clean() };
    assert!(judged(&cold, &ERRORS).per_thousand() > 50.0, "it would");
    let warm = Plan { warm_up: 60_000, ..plan(&cold, &ERRORS) };
    assert!(by(&cold, warm).per_thousand() <= 5.0);
}

/// Good behaviour doesn't hide a turn.
#[test]
fn a_canary_that_turns_bad_is_found_soon() {
    // At minute 15, where half of the requests begin to go to it.
    let turned = Setting { name: "2% errors from minute 15 on", bad: Some((60..usize::MAX, 0.02)), ..clean() };
    assert!(judged(&turned, &ERRORS).median_seconds().is_some_and(|median| median <= 900.0 + 120.0));
}

#[test]
fn a_slow_canary_is_found() {
    for (name, slow, seconds) in [("1.5 times as slow", 1.5, 420.0), ("twice as slow", 2.0, 120.0)] {
        let setting = Setting { name, slow: Some(slow), ..clean() };
        assert!(judged(&setting, &BOTH).median_seconds().is_some_and(|median| median <= seconds), "{name}");
    }
}
