//! A port of a pod, by its number or its name.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

use crate::number_or_text::{self, NumberOrText};

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
        number_or_text::deserialize(deserializer)
    }
}

impl NumberOrText for Port {
    const EXPECTED: &'static str = "a port's number, or its name in the pod";

    fn of_number(number: i128) -> Result<Self, String> {
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.map(Self::Number).ok_or_else(|| format!("{number} is not from 1 to 65535"))
    }

    fn of_text(text: &str) -> Result<Self, String> {
        if let Ok(number) = text.parse::<u64>() {
            return Self::of_number(number.into());
        }
        let is_known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if text.is_empty() || text.len() > 15 || !text.chars().all(is_known) {
            return Err(format!("\"{}\" is no port's number or name", text.escape_debug()));
        }
        Ok(Self::Name(text.to_owned()))
    }
}
