//! A number as Argo's `IntOrString` writes it.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

use crate::number_or_text::{self, NumberOrText};

/// `3` or `"3"`. To Argo a text that is no number is 0; here it is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Number(pub i32);

impl Number {
    /// As what is counted.
    #[must_use]
    pub fn at_least_zero(self) -> u32 {
        u32::try_from(self.0).unwrap_or_default()
    }
}

impl JsonSchema for Number {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Number".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A whole number, or one as text.",
            "anyOf": [{"type": "integer", "minimum": -1, "maximum": i32::MAX}, {"type": "string", "pattern": "^-?[0-9]+$"}]
        })
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        number_or_text::deserialize(deserializer)
    }
}

impl NumberOrText for Number {
    const EXPECTED: &'static str = "a whole number";

    fn of_number(number: i128) -> Result<Self, String> {
        i32::try_from(number).map(Self).map_err(|_| format!("{number} is too much"))
    }

    fn of_text(text: &str) -> Result<Self, String> {
        text.parse().map(Self).map_err(|_| format!("\"{}\" is no whole number", text.escape_debug()))
    }
}
