//! Text that isn't ours: made safe for terminals, and the syntax of labels.

use std::fmt::Write;

/// Longest text kept of a reason or a name.
const TEXT_CHARS: usize = 256;

/// Text from the cluster as one line that shows all that is in it, cut to a sane length.
#[must_use]
pub fn printable(text: &str) -> String {
    one_line(text).chars().take(TEXT_CHARS).collect()
}

/// Text as one line that shows all that is in it: what breaks a line is a space, and what isn't seen
/// is written out.
#[must_use]
pub fn one_line(text: &str) -> String {
    let unbroken: String = text.chars().map(|c| if breaks_a_line(c) { ' ' } else { c }).collect();
    written_out(unbroken.trim_end())
}

/// Text in which what isn't seen is written out (`\u{202e}`); its lines and tabs stay.
#[must_use]
pub fn written_out(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if !matches!(c, '\n' | '\t') && is_unseen(c) {
            // Into a String, which doesn't fail.
            let _ = write!(shown, "{}", c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

fn breaks_a_line(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// What a terminal obeys, what turns the order of letters (Unicode's bidirectional formatting
/// characters, UAX #9), and what has no width: with it a name looks like another one.
#[must_use]
pub fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// `[prefix/]name` as Kubernetes defines label keys
/// (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set>).
#[must_use]
pub fn is_label_key(key: &str) -> bool {
    let (prefix, name) = key.rsplit_once('/').map_or((None, key), |(p, n)| (Some(p), n));
    let prefix_ok = prefix.is_none_or(|p| {
        !p.is_empty()
            && p.len() <= 253
            && p.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.')
    });
    prefix_ok && !name.is_empty() && is_label_value(name)
}

/// Of a Service's name (RFC 1035 label, as the API server demands) what anybody may mistake.
#[must_use]
pub fn is_service_name(name: &str) -> bool {
    let is_of_label = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.is_empty() && name.len() <= 63 && name.chars().all(is_of_label)
}

/// At most 63 characters, alphanumeric at both ends; may be empty.
#[must_use]
pub fn is_label_value(value: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63 && value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last())
}

/// ` and 3 more`, where not all could be named.
#[must_use]
pub fn and_more(all: usize, named: usize) -> String {
    match all.checked_sub(named) {
        Some(more @ 1..) => format!(" and {more} more"),
        _ => String::new(),
    }
}

/// The word that was probably meant: one that differs in at most a third of its letters.
#[must_use]
pub fn nearest_word<'w>(typed: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    let close = words.map(|word| (strsim::osa_distance(typed, word), word));
    let near = close.filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3));
    near.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile::is_obeyed_or_unseen;

    #[test]
    fn one_line_is_one_line_and_shows_what_is_in_it() {
        for (text, shown) in [
            ("api\nTry: kubectl delete ns shop\n", "api Try: kubectl delete ns shop"),
            ("\u{1b}[2Jgone\r\n", "\\u{1b}[2Jgone"),
            ("a\u{9b}31mb", "a\\u{9b}31mb"),
            ("ap\u{200b}i \u{202e}ipa", "ap\\u{200b}i \\u{202e}ipa"),
            ("line\u{2028}two\u{85}three", "line two three"),
            ("für 東京 🚀", "für 東京 🚀"),
        ] {
            assert_eq!(one_line(text), shown);
        }
        assert_eq!(printable(&"\u{7}".repeat(1000)).len(), TEXT_CHARS);
    }

    #[test]
    fn lines_stay_where_they_are_ours() {
        assert_eq!(written_out("one\ntwo\u{0}"), "one\ntwo\\u{0}");
    }

    #[test]
    fn a_slip_finds_the_word_and_another_word_does_not() {
        let words = || ["app", "version", "example.com/track"].into_iter();
        assert_eq!(nearest_word("vresion", words()), Some("version"));
        assert_eq!(nearest_word("track", words()), None);
        assert_eq!(nearest_word("slot", words()), None);
    }

    proptest::proptest! {
        /// A terminal would obey it, or show another name than the one that is meant.
        #[test]
        fn whatever_somebody_writes_is_seen(text in crate::hostile::hostile_word()) {
            for shown in [one_line(&text), printable(&text)] {
                proptest::prop_assert!(!shown.chars().any(is_obeyed_or_unseen), "{:?}", shown);
            }
            let lines = written_out(&text);
            proptest::prop_assert!(!lines.chars().any(|c| !matches!(c, '\n' | '\t') && is_obeyed_or_unseen(c)), "{:?}", lines);
            // What is seen stays what it is.
            let seen = |text: &str| text.chars().filter(|c| c.is_alphanumeric() && !is_unseen(*c)).count();
            proptest::prop_assert!(seen(&lines) >= seen(&text));
            proptest::prop_assert_eq!(one_line(&one_line(&text)), one_line(&text));
        }
    }
}
