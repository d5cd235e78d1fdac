//! What is wrong with a file, and where.

use release_core::failure::Failure;
use release_core::text::{nearest_word, printable};
use serde_saphyr::{Error, UserMessageFormatter};

/// A place, and what is wrong there. Lines and columns count from one.
#[derive(Debug)]
pub(super) struct Problem {
    pub line: u64,
    pub column: u64,
    pub why: String,
    /// What may be meant.
    pub near: Option<String>,
}

impl Problem {
    /// Of a document that stands behind so many lines.
    pub fn of(error: &Error, before: u64) -> Self {
        let error = error.without_snippet();
        let (line, column) = error.location().map_or((1, 1), |place| (place.line(), place.column()));
        let (why, near) = told(error);
        Self { line: line.max(1).saturating_add(before), column: column.max(1), why, near }
    }

    /// At the beginning of a line.
    pub fn at(line: u64, why: impl Into<String>) -> Self {
        Self { line, column: 1, why: why.into(), near: None }
    }

    /// As a failure, exit 2.
    pub fn told(self, file: &str) -> Failure {
        let Self { line, column, why, near } = self;
        let failure = Failure::usage(format!("{file}: line {line}, column {column}: {}", printable(&why)));
        near.into_iter().fold(failure, Failure::next)
    }
}

/// The crate speaks to programmers of its own options and types.
fn told(error: &Error) -> (String, Option<String>) {
    let plain = |why: &str| (why.to_owned(), None);
    match error {
        Error::SerdeUnknownField { field, expected, .. } => unknown("field", field, expected),
        Error::SerdeUnknownVariant { variant, expected, .. } => unknown("value", variant, expected),
        Error::DuplicateMappingKey { key: Some(key), .. } => {
            (format!("\"{}\" is here a second time", key.escape_debug()), None)
        }
        Error::DuplicateMappingKey { .. } => plain("this key is here a second time"),
        Error::InvalidScalar { ty: "boolean", .. } => plain("this is neither true nor false"),
        Error::InvalidScalar { .. } => plain("this is no number that may stand here"),
        Error::Unexpected { expected: "sequence start", .. } => plain("a list is expected"),
        Error::Unexpected { expected: "mapping start", .. } => plain("a mapping is expected"),
        Error::Unexpected { expected: "string scalar", .. } => plain("one value is expected"),
        Error::NullIntoString { .. } => plain("there is no value"),
        Error::QuotingRequired { value, .. } => {
            let text = format!("kubectl would read {} as a number or as true or false", value.escape_debug());
            (text, Some("quote it, if it is meant as it stands".to_owned()))
        }
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => plain("written out, this is too large or too deep"),
        Error::AliasError { error, .. } => told(error),
        other => (without_place(&other.render_with_formatter(&UserMessageFormatter)), None),
    }
}

fn unknown(what: &str, typed: &str, known: &[&'static str]) -> (String, Option<String>) {
    let near = nearest_word(typed, known.iter().copied());
    let all = || format!("known here: {}", known.join(", "));
    let near = near.map_or_else(all, |near| format!("did you mean {near}?"));
    (format!("unknown {what} \"{}\"", typed.escape_debug()), Some(near))
}

/// The crate counts from the document's beginning; the place is told once, and of the file.
fn without_place(text: &str) -> String {
    let first = text.lines().next().unwrap_or_default();
    let told = first.split(" at line ").next().unwrap_or(first);
    let told = told.strip_prefix("error: ").unwrap_or(told);
    match told.split_once(": ") {
        Some((place, why)) if place.starts_with("line ") => why.to_owned(),
        _ => told.to_owned(),
    }
}
