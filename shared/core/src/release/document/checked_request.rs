//! Requests that can't be meant, or that would say something else than they look like: found while they are read.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::time::Time;

/// An hour is more than any of it may take.
const LONGEST: Duration = Duration::from_secs(3600);
/// In seconds.
const MOST_SECONDS: u32 = 3600;
/// Nobody counts further.
const MOST_TIMES: u32 = 100;
/// No server takes a longer path, or header.
const MOST_TEXT: usize = 4096;
/// For a column of a table.
const MOST_NAME: usize = 100;

pub fn delay<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(Option::deserialize(deserializer)?, 0, MOST_SECONDS)
}

pub fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(Option::deserialize(deserializer)?, 1, MOST_SECONDS)
}

pub fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(Option::deserialize(deserializer)?, 1, MOST_TIMES)
}

pub fn retries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(Option::deserialize(deserializer)?, 0, MOST_TIMES)
}

pub fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    within(Option::deserialize(deserializer)?, 100, 599)
}

fn within<N: PartialOrd + std::fmt::Display, E: Error>(number: Option<N>, least: N, most: N) -> Result<Option<N>, E> {
    match number {
        Some(number) if number < least || number > most => {
            Err(E::custom(format!("{number} is not from {least} to {most}")))
        }
        number => Ok(number),
    }
}

pub fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Time>, D::Error> {
    let time = Option::<Time>::deserialize(deserializer)?;
    match time {
        Some(Time(time)) if time.is_zero() || time > LONGEST => Err(D::Error::custom("a time from above 0 to 1h")),
        time => Ok(time),
    }
}

pub fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    as_path(String::deserialize(deserializer)?)
}

pub fn probe_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Option::<String>::deserialize(deserializer)?.map(as_path).transpose()
}

fn as_path<E: Error>(path: String) -> Result<String, E> {
    let is_sent = path.chars().all(|c| c.is_ascii_graphic() && c != '#') && path.len() <= MOST_TEXT;
    if path.starts_with('/') && is_sent {
        return Ok(path);
    }
    let why = "is no path: it begins with a slash, and what no URL may have is written as %20";
    Err(E::custom(format!("\"{}\" {why}", path.escape_debug())))
}

pub fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let method = Option::<String>::deserialize(deserializer)?;
    let is_one =
        |method: &str| !method.is_empty() && method.len() <= 20 && method.chars().all(|c| c.is_ascii_uppercase());
    match method {
        // Its answer is no answer, but a tunnel.
        Some(method) if !is_one(&method) || method == "CONNECT" => {
            Err(D::Error::custom(format!("\"{}\" is no method like GET or POST", method.escape_debug())))
        }
        method => Ok(method),
    }
}

pub fn test_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() || name.chars().count() > MOST_NAME {
        return Err(D::Error::custom(format!("a name has from 1 to {MOST_NAME} characters")));
    }
    Ok(name)
}

pub fn grpc_service<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let name = Option::<String>::deserialize(deserializer)?;
    match name {
        Some(name) if name.len() > MOST_TEXT => Err(D::Error::custom("no service has so long a name")),
        name => Ok(name),
    }
}

pub fn header_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    as_header_name(String::deserialize(deserializer)?)
}

/// A token (RFC 9110, section 5.6.2) that we don't write ourselves.
fn as_header_name<E: Error>(name: String) -> Result<String, E> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    if name.is_empty() || name.len() > MOST_NAME || !name.chars().all(is_token) {
        return Err(E::custom(format!("\"{}\" is no header's name", name.escape_debug())));
    }
    let ours = ["connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer"];
    if ours.iter().any(|ours| name.eq_ignore_ascii_case(ours)) {
        return Err(E::custom(format!("{name} is not for a test to say")));
    }
    Ok(name)
}

pub fn header_value<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    as_header_value(String::deserialize(deserializer)?)
}

/// It may be a secret, and isn't told.
fn as_header_value<E: Error>(value: String) -> Result<String, E> {
    let is_sent = value.len() <= MOST_TEXT && value.chars().all(|c| c == '\t' || (' '..='~').contains(&c));
    if is_sent { Ok(value) } else { Err(E::custom("a header's value has visible ASCII characters and blanks alone")) }
}

pub fn headers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let headers = Option::<BTreeMap<HeaderName, HeaderValue>>::deserialize(deserializer)?;
    Ok(headers.into_iter().flatten().map(|(HeaderName(name), HeaderValue(value))| (name, value)).collect())
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct HeaderName(String);

impl<'de> Deserialize<'de> for HeaderName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_header_name(String::deserialize(deserializer)?).map(Self)
    }
}

struct HeaderValue(String);

impl<'de> Deserialize<'de> for HeaderValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        as_header_value(String::deserialize(deserializer)?).map(Self)
    }
}

/// `null` is a value, too.
pub fn some_json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
