//! A time as the document has it.

use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::duration::{duration, typed_duration};

/// `90s`, `1h`, `1h30m`; a bare number would leave it open what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(into = "String")]
#[schemars(with = "String")]
pub struct Time(pub Duration);

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

/// Numbers are read, too, to say what they lack.
struct Written;

impl Visitor<'_> for Written {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time like 30s, 5m or 1h30m")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        if text.parse::<f64>().is_ok() {
            return Err(without_unit(text));
        }
        duration(text).map(Time).map_err(|why| E::custom(format!("\"{}\": {why}", text.escape_debug())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Time, E> {
        Err(without_unit(&number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Time, E> {
        Err(without_unit(&number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Time, E> {
        Err(without_unit(&number.to_string()))
    }
}

fn without_unit<E: Error>(number: &str) -> E {
    E::custom(format!("{} says of nothing how many: a time like 30s, 5m or 1h30m", number.escape_debug()))
}

impl From<Time> for String {
    fn from(Time(time): Time) -> Self {
        typed_duration(time)
    }
}
