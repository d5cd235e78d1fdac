//! A stream of YAML, cut into its documents.

/// Each with how many lines stand before it. A marker at the beginning of a line is one everywhere, in block
/// scalars and quotes, too (YAML 1.2.2, 9.1.2: `c-forbidden`). Directives before one (`%YAML 1.1`) change nothing
/// here and are left out.
pub(super) fn parts(text: &str) -> Vec<(u64, String)> {
    let mut parts: Vec<(u64, String)> = vec![(0, String::new())];
    for (before, line) in (0_u64..).zip(text.split_inclusive('\n')) {
        if is_marker(line, "...") {
            parts.push((before.saturating_add(1), String::new()));
            continue;
        }
        if is_marker(line, "---") {
            parts.push((before, String::new()));
        }
        if let Some((_, part)) = parts.last_mut() {
            part.push_str(line);
        }
    }
    // What stands before the first marker is its own document only where it says something.
    parts.retain(|(_, part)| part.lines().any(says_something));
    parts
}

fn says_something(line: &str) -> bool {
    let text = line.trim();
    !text.is_empty() && !text.starts_with('#') && !line.starts_with('%')
}

fn is_marker(line: &str, marker: &str) -> bool {
    line.strip_prefix(marker).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}
