//! Paths into JSON, as client-go follows them.

use anyhow::Result;
use argo_oracle::oracle::oracle;
use release_core::analysis::json_path::JsonPath;
use serde_json::{Value, json};

const PATHS: [&str; 84] = [
    "{$}",
    "{@}",
    "{}",
    "{.}",
    "text",
    "",
    "{.a}",
    "{$.a}",
    "{a}",
    "{$.a.b}",
    "{.a.b.c}",
    "{$['a']}",
    "{['a']['b']}",
    "{$['a.b']}",
    "{$['a\\.b']}",
    "{.a\\.b}",
    "{$.list}",
    "{$.list[0]}",
    "{$.list[-1]}",
    "{$.list[-2]}",
    "{$.list[5]}",
    "{$.list[*]}",
    "{$.list[:]}",
    "{$.list[1:]}",
    "{$.list[:2]}",
    "{$.list[0:3:2]}",
    "{$.list[::2]}",
    "{$.list[-2:]}",
    "{$.list[2:1]}",
    "{$.list[1:1]}",
    "{$.list[0:9]}",
    "{$.list[::0]}",
    "{$.list[]}",
    "{$.list[0,2]}",
    "{$.list[0,9]}",
    "{$.list[x]}",
    "{$.list[0}",
    "{$.items[*].name}",
    "{$.items[0].name}",
    "{$.items[*].tags[0]}",
    "{$..name}",
    "{..name}",
    "{$...name}",
    "{$..}",
    "{$..tags[0]}",
    "{$.items[?(@.name==\"b\")].v}",
    "{$.items[?(@.name=='b')].v}",
    "{$.items[?(@.v>1.5)].name}",
    "{$.items[?(@.v>1)].name}",
    "{$.items[?(@.v>=2.0)].name}",
    "{$.items[?(@.v<2.0)].name}",
    "{$.items[?(@.v<=1.0)].name}",
    "{$.items[?(@.v!=1.0)].name}",
    "{$.items[?(@.ok==true)].name}",
    "{$.items[?(@.ok)].name}",
    "{$.items[?(@.none)].name}",
    "{$.items[?(@.tags[0]==\"x\")].name}",
    "{$.items[?(@.tags[5])].name}",
    "{$.items[?(@.name=~\"b\")].v}",
    "{$.items[?(@.name==)]}",
    "{$.items[?(@.name)}",
    "{$.items[?(@.name==\"c)\")].v}",
    "{$.items[?(@.v==@.v)].name}",
    "{$.items[?(1.0==1.0)].name}",
    "{range $.items[*]}{.name}{end}",
    "{range $.items[*]}{.name}:{.v}{'\\n'}{end}",
    "{range $.items[*]}{.none}{end}",
    "{range $.none[*]}{.name}{end}",
    "{range $.empty[*]}{.name}{end}",
    "{range $.items[*]}{range .tags[*]}{@}{end}{end}",
    "{range $.items[*]}{.name}{end} and {$.a}",
    "{end}",
    "{range $.list[*]}{@}",
    "{'quoted'}",
    "{\"quo\\\"ted\"}",
    "{'open}",
    "{5}",
    "{-1.5}",
    "{true}",
    "{1.2.3}",
    "{$.a",
    "{!}",
    "{$.n}",
    "{$.items[0,1].name}",
];

fn documents() -> [Value; 5] {
    [
        json!({"a": {"b": {"c": "deep"}}, "a.b": "dotted", "list": [10, 20, 30], "n": null, "empty": [],
            "items": [{"name": "a", "v": 1, "ok": true, "tags": ["x", "y"]}, {"name": "b", "v": 2, "tags": []},
                {"name": "c)", "v": 3.5, "ok": false, "tags": ["z"]}]}),
        json!({"a": "text", "list": [{"name": "n"}], "items": [{"name": null, "v": "1"}]}),
        json!({"a": [1, 2], "list": "text", "items": {"name": "x"}, "n": {}}),
        json!([{"a": 1}, {"a": 2}]),
        json!("text"),
    ]
}

/// Maps of Go have no order: what several values were found in is compared without one.
fn ordered(path: &str, found: Vec<Value>) -> Vec<String> {
    let mut shown: Vec<String> = found.iter().map(shown).collect();
    if path.contains("..") || path.contains('*') {
        shown.sort();
    }
    shown
}

/// Numbers are all of one kind in JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{}", number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}:{}", shown(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn paths_find_what_client_go_finds() -> Result<()> {
    let Some(oracle) = oracle() else { return Ok(()) };
    let documents = documents();
    let pairs: Vec<(&str, &Value)> = PATHS.iter().flat_map(|path| documents.iter().map(|json| (*path, json))).collect();
    let questions: Vec<Value> = pairs.iter().map(|(path, json)| json!({"path": path, "json": json})).collect();
    let mut differ = Vec::new();
    let mut found_something = 0;
    for ((path, json), theirs) in pairs.iter().zip(oracle.ask("paths", &questions)?) {
        // Where client-go panics anything is better.
        if theirs["error"] == "panic" {
            continue;
        }
        let blocks = |blocks: Vec<Vec<Value>>| -> Vec<Vec<String>> {
            blocks.into_iter().map(|block| ordered(path, block)).collect()
        };
        let ours = JsonPath::of(path).and_then(|found| found.all(json)).map(blocks);
        let theirs_found = serde_json::from_value::<Vec<Vec<Value>>>(theirs["found"].clone()).ok().map(blocks);
        found_something += usize::from(theirs_found.is_some());
        if ours.as_ref().ok() != theirs_found.as_ref() {
            differ.push(format!("{path} in {json}: {ours:?}, in client-go {theirs}"));
        }
    }
    assert!(differ.is_empty(), "{} of {}:\n{}", differ.len(), pairs.len(), differ.join("\n"));
    assert!(found_something > 100, "only {found_something} found anything");
    Ok(())
}
