//! JSON as Go writes it.
//!
//! The API server holds the value of a `test` operation against the stored one as text, once blanks are gone
//! (`github.com/evanphx/json-patch`, `lazyNode.equal`), and what it has stored was written by Go's `encoding/json`, which
//! escapes what HTML or JavaScript could take for its own
//! (<https://pkg.go.dev/encoding/json#HTMLEscape>). A `<` that isn't escaped is another value to it.

/// The same JSON, with those characters as Go has them. Outside of strings JSON has none of them.
#[must_use]
pub fn as_go_has_it(json: &str) -> String {
    let mut written = String::with_capacity(json.len());
    for char in json.chars() {
        match char {
            '<' => written.push_str("\\u003c"),
            '>' => written.push_str("\\u003e"),
            '&' => written.push_str("\\u0026"),
            '\u{2028}' => written.push_str("\\u2028"),
            '\u{2029}' => written.push_str("\\u2029"),
            other => written.push(other),
        }
    }
    written
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn it_means_the_same() {
        let value = json!({"a < b": ["c > d & e", "\u{2028}\u{2029}", "\"\\<", 1, null]});
        let text = as_go_has_it(&value.to_string());
        assert!(!text.contains(['<', '>', '&', '\u{2028}', '\u{2029}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
