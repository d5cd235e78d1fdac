//! `[?(@.a == "b")]`

use crate::analysis::json_path::node::{Action, EXISTS, Node};

/// Reads to the bracket that ends it; one pair of quotes may hold a parenthesis.
pub(super) fn read<'t>(after: &'t str, nodes: &mut Vec<Node>, action: Action) -> Result<&'t str, String> {
    let (inside, rest) = after.split_at(end(after)?);
    let rest = rest.strip_prefix(")]").ok_or("unclosed array expect ]")?;
    let is_sign = |c: char| matches!(c, '!' | '<' | '>' | '=');
    let (left, signed) = inside.split_at(inside.find(is_sign).unwrap_or(inside.len()));
    let (operator, right) = signed.split_at(signed.find(|c| !is_sign(c)).unwrap_or(signed.len()));
    // The last sign is the right side where there is no other.
    let (operator, right) = match (operator.len(), right.is_empty()) {
        (length @ 2.., true) => operator.split_at(length.saturating_sub(1)),
        _ => (operator, right),
    };
    nodes.push(if left.is_empty() || operator.is_empty() || right.is_empty() {
        Node::Filter { left: action(inside)?, right: Vec::new(), operator: EXISTS.to_owned() }
    } else {
        Node::Filter { left: action(left)?, right: action(right)?, operator: operator.to_owned() }
    });
    Ok(rest)
}

fn end(text: &str) -> Result<usize, String> {
    let mut pair = None;
    let mut is_closed = false;
    let mut before = 0;
    for (at, byte) in text.bytes().enumerate() {
        match (byte, pair) {
            (b'\n', _) => break,
            (b'"' | b'\'', None) => pair = Some(byte),
            (b'"' | b'\'', Some(first)) if before != b'\\' && byte == first => is_closed = true,
            (b')', pair) if pair.is_some() == is_closed => return Ok(at),
            _ => {}
        }
        before = byte;
    }
    Err("unterminated filter".to_owned())
}
