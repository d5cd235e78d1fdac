//! Conditions are somebody's text, and answers somebody else's: whatever they are, a verdict or an error comes of them,
//! and soon. `PROPTEST_CASES` has more of them, `PROPTEST_RNG_SEED` those of a failure again.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Conditions that make sense, in each other.
fn conditions() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "result",
        "result[0]",
        "result[-1]",
        "#",
        "1",
        "0.5",
        "-1",
        "1e308",
        "true",
        "nil",
        "'a'",
        "[]",
        "[1, 2]",
        "result.ok",
        "result['ok']",
        "result.list[0].x",
        "result[9223372036854775807]",
        "result[1:]",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(6, 60, 3, |inner| {
        let signs = prop::sample::select(vec![
            "<", "==", "!=", ">=", "&&", "||", "+", "-", "*", "/", "%", "**", "in", "contains",
        ]);
        let one = prop::sample::select(vec![
            "len", "sum", "mean", "median", "min", "max", "abs", "floor", "int", "string", "first", "isNaN", "isNil",
            "asInt", "asFloat", "reverse", "!", "-", "not ",
        ]);
        let over =
            prop::sample::select(vec!["all", "any", "none", "one", "filter", "map", "count", "find", "findIndex"]);
        prop_oneof![
            (inner.clone(), signs, inner.clone()).prop_map(|(left, sign, right)| format!("({left} {sign} {right})")),
            (one, inner.clone()).prop_map(|(name, of)| format!("{name}({of})")),
            (over, inner.clone(), inner.clone()).prop_map(|(name, of, each)| format!("{name}({of}, {each})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(when, then, other)| format!("({when} ? {then} : {other})")),
            (inner.clone(), inner.clone()).prop_map(|(of, at)| format!("{of}[{at}]")),
            inner.prop_map(|of| format!("{of}.ok")),
        ]
    })
}

fn answers() -> impl Strategy<Value = Answer> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(|number| json!(number)),
        "[a-z]{0,3}".prop_map(Value::String),
    ];
    let json = leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            (inner.clone(), inner).prop_map(|(ok, list)| json!({"ok": ok, "list": [list]})),
        ]
    });
    prop_oneof![
        prop::collection::vec(prop::num::f64::ANY, 0..20).prop_map(Answer::Vector),
        prop::num::f64::ANY.prop_map(Answer::Scalar),
        json.prop_map(Answer::Json),
    ]
}

proptest! {
    #[test]
    fn every_condition_comes_to_an_end(text in conditions(), answer in answers()) {
        if let Ok(condition) = Condition::of(&text) {
            let first = condition.holds(&answer);
            prop_assert_eq!(condition.holds(&answer), first, "the same each time");
        }
    }
}

/// Ten thousand series, gone through once for each of them, are no condition but an outage of ours.
#[test]
fn loops_within_loops_are_refused_where_the_answer_is_large() {
    let large = Answer::Vector(vec![1.0; 10_000]);
    let holds = |text: &str, answer: &Answer| Condition::of(text).and_then(|condition| condition.holds(answer));
    assert_eq!(holds("all(result, # < 2)", &large), Ok(true));
    for text in [
        "all(result, all(result, # < 2))",
        "len(map(result, result)) == 1",
        "all(result, any(result, all(result, # < 2)))",
        "len(filter(result, count(result, # > 0) > 0)) == 0",
    ] {
        assert!(holds(text, &large).is_err(), "{text}");
    }
    assert_eq!(holds("all(result, # <= max(result))", &Answer::Vector(vec![1.0; 10])), Ok(true));
}
