//! Tag patterns: `*` stands for any text, also for none; all else for itself.

/// Whether the whole text matches.
///
/// A pattern as the text is allowed: its `*` is then a character that only our own `*` matches, so
/// that a match means that the text, read as a pattern, matches nothing that we don't.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        // The earliest place leaves most for the parts that follow.
        let Some(at) = left.find(part) else { return false };
        left = left[at..].strip_prefix(part).unwrap_or_default();
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_star_is_any_text_and_nothing_else_is_special() {
        let table: &[(&str, &[&str], &[&str])] = &[
            ("prod*", &["prod", "prod1", "production-team1"], &["repo-prod", "pro"]),
            ("*prod*", &["prod", "repo-production", "prod-team"], &["pro-d"]),
            ("latest", &["latest"], &["latest-1", "la"]),
            ("*", &["", "x"], &[]),
            ("v*-rc*", &["v1-rc1", "v-rc", "v1-rc1-rc2"], &["v1", "rc1"]),
            ("a*b*a", &["aba", "axbya", "abba"], &["ab", "aa", "abab"]),
            ("*-amd64", &["1.2-amd64"], &["1.2-amd64-x"]),
            ("a.c", &["a.c"], &["abc"]),
            ("a**b", &["ab", "axb"], &["a"]),
        ];
        for (pattern, fit, others) in table {
            for text in *fit {
                assert!(matches(pattern, text), "{pattern} {text}");
            }
            for text in *others {
                assert!(!matches(pattern, text), "{pattern} {text}");
            }
        }
    }

    #[test]
    fn a_pattern_covers_what_can_only_match_where_it_does() {
        for (wide, narrow) in [("prod*", "production*"), ("*", "a*b"), ("v*", "v1*-rc*"), ("*rc*", "v1-rc*")] {
            assert!(matches(wide, narrow), "{wide} {narrow}");
            assert!(!matches(narrow, wide), "{narrow} {wide}");
        }
    }
}
