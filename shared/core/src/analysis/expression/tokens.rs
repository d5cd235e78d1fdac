//! The words of a condition.

use std::ops::Range;

/// One word, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub word: Word,
    pub at: Range<usize>,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Number,
    Text,
    Name(String),
    /// `#`, the item of a predicate.
    Item,
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 31] = [
    "??", "?.", "==", "!=", "<=", ">=", "&&", "||", "**", "..", "(", ")", "[", "]", "{", "}", ",", ".", ":", "?", "<",
    ">", "+", "-", "*", "/", "%", "^", "!", "|", ";",
];

/// All words of a text.
///
/// # Errors
/// Where something is no word.
pub fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(found) };
        let from = text.len().saturating_sub(rest.len());
        let (word, length) = one(rest, first)?;
        found.push(Token { word, at: from..from.saturating_add(length) });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn one(rest: &str, first: char) -> Result<(Word, usize), String> {
    if first == '"' || first == '\'' {
        return text(rest, first);
    }
    if first.is_ascii_digit() || (first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())) {
        return Ok((Word::Number, number(rest)));
    }
    let length = |is: fn(char) -> bool| rest.find(|c| !is(c)).unwrap_or(rest.len());
    if first.is_ascii_alphabetic() || first == '_' {
        let length = length(|c| c.is_ascii_alphanumeric() || c == '_');
        return Ok((Word::Name(rest[..length].to_owned()), length));
    }
    if first == '#' {
        return Ok((Word::Item, 1));
    }
    if rest.starts_with("//") || rest.starts_with("/*") {
        return Err("a condition has no comments here".to_owned());
    }
    let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
    sign.map(|sign| (Word::Sign(sign), sign.len())).ok_or_else(|| format!("{first:?} makes no sense"))
}

/// To the quote that ends it; what is escaped doesn't.
fn text(rest: &str, quote: char) -> Result<(Word, usize), String> {
    let mut is_escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            _ if c == quote => return Ok((Word::Text, at.saturating_add(1))),
            _ => {}
        }
    }
    Err("a text has no end".to_owned())
}

/// Digits, a point that no second one follows, an exponent.
fn number(rest: &str) -> usize {
    let digits = |from: usize| {
        let tail = rest.get(from..).unwrap_or_default();
        from.saturating_add(tail.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(tail.len()))
    };
    let at = |place: usize| rest.as_bytes().get(place).copied().unwrap_or_default();
    let next = |place: usize| place.saturating_add(1);
    let mut end = digits(0);
    if at(end) == b'.' && at(next(end)) != b'.' {
        end = digits(next(end));
    }
    if matches!(at(end), b'e' | b'E') {
        let sign = next(end);
        let from = if matches!(at(sign), b'+' | b'-') { next(sign) } else { sign };
        if at(from).is_ascii_digit() {
            end = digits(from);
        }
    }
    end
}
