//! Requests that a canary gets whatever its weight is: by a header, or as a copy.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Requests with these headers are the canary's; without a match the route of this name is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderRoute {
    pub name: String,
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<HeaderMatch>,
}

/// A header and what it has to be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct HeaderMatch {
    pub header_name: String,
    pub header_value: TextMatch,
}

/// So many of these requests are sent to the canary once more, and its answers are dropped; without a match the route
/// of this name is taken away.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MirrorRoute {
    pub name: String,
    #[serde(rename = "match", default, skip_serializing_if = "Vec::is_empty")]
    pub matches: Vec<RequestMatch>,
    /// All of them where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percentage: Option<u32>,
}

/// What a request has to be; all of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RequestMatch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<TextMatch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<TextMatch>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, TextMatch>,
}

/// One of three ways to match a text; which is not known before it was read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase", try_from = "WrittenMatch")]
pub enum TextMatch {
    Exact(String),
    Prefix(String),
    Regex(String),
}

/// To Argo an empty text says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenMatch {
    exact: String,
    prefix: String,
    regex: String,
}

impl TryFrom<WrittenMatch> for TextMatch {
    type Error = &'static str;

    fn try_from(written: WrittenMatch) -> Result<Self, Self::Error> {
        let WrittenMatch { exact, prefix, regex } = written;
        let all = [Self::Exact(exact), Self::Prefix(prefix), Self::Regex(regex)];
        let mut said = all.into_iter().filter(|one| !one.text().is_empty());
        match (said.next(), said.next()) {
            (Some(one), None) => Ok(one),
            _ => Err("a match says one of exact, prefix, regex"),
        }
    }
}

impl TextMatch {
    /// What is matched with.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Exact(text) | Self::Prefix(text) | Self::Regex(text) => text,
        }
    }
}
