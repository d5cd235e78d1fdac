//! A color in a name.

/// The name with a whole part of it exchanged: `wea-a` is nobody's `web-b`. Nothing where the color isn't in
/// it.
#[must_use]
pub fn renamed(name: &str, from: &str, to: &str) -> Option<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let mut parted = name.match_indices(from).filter_map(|(at, _)| {
        let (before, rest) = name.split_at(at);
        Some((before, rest.strip_prefix(from)?))
    });
    let whole = |(before, after): &(&str, &str)| {
        let ends = before.chars().next_back().is_none_or(|c| !is_part(c));
        ends && after.chars().next().is_none_or(|c| !is_part(c))
    };
    parted.find(whole).filter(|_| !from.is_empty()).map(|(before, after)| format!("{before}{to}{after}"))
}

/// A color as a part of an object's name, which has no capitals and no underscores (RFC 1123).
pub(super) fn as_part(color: &str) -> String {
    color.to_ascii_lowercase().replace('_', "-")
}
