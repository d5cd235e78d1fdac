//! From a path's text to its parts (`parser.go` of client-go's jsonpath).

mod array;
mod filter;

use super::node::Node;
use super::quoted::unquoted;

/// Reads a whole template: texts, and parts between braces.
pub fn read(text: &str) -> Result<Vec<Node>, String> {
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        let (before, inside) = rest.split_at(at);
        if !before.is_empty() {
            nodes.push(Node::Text(before.to_owned()));
        }
        let (list, after) = inside_braces(inside.get(1..).unwrap_or_default())?;
        nodes.push(Node::List(list));
        rest = after;
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    Ok(nodes)
}

/// A text as if it stood between braces alone; what comes behind a brace of its own is dropped, as there.
fn action(text: &str) -> Result<Vec<Node>, String> {
    let braced = format!("{text}}}");
    let (list, after) = inside_braces(&braced)?;
    // Whatever follows has to be a template, too.
    read(after)?;
    Ok(list)
}

/// To the brace that ends it, and what follows.
fn inside_braces(text: &str) -> Result<(Vec<Node>, &str), String> {
    let mut nodes: Vec<Node> = Vec::new();
    let mut rest = text;
    loop {
        if let Some(after) = rest.strip_prefix('}') {
            return Ok((nodes, after));
        }
        rest = match rest.strip_prefix("[?(") {
            Some(after) => filter::read(after, &mut nodes, action)?,
            None => match rest.strip_prefix("..") {
                Some(after) => recursive(after, &mut nodes)?,
                None => one(rest, &mut nodes)?,
            },
        };
    }
}

/// `..`, and the field behind it.
fn recursive<'t>(after: &'t str, nodes: &mut Vec<Node>) -> Result<&'t str, String> {
    if nodes.last() == Some(&Node::Recursive) {
        return Err("invalid multiple recursive descent".to_owned());
    }
    nodes.push(Node::Recursive);
    let is_name = after.starts_with(is_alphanumeric);
    Ok(if is_name { field(after, nodes) } else { after })
}

fn one<'t>(rest: &'t str, nodes: &mut Vec<Node>) -> Result<&'t str, String> {
    let first = rest.chars().next().filter(|c| !matches!(c, '\r' | '\n')).ok_or("unclosed action")?;
    let after = rest.get(first.len_utf8()..).unwrap_or_default();
    match first {
        ' ' | '@' | '$' => Ok(after),
        '[' => array::read(after, nodes, action),
        '"' | '\'' => quote(rest, first, nodes),
        '.' => Ok(field(after, nodes)),
        '+' | '-' => number(rest, nodes),
        digit if digit.is_ascii_digit() => number(rest, nodes),
        letter if is_alphanumeric(letter) => Ok(word(rest, nodes)),
        other => Err(format!("unrecognized character in action: {other:?}")),
    }
}

/// A field up to what ends one; what is escaped doesn't.
fn field<'t>(text: &'t str, nodes: &mut Vec<Node>) -> &'t str {
    let mut is_escaped = false;
    let ends = |c: char| {
        if is_escaped {
            is_escaped = false;
            return false;
        }
        is_escaped = c == '\\';
        is_terminator(c)
    };
    let (name, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    nodes.push(if name == "*" { Node::Wildcard } else { Node::Field(name.replace('\\', "")) });
    rest
}

fn word<'t>(text: &'t str, nodes: &mut Vec<Node>) -> &'t str {
    let (name, rest) = text.split_at(text.find(is_terminator).unwrap_or(text.len()));
    nodes.push(match name {
        "true" => Node::Truth(true),
        "false" => Node::Truth(false),
        other => Node::Word(other.to_owned()),
    });
    rest
}

fn number<'t>(text: &'t str, nodes: &mut Vec<Node>) -> Result<&'t str, String> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let digits = text.get(sign..).unwrap_or_default();
    let length = digits.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = text.split_at(sign.saturating_add(length));
    // Rust's numbers have no sign that says nothing.
    let bare = number.strip_prefix('+').unwrap_or(number);
    let is_float = || bare.bytes().any(|b| b.is_ascii_digit());
    match (bare.parse::<i64>(), bare.parse::<f64>()) {
        (Ok(whole), _) => nodes.push(Node::Integer(whole)),
        (Err(_), Ok(number)) if is_float() => nodes.push(Node::Number(number)),
        _ => return Err(format!("cannot parse number {number}")),
    }
    Ok(rest)
}

fn quote<'t>(text: &'t str, quote: char, nodes: &mut Vec<Node>) -> Result<&'t str, String> {
    let ends = text.char_indices().skip(1).find(|(at, c)| {
        let before = at.checked_sub(1).and_then(|before| text.as_bytes().get(before));
        *c == '\n' || (*c == quote && before != Some(&b'\\'))
    });
    match ends {
        Some((at, c)) if c == quote => {
            let (quoted, rest) = text.split_at(at.saturating_add(1));
            nodes.push(Node::Text(unquoted(quoted)?));
            Ok(rest)
        }
        _ => Err("unterminated quoted string".to_owned()),
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n' | '.' | ',' | '[' | ']' | '$' | '@' | '{' | '}')
}

fn is_alphanumeric(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}
