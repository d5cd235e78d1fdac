//! The words of a query.

use std::time::Duration;

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Word {
    Name(String),
    Text(String),
    Time(Duration),
    Number,
    Match(Operator),
    Sign(char),
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Is,
    IsNot,
    Matches,
    MatchesNot,
}

/// Units of a time, and what each is in milliseconds.
const UNITS: [(&str, u64); 7] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
    ("y", 31_536_000_000),
];

/// All of them; nothing where one makes no sense.
pub fn words(text: &str) -> Option<Vec<Word>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, after) = match first {
            '#' => {
                rest = rest.split_once('\n').map_or("", |(_, after)| after).trim_start();
                continue;
            }
            '"' | '\'' | '`' => quoted(rest, first)?,
            '=' | '!' => compared(rest),
            c if c.is_ascii_digit() => counted(rest)?,
            c if c.is_alphabetic() || c == '_' || c == ':' => named(rest),
            other => (Word::Sign(other), rest.get(other.len_utf8()..)?),
        };
        found.push(word);
        rest = after.trim_start();
    }
    Some(found)
}

fn named(text: &str) -> (Word, &str) {
    let is_of_name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let (name, rest) = text.split_at(text.find(|c| !is_of_name(c)).unwrap_or(text.len()));
    (Word::Name(name.to_owned()), rest)
}

fn compared(text: &str) -> (Word, &str) {
    let all = [("=~", Operator::Matches), ("!~", Operator::MatchesNot), ("!=", Operator::IsNot)];
    for (sign, operator) in all {
        if let Some(rest) = text.strip_prefix(sign) {
            return (Word::Match(operator), rest);
        }
    }
    match text.strip_prefix("==") {
        Some(rest) => (Word::Sign('='), rest),
        None => (Word::Match(Operator::Is), text.get(1..).unwrap_or_default()),
    }
}

fn quoted(text: &str, quote: char) -> Option<(Word, &str)> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if quote != '`' => is_escaped = true,
            _ if c == quote => {
                let inside = text.get(1..at)?.replace("\\\\", "\\");
                return Some((Word::Text(inside), text.get(at.saturating_add(1)..)?));
            }
            _ => {}
        }
    }
    None
}

/// `5m`, `1h30m`; else a number.
fn counted(text: &str) -> Option<(Word, &str)> {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '.').unwrap_or(text.len());
    let (word, rest) = text.split_at(length);
    Some((time(word).map_or(Word::Number, Word::Time), rest))
}

fn time(text: &str) -> Option<Duration> {
    let mut all: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at(digits);
        let end = unit.find(|c: char| c.is_ascii_digit()).unwrap_or(unit.len());
        let (unit, after) = unit.split_at(end);
        let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
        all = all.checked_add(number.parse::<u64>().ok()?.checked_mul(*milliseconds)?)?;
        rest = after;
    }
    Some(Duration::from_millis(all))
}
