//! What Argo's evaluation says (expr 1.17.8), and what people have reported of it.

use super::*;

fn says(condition: &str, answer: &Answer) -> Result<bool, String> {
    Condition::of(condition).and_then(|condition| condition.holds(answer))
}

fn vector(numbers: &[f64]) -> Answer {
    Answer::Vector(numbers.to_vec())
}

/// What teams write, as Argo evaluates it.
#[test]
fn conditions_say_what_they_say_in_argo() {
    for (condition, numbers, wanted) in [
        ("result[0] < 1", vec![0.5], true),
        ("result[0] < 1", vec![1.5], false),
        ("result[0] >= 0.95", vec![0.95], true),
        ("result[0] == 1", vec![1.0], true),
        ("len(result) == 0 || result[0] < 1", vec![], true),
        ("len(result) > 0 ? result[0] < 1 : true", vec![], true),
        ("len(result) > 0 && result[0] < 1", vec![0.5], true),
        ("all(result, # < 0.95)", vec![0.5, 0.9], true),
        ("all(result, {# < 0.95})", vec![0.5, 0.99], false),
        ("all(result, # < 0.95)", vec![], true),
        ("any(result, {# > 1})", vec![0.5, 1.5], true),
        ("isNaN(result[0]) || result[0] > 0.9", vec![f64::NAN], true),
        ("!isInf(result[0])", vec![f64::INFINITY], false),
        ("mean(result) == 0", vec![], true),
        ("isNil(result)", vec![], false),
        ("result[-1] == 3", vec![1.0, 2.0, 3.0], true),
        ("asInt(result[0]) == 1", vec![1.9], true),
        ("asFloat(\"0.5\") < 1", vec![], true),
        ("len(filter(result, {# > 1})) == 1", vec![1.0, 2.0], true),
        ("count(result, # > 1) <= 1 and not (sum(result) > 100)", vec![1.0, 2.0], true),
        ("result[0] * 100 / 2 - -1 < 2 ** 3", vec![0.1], true),
        ("result[0] in [1, 2]", vec![2.0], true),
        ("max(result[0], 3) == 3", vec![2.0], true),
        ("true", vec![], true),
        ("len(result[1:]) == 1 && len(result[:1]) == 1", vec![1.0, 2.0], true),
    ] {
        assert_eq!(says(condition, &vector(&numbers)), Ok(wanted), "{condition} {numbers:?}");
    }
    assert_eq!(says("result < 1", &Answer::Scalar(0.5)), Ok(true));
    assert_eq!(says("default(result, 0) < 1", &Answer::Scalar(0.5)), Ok(true));
    assert_eq!(says("asFloat(result) < 1", &Answer::Scalar(0.5)), Ok(true));
}

/// argo-rollouts#1466, #363, kortix-ai/suna#3396: what is no number, or not there, is an error and neither good nor bad.
#[test]
fn what_can_not_be_said_is_an_error_and_no_verdict() {
    let (empty, one) = (vector(&[]), vector(&[2.0]));
    for (condition, answer) in [
        ("result[0] < 1", &empty),
        // Without Go's rule each of these would be true of nothing.
        ("result[0] != 5", &empty),
        ("!(result[0] == 5)", &empty),
        ("result[1] != 5", &one),
        ("result[-2] != 5", &one),
        // Kinds that don't compare.
        ("result >= 0", &one),
        ("result != 1", &one),
        ("!(result == 1)", &one),
        ("result[0] != \"a\"", &one),
        ("result[0] == true", &one),
        ("len(result) == 0 || result < 1", &empty),
        ("isNaN(result)", &one),
        ("result[0]", &one),
        ("result[0] + 1", &one),
        ("len(result)", &one),
        ("result[0.5] < 1", &one),
        ("result[0] && true", &one),
        ("result[0][0] < 1", &one),
        ("filter(result, # > 9)[0] != 1", &one),
        ("asInt(result[0] / 0) == 1", &one),
        ("asFloat(\"x\") == 1", &one),
        ("result == nil || result < 1", &one),
    ] {
        assert!(says(condition, answer).is_err(), "{condition} of {answer:?}: {:?}", says(condition, answer));
    }
    assert!(says("result[0] < 1", &Answer::Scalar(0.5)).is_err(), "a scalar has no index");
    assert!(says("isNaN(result[0])", &vector(&[f64::NAN])).is_ok());
}

/// argo-rollouts#4479, flagger#1095: nothing compares with what is no number.
#[test]
fn no_comparison_holds_of_not_a_number() {
    for condition in ["result[0] < 1", "result[0] >= 1", "result[0] == result[0]"] {
        assert_eq!(says(condition, &vector(&[f64::NAN])), Ok(false), "{condition}");
    }
}

/// The fallback that is copied everywhere never works in Argo: the release would be taken back by it.
#[test]
fn a_default_of_an_index_is_refused_before_anything_is_asked() {
    for condition in
        ["default(result[0], 0) < 1", "default(result[0],0) == 0 || true", "all(result, default(result[0], 0) < #)"]
    {
        let why = Condition::of(condition).expect_err(condition);
        assert!(why.contains("len(result) == 0"), "{why}");
    }
    assert!(Condition::of("default(result, 0) < 1").is_ok());
}

/// A condition is somebody's text: it may neither take long nor end the run.
#[test]
fn what_is_too_much_or_makes_no_sense_is_refused() {
    let nested = |open: &str, close: &str| format!("{}1{} < 1", open.repeat(60), close.repeat(60));
    for condition in [
        "",
        "result[0] <",
        "result[0] < 1)",
        "result[0] < 1 extra",
        "0..1000000000 == 1",
        "len(1..1000000000) == 1",
        "repeat(\"a\", 1000000000) == \"\"",
        "$env == 1",
        "results[0] < 1",
        "let x = 1; x < 2",
        "result[0] | int() < 1",
        "now() < 1",
        "result[0] < 1 // really",
        "result[0] = 1",
        "{\"a\": 1} == 1",
        "at__(result, 0) < 1",
        "\"a",
        &nested("(", ")"),
        &nested("[", "]"),
        &nested("-", ""),
        &"1 + ".repeat(900),
        &format!("{} true", "!".repeat(300)),
    ] {
        assert!(Condition::of(condition).is_err(), "{condition}");
    }
    let long = format!("{}true", "true && ".repeat(150));
    assert_eq!(says(&long, &vector(&[])), Ok(true));
}

proptest::proptest! {
    /// Words of a condition in any order end in a verdict or in an error, and what is read is read alike by both readers.
    #[test]
    fn no_text_ends_the_run(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "result", "[", "]", "(", ")", "0", "-1", "1.5", "<", "==", "!=", "&&", "||", "!", "-", "len", "all",
                "isNaN", "#", ",", "{", "}", "?", ":", "\"a\"", "nil", "true", "default", "in", "not", "**", "+", "??",
            ]), 0..14),
        anything in "\\PC{0,30}",
        numbers in proptest::collection::vec(proptest::num::f64::ANY, 0..4),
    ) {
        for text in [words.join(" "), words.concat(), anything] {
            if let Ok(condition) = Condition::of(&text) {
                let _ = condition.holds(&Answer::Vector(numbers.clone()));
                let _ = condition.holds(&Answer::Scalar(1.0));
            }
        }
    }
}
