//! Paths that a pod answers otherwise than `/`: health checks, smoke tests. Pure.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::settings::duration;

/// What the annotation [`crate::annotations::ANSWERS`] says.
#[derive(Debug)]
pub(super) struct Answers {
    text: String,
    paths: Result<BTreeMap<String, Answer>, String>,
}

/// One path's answer.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Answer {
    #[serde(default = "ok")]
    pub status: u16,
    /// A text is sent as it is, anything else as JSON; without it the pod's usual answer.
    pub body: Option<Value>,
    /// So many times the body, made as it is read.
    pub times: Option<usize>,
    /// Sends back what was asked instead of `body`: method, path, headers and body.
    #[serde(default)]
    pub echo: bool,
    #[serde(default, deserialize_with = "time")]
    pub latency: Duration,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Only so many requests are answered so; those after them as if nothing was said.
    pub first: Option<u64>,
    #[serde(skip)]
    asked: AtomicU64,
}

fn ok() -> u16 {
    200
}

fn time<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    duration(&text).ok_or_else(|| serde::de::Error::custom(format!("{text:?} is no duration")))
}

impl Answers {
    pub fn parse(text: &str) -> Self {
        let paths = if text.is_empty() { Ok(BTreeMap::new()) } else { serde_json::from_str(text) };
        Self { text: text.to_owned(), paths: paths.map_err(|error| error.to_string()) }
    }

    /// How this request is to be answered; the error is for the one who wrote the annotation.
    pub fn to(&self, path: &str) -> Result<Option<&Answer>, &str> {
        let paths = self.paths.as_ref().map_err(String::as_str)?;
        let Some(answer) = paths.get(path) else { return Ok(None) };
        let number = answer.asked.fetch_add(1, Ordering::Relaxed);
        Ok(answer.first.is_none_or(|first| number < first).then_some(answer))
    }
}

impl PartialEq for Answers {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fails_as_often_as_it_is_told_to_and_others_are_as_ever() {
        let answers = Answers::parse(r#"{"/health": {"status": 503, "first": 2, "latency": "20ms"}}"#);
        assert!(answers.to("/").unwrap().is_none());
        for _ in 0..2 {
            let answer = answers.to("/health").unwrap().unwrap();
            assert_eq!((answer.status, answer.latency), (503, Duration::from_millis(20)));
        }
        assert!(answers.to("/health").unwrap().is_none());
    }

    #[test]
    fn a_slip_is_told_and_not_passed_over() {
        for slip in [r#"{"/": {"stauts": 503}}"#, "{", r#"{"/": {"latency": "soon"}}"#] {
            assert!(Answers::parse(slip).to("/").is_err(), "{slip}");
        }
        assert!(Answers::parse("").to("/").unwrap().is_none());
    }
}
