//! Whether JSON has what is expected in it.

use serde_json::Value;

/// Characters of a value that are shown.
const SHOWN: usize = 60;

/// Where it doesn't, and how; nothing where it has all of it. Objects may have more members than are expected, lists
/// may not.
pub fn lacks(expected: &Value, found: &Value) -> Option<String> {
    differs(expected, found, "$".to_owned())
}

fn differs(expected: &Value, found: &Value, at: String) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => expected.iter().find_map(|(name, value)| {
            let at = format!("{at}.{name}");
            match found.get(name) {
                Some(found) => differs(value, found, at),
                None => Some(format!("{at} is not there, expected {}", shown(value))),
            }
        }),
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let pairs = expected.iter().zip(found).enumerate();
            pairs.into_iter().find_map(|(index, (expected, found))| differs(expected, found, format!("{at}[{index}]")))
        }
        // YAML and JSON write one number in several ways.
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        _ if expected == found => None,
        _ => Some(format!("{at} is {}, expected {}", shown(found), shown(expected))),
    }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An answer that only looks like the expected one would send the traffic to a broken version.
    #[test]
    fn what_is_expected_has_to_be_there_and_more_may_be() {
        let found = json!({"status": "UP", "db": {"up": true, "ms": 3}, "nodes": [1, 2], "load": 1.0});
        for expected in [
            json!({"status": "UP"}),
            json!({"db": {"up": true}}),
            json!({"nodes": [1, 2]}),
            json!({"load": 1}),
            json!({}),
        ] {
            assert_eq!(lacks(&expected, &found), None, "{expected}");
        }
        for (expected, told) in [
            (json!({"status": "DOWN"}), "$.status is \"UP\", expected \"DOWN\""),
            (json!({"db": {"up": "true"}}), "$.db.up is true, expected \"true\""),
            (json!({"cache": {}}), "$.cache is not there, expected {}"),
            (json!({"nodes": [1]}), "$.nodes is [1,2], expected [1]"),
            (json!([]), "$ is {\"db\":"),
        ] {
            let why = lacks(&expected, &found).unwrap();
            assert!(why.starts_with(told), "{why}");
        }
    }
}
