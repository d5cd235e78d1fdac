//! A port of a pod, by its number or its name.

use std::fmt;

use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// As probes have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Port {
    Number(#[schemars(range(min = 1))] u16),
    /// Of a container's port.
    Name(String),
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Port;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a port's number, or its name in the pod")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Port, E> {
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.map(Port::Number).ok_or_else(|| E::custom(format!("{number} is not from 1 to 65535")))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Port, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::custom(format!("{number} is not from 1 to 65535"))),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Port, E> {
        if let Ok(number) = text.parse() {
            return self.visit_u64(number);
        }
        let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 15 || !text.chars().all(is_known) {
            return Err(E::custom(format!("\"{}\" is no port's number or name", text.escape_debug())));
        }
        Ok(Port::Name(text.to_owned()))
    }
}
