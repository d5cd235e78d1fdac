//! What client-go finds, in cases of ours; `tests/argo` holds many more against client-go itself.

use serde_json::{Value, json};

use super::JsonPath;

fn first(path: &str, json: &Value) -> Result<Value, String> {
    JsonPath::of(path).and_then(|path| path.first(json))
}

/// argo-rollouts#717, #728: the whole answer where nothing is said, and values stay what they are.
#[test]
fn paths_find_what_they_find_in_argo() {
    let answer = json!({"data": {"ok": true, "rate": 0.97, "n": 3, "none": null, "a.b": "dotted"},
        "items": [{"name": "a", "v": 1.0, "s": "x"}, {"name": "b", "v": 2.0}, {"name": "c)", "v": 3.0}]});
    for (path, wanted) in [
        ("{$.data.ok}", json!(true)),
        ("{.data.rate}", json!(0.97)),
        ("{$.items[0].name}", json!("a")),
        ("{$.items[-1].name}", json!("c)")),
        ("{$.items[1:].name}", json!("b")),
        ("{$.items[0:3:2].v}", json!(1.0)),
        ("{$['data']['rate']}", json!(0.97)),
        ("{$['data']['a\\.b']}", json!("dotted")),
        ("{$.data.a\\.b}", json!("dotted")),
        ("{$.items[?(@.name==\"b\")].v}", json!(2.0)),
        ("{$.items[?(@.name=='c)')].v}", json!(3.0)),
        ("{$.items[?(@.v>1.5)].name}", json!("b")),
        ("{$.items[?(@.s)].name}", json!("a")),
        ("{$..name}", json!("a")),
        ("{$.items[0,2].name}", json!("a")),
        ("{range $.items[*]}{.v}{end}", json!(1.0)),
        ("{'text'}", json!("text")),
        ("text", json!("text")),
        ("{$.data.none}", json!(null)),
    ] {
        assert_eq!(first(path, &answer), Ok(wanted), "{path}");
    }
    assert_eq!(first("{$}", &answer), Ok(answer));
}

#[test]
fn what_is_not_there_and_what_can_not_be_compared_are_errors() {
    let answer = json!({"a": 1, "list": [1, 2], "empty": [], "items": [{"v": 5}]});
    for (path, word) in [
        ("{$.b}", "b is not found"),
        ("{$.a.b}", "b is not found"),
        ("{$.list[2]}", "out of bounds"),
        ("{$.a[0]}", "no list"),
        ("{$.empty[*]}", "nothing"),
        ("{$.items[?(@.v==6.0)].v}", "nothing"),
        // A whole number of a path is another kind than JSON's.
        ("{$.items[?(@.v==5)].v}", "5.0 is the same"),
        ("{$.items[?(@.v==\"5\")].v}", "incompatible"),
        ("{$.a[?(@.v)]}", "filtered"),
        ("{end}", "not in range"),
        ("{a}", "unrecognized identifier"),
        ("{$.a", "unclosed"),
        ("{$.list[0}", "unterminated"),
        ("{$.list[x]}", "invalid array index"),
        ("{$.list[?(@.v}", "unterminated"),
        ("{!}", "unrecognized character"),
        ("{1.2.3}", "number"),
        ("{\"a}", "unterminated"),
    ] {
        let why = first(path, &answer).expect_err(path);
        assert!(why.contains(word), "{path}: {why}");
    }
}

proptest::proptest! {
    /// A path is somebody's text, and an answer somebody else's.
    #[test]
    fn no_path_ends_the_run_or_takes_long(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "{", "}", "$", "@", ".", "..", "*", "[", "]", "[*]", "[0]", "[-1]", "[1:]", "[::2]", "[?(", ")]", "a", "b",
            "'a'", "\"b\"", ",", "==", "<", ">=", "1", "2.5", "range ", "end", "true", "\\", " ", "[0,1]", "['a']",
        ]), 0..16),
        anything in "\\PC{0,30}",
    ) {
        let json = json!({"a": [{"a": 1, "b": [1, 2, {"a": null}]}, [[], {}], "text", null], "b": {"a": {"b": "x"}}});
        for text in [words.concat(), format!("{{{}}}", words.concat()), anything] {
            if let Ok(path) = JsonPath::of(&text) {
                let _ = (path.first(&json), path.first(&Value::Null), path.first(&json!([1])));
            }
        }
    }
}
