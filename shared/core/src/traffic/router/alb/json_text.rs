//! Where things stand in a text of JSON, so that one number of it can be changed and nothing else.
//!
//! The text has been read by a JSON parser before: here are only places, as byte ranges. Names of members are taken
//! whatever their case, as Go's `encoding/json` takes them (<https://pkg.go.dev/encoding/json#Unmarshal>).

use std::ops::Range;

/// The members of the object in a range, by their names.
#[must_use]
pub fn members(text: &str, object: &Range<usize>) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = object.start.saturating_add(1);
    loop {
        at = past_blanks(text, at);
        if at >= object.end || text.as_bytes().get(at) != Some(&b'"') {
            return found;
        }
        let name = at..past_value(text, at);
        let value = past_blanks(text, past_blanks(text, name.end).saturating_add(1));
        let value = value..past_value(text, value);
        at = past_comma(text, value.end);
        let name = text.get(name).and_then(|name| serde_json::from_str(name).ok());
        found.push((name.unwrap_or_default(), value));
    }
}

/// The elements of the array in a range.
#[must_use]
pub fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = past_blanks(text, array.start.saturating_add(1));
    while at < array.end && text.as_bytes().get(at) != Some(&b']') {
        let end = past_value(text, at);
        let next = past_blanks(text, past_comma(text, end));
        // No JSON: what closes something else stands where an element would.
        if next == at {
            break;
        }
        found.push(at..end);
        at = next;
    }
    found
}

/// The range of the whole value, without the blanks around it.
#[must_use]
pub fn whole(text: &str) -> Range<usize> {
    let start = past_blanks(text, 0);
    start..past_value(text, start)
}

fn past_blanks(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at.saturating_add(rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count())
}

fn past_comma(text: &str, at: usize) -> usize {
    let at = past_blanks(text, at);
    if text.as_bytes().get(at) == Some(&b',') { at.saturating_add(1) } else { at }
}

/// Where the value ends that begins here. It goes on in any case.
fn past_value(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut in_string) = (start, 0_usize, false);
    while let Some(byte) = bytes.get(at) {
        match (in_string, byte) {
            (true, b'\\') => at = at.saturating_add(1),
            (true, b'"') => in_string = false,
            (true, _) => {}
            (false, b'"') => in_string = true,
            (false, b'{' | b'[') => depth = depth.saturating_add(1),
            (false, b'}' | b']') if depth == 0 => return at,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            (false, b',') if depth == 0 => return at,
            (false, _) if depth == 0 && byte.is_ascii_whitespace() => return at,
            (false, _) => {}
        }
        at = at.saturating_add(1);
        let is_closed = depth == 0 && !in_string && matches!(byte, b'"' | b'}' | b']');
        if is_closed {
            return at.min(bytes.len());
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    /// Every value of a document, found by its place and by a parser.
    fn agree(text: &str, range: &Range<usize>, value: &Value) {
        assert_eq!(&serde_json::from_str::<Value>(&text[range.clone()]).unwrap(), value);
        match value {
            Value::Object(wanted) => {
                let found = members(text, range);
                assert_eq!(found.len(), wanted.len());
                found.iter().for_each(|(name, range)| agree(text, range, &wanted[name]));
            }
            Value::Array(wanted) => {
                let found = elements(text, range);
                assert_eq!(found.len(), wanted.len());
                found.iter().zip(wanted).for_each(|(range, value)| agree(text, range, value));
            }
            _ => {}
        }
    }

    fn documents() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\PC\\\\\"{}\\[\\],: \u{e9}\n]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map("[a-z\\\\\"{},:]{0,6}", inner, 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn what_closes_nothing_is_no_element() {
        for text in ["[}", "[ } ]", "[,}", "[1,}"] {
            assert!(elements(text, &whole(text)).len() < 3, "{text}");
        }
    }

    proptest! {
        /// A weight that is written into the wrong place would send users elsewhere.
        #[test]
        fn places_are_those_of_a_parser(document in documents(), pretty: bool) {
            let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) };
            let text = format!("\n {}\t", text.unwrap());
            agree(&text, &whole(&text), &document);
        }

        /// Whatever somebody has written into an annotation. `[}` alone went on for ever.
        #[test]
        fn no_text_hangs_or_breaks_it(text in "[\\PC{}\\[\\]\",: ]{0,80}") {
            let range = whole(&text);
            let _ = (members(&text, &range), elements(&text, &range));
        }
    }
}
