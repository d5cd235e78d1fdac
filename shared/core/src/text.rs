//! Text that isn't ours: made safe for terminals, and the syntax of labels.

/// Longest text kept of a reason or a name.
const TEXT_CHARS: usize = 256;

/// Text from the cluster without control characters (a terminal obeys them), cut to a sane length.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
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

/// At most 63 characters, alphanumeric at both ends; may be empty.
#[must_use]
pub fn is_label_value(value: &str) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    value.len() <= 63 && value.chars().all(inner) && edge(value.chars().next()) && edge(value.chars().last())
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

    #[test]
    fn a_slip_finds_the_word_and_another_word_does_not() {
        let words = || ["app", "version", "example.com/track"].into_iter();
        assert_eq!(nearest_word("vresion", words()), Some("version"));
        assert_eq!(nearest_word("track", words()), None);
        assert_eq!(nearest_word("slot", words()), None);
    }
}
