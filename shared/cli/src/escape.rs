//! Words that aren't ours, where they leave us: shown whole, and obeyed by nobody.

use std::borrow::Cow;

use release_core::checks::finding::PAINTS;
use release_core::text::{is_unseen, written_out};

/// True for what must not stand in a document: whatever isn't seen, but for the ends of its lines.
#[must_use]
pub fn is_hidden(c: char) -> bool {
    c != '\n' && is_unseen(c)
}

/// JSON in which what isn't seen stands as escapes (`\u202e`, RFC 8259 section 7): its strings stay what
/// they are.
#[must_use]
pub fn in_json(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

/// Text for a terminal that shows color or not: of all escapes only our own colors stay.
#[must_use]
pub fn on_terminal(text: &str, colored: bool) -> String {
    if !colored {
        return written_out(text);
    }
    let mut rest = text;
    let mut shown = String::with_capacity(text.len());
    while let Some(at) = rest.find('\u{1b}') {
        let (before, from) = rest.split_at(at);
        shown.push_str(&written_out(before));
        let paint = PAINTS.iter().find(|paint| from.starts_with(**paint)).copied();
        shown.push_str(&paint.map_or_else(|| written_out("\u{1b}"), str::to_owned));
        rest = &from[paint.map_or(1, str::len)..];
    }
    shown + &written_out(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_our_own_colors_reach_a_terminal() {
        let text = "\u{1b}[31mx\u{1b}[0m \u{1b}[2Jgone \u{1b}]0;title\u{7}";
        assert_eq!(on_terminal(text, true), "\u{1b}[31mx\u{1b}[0m \\u{1b}[2Jgone \\u{1b}]0;title\\u{7}");
        assert!(!on_terminal(text, false).contains('\u{1b}'));
    }

    /// A program that reads us gets just what was said.
    #[test]
    fn json_says_the_same_and_shows_it() {
        let value = serde_json::json!({"a": "x\u{202e}y\u{9b}z\u{7f}\n", "b": "\u{e0041}"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let escaped = in_json(&text);
        assert!(!escaped.chars().any(|c| c != '\n' && is_unseen(c)), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    /// Words of anybody, beginnings of our colors among them.
    fn words() -> impl Strategy<Value = String> {
        let codes =
            prop_oneof![0_u32..0x20, 0x7f_u32..0xa0, 0x200b_u32..0x2070, 0xfe00_u32..0xfe10, 0xe0000_u32..0xe0200];
        let unseen = codes.prop_map(|code| char::from_u32(code).map(String::from).unwrap_or_default());
        let ours = prop::sample::select(&PAINTS[..])
            .prop_flat_map(|paint| (1..=paint.len()).prop_map(move |length| paint[..length].to_owned()));
        let parts = prop_oneof![unseen, ours, any::<String>(), Just("\"\\".to_owned())];
        prop::collection::vec(parts, 0..6).prop_map(|parts| parts.concat())
    }

    proptest! {
        /// A terminal would do what somebody else says.
        #[test]
        fn a_terminal_gets_our_colors_and_what_is_seen(text in words()) {
            let seen = |c: char| matches!(c, '\n' | '\t') || !is_unseen(c);
            prop_assert!(on_terminal(&text, false).chars().all(seen), "{:?}", on_terminal(&text, false));
            let colored = on_terminal(&text, true);
            let bare = PAINTS.iter().fold(colored.clone(), |text, paint| text.replace(paint, ""));
            prop_assert!(bare.chars().all(seen), "{:?}", colored);
        }

        /// A script would read another word than the one that is meant, or a person see one.
        #[test]
        fn json_says_the_same_whatever_is_in_it(text in words(), key in words()) {
            let value = serde_json::json!({key: [text]});
            for written in [serde_json::to_string(&value).unwrap(), serde_json::to_string_pretty(&value).unwrap()] {
                let escaped = in_json(&written);
                prop_assert!(!escaped.chars().any(|c| c != '\n' && is_unseen(c)), "{:?}", escaped);
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), &value);
            }
        }
    }
}
