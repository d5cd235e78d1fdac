//! The keys of one JSON object, read with a problem for everything that is not as it has to be.

use serde_json::{Map, Value};

use crate::registry::lifecycle_policy::problem::{Problem, RulePosition};
use crate::text::printable;

/// One object of the policy.
#[derive(Debug)]
pub(super) struct Fields<'v, 'p> {
    map: &'v Map<String, Value>,
    /// `selection.` or `action.`; empty for a rule's own keys.
    prefix: &'static str,
    place: Option<RulePosition>,
    problems: &'p mut Vec<Problem>,
}

impl<'v, 'p> Fields<'v, 'p> {
    /// The object's fields; a problem that names it as `what` where it is no object.
    pub(super) fn of(
        value: &'v Value,
        prefix: &'static str,
        what: &str,
        place: Option<RulePosition>,
        problems: &'p mut Vec<Problem>,
    ) -> Option<Self> {
        let Some(map) = value.as_object() else {
            problems.push(Problem { place, message: format!("{what} is {}, not an object", kind(value)) });
            return None;
        };
        Some(Self { map, prefix, place, problems })
    }

    pub(super) fn problem(&mut self, message: impl Into<String>) {
        self.problems.push(Problem { place: self.place, message: message.into() });
    }

    /// Says which keys there are; ECR refuses every other.
    pub(super) fn only(&mut self, known: &[&str]) {
        for key in self.map.keys().filter(|key| !known.contains(&key.as_str())) {
            let message = format!("{}{} is no key of a policy ({})", self.prefix, printable(key), known.join(", "));
            self.problem(message);
        }
    }

    /// Whether the key is there, be it null.
    pub(super) fn has(&self, key: &str) -> bool {
        self.map.contains_key(key)
    }

    /// The value of a key that may be absent, but not null.
    pub(super) fn optional(&mut self, key: &str) -> Option<&'v Value> {
        let value = self.map.get(key)?;
        if value.is_null() {
            let message = format!("{}{key} is null, which ECR refuses: leave the key out", self.prefix);
            self.problem(message);
            return None;
        }
        Some(value)
    }

    /// The value of a key that has to be there.
    pub(super) fn required(&mut self, key: &str) -> Option<&'v Value> {
        if !self.map.contains_key(key) {
            let message = format!("{}{key} is missing", self.prefix);
            self.problem(message);
        }
        self.optional(key)
    }

    /// A list that has to be there.
    pub(super) fn list(&mut self, key: &str) -> Option<&'v [Value]> {
        let value = self.required(key)?;
        self.expect(key, value, "a list", value.as_array()).map(Vec::as_slice)
    }

    /// A string, checked already to be there or not.
    pub(super) fn string(&mut self, key: &str, value: &'v Value) -> Option<&'v str> {
        self.expect(key, value, "a string", value.as_str())
    }

    /// A positive integer that has to be there; in quotes, too, as Terraform writes what comes from a
    /// variable of type string: ECR gets it without.
    pub(super) fn positive(&mut self, key: &str) -> Option<u32> {
        let value = self.required(key)?;
        let quoted = value.as_str().filter(|text| text.starts_with(|c| matches!(c, '1'..='9')));
        let number = value.as_u64().or_else(|| quoted?.parse().ok());
        let number = number.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        self.expect(key, value, "a whole number from 1", number)
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&mut self, key: &str, value: &'v Value, words: &[(&str, T)]) -> Option<T> {
        let word = self.string(key, value)?;
        let found = words.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
            let message = format!("{}{key} is {:?}; it can be {}", self.prefix, printable(word), known.join(", "));
            self.problem(message);
        }
        found
    }

    fn expect<T>(&mut self, key: &str, value: &Value, wanted: &str, found: Option<T>) -> Option<T> {
        if found.is_none() {
            let message = format!("{}{key} is {}, not {wanted}", self.prefix, kind(value));
            self.problem(message);
        }
        found
    }
}

/// What a value is, in a message.
fn kind(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "a boolean".into(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("the text {:?}", printable(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}
