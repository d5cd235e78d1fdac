//! Values of a pod template that may be shown to people: those that look secret are not.

use serde_json::Value;

use crate::text::printable;

/// Parts of names whose values nobody should see.
const SECRET: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "private",
    "auth",
    "dsn",
    "cert",
    "salt",
    "session",
    "cookie",
];
/// Longest value that is shown.
const SHOWN: usize = 60;
/// Letters and digits in a row that no word of people's is as long as.
const RANDOM: usize = 20;

/// A value for people: of a member with this path. Whatever looks secret by its name or by its own look is
/// only said to be there.
#[must_use]
pub(super) fn shown(path: &str, value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => return "(set)".to_owned(),
        other => other.to_string(),
    };
    let path = path.to_ascii_lowercase();
    let hidden = SECRET.iter().any(|word| path.contains(word)) || looks_secret(&text);
    if hidden || text.chars().count() > SHOWN { "(set)".to_owned() } else { printable(&text) }
}

/// An address with a password in it, a key block, or letters and digits at random.
fn looks_secret(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let assigned = SECRET.iter().any(|word| lower.contains(word) && lower.contains(['=', ':', ' ']));
    let is_random = |word: &str| {
        word.len() >= RANDOM
            && word.chars().any(|c| c.is_ascii_digit())
            && word.chars().any(|c| c.is_ascii_alphabetic())
    };
    text.contains('@')
        || assigned
        || text.contains("-----BEGIN")
        || text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_random)
}
