//! What stands in brackets: an index, a slice, a key, or several of them.

use crate::analysis::json_path::node::{Action, Node};

/// Reads to the bracket that ends it.
pub(super) fn read<'t>(after: &'t str, nodes: &mut Vec<Node>, action: Action) -> Result<&'t str, String> {
    let end = after.find([']', '\n']).filter(|end| after.get(*end..).is_some_and(|end| end.starts_with(']')));
    let end = end.ok_or("unterminated array")?;
    let (inside, rest) = (after.get(..end).unwrap_or_default(), after.get(end.saturating_add(1)..).unwrap_or_default());
    let inside = if inside == "*" { ":" } else { inside };
    if inside.contains(',') {
        let parts = inside.split(',').map(|part| action(&format!("[{}]", part.trim_matches(' '))));
        nodes.push(Node::Union(parts.collect::<Result<_, _>>()?));
        return Ok(rest);
    }
    let key = inside.strip_prefix('\'').and_then(|key| key.strip_suffix('\'')).filter(|key| !key.contains('\''));
    match key {
        // Dots in a key part it, unless they are escaped.
        Some(key) => nodes.extend(action(&format!(".{key}"))?),
        None => nodes.push(slice(inside)?),
    }
    Ok(rest)
}

/// `1`, `-1`, `1:`, `:2`, `::2`, `1:3:2`
fn slice(text: &str) -> Result<Node, String> {
    let wrong = || format!("invalid array index {text}");
    let parts: Vec<&str> = text.split(':').collect();
    let is_number = |part: &&str| {
        let digits = part.strip_prefix('-').unwrap_or(part);
        digits.bytes().all(|b| b.is_ascii_digit())
    };
    if parts.len() > 3 || !parts.iter().all(is_number) {
        return Err(wrong());
    }
    let number = |at: usize| match parts.get(at) {
        None | Some(&"") => Ok(None),
        Some(part) => part.parse::<i64>().map(Some).map_err(|_| format!("array index {part} is not a number")),
    };
    let (from, to, step) = (number(0)?, number(1)?, number(2)?);
    Ok(Node::Slice { from, to, is_single: parts.len() == 1, step })
}
