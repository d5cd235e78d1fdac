//! What a path finds on its way.

use serde_json::{Map, Value};

/// A value of the document, or one that the path itself has.
#[derive(Debug, Clone)]
pub enum Found<'v> {
    Json(&'v Value),
    Text(String),
    Integer(i64),
    Number(f64),
    Truth(bool),
    /// A byte of a text.
    Byte(u8),
    /// Not even null.
    Nothing,
}

impl<'v> Found<'v> {
    /// As JSON.
    #[must_use]
    pub fn value(self) -> Value {
        match self {
            Self::Json(value) => value.clone(),
            Self::Text(text) => Value::String(text),
            Self::Integer(number) => number.into(),
            Self::Number(number) => number.into(),
            Self::Truth(truth) => Value::Bool(truth),
            Self::Byte(byte) => byte.into(),
            Self::Nothing => Value::Null,
        }
    }

    /// Null inside a document: it is passed over.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Json(Value::Null))
    }

    /// Its fields.
    pub fn fields(&self) -> Option<&'v Map<String, Value>> {
        match self {
            Self::Json(value) => value.as_object(),
            _ => None,
        }
    }

    /// Its items.
    pub fn items(&self) -> Option<Vec<&'v Value>> {
        match self {
            Self::Json(Value::Array(items)) => Some(items.iter().collect()),
            _ => None,
        }
    }

    /// Everything in it: of a text its bytes, as Go has it.
    pub fn parts(&self) -> Vec<Self> {
        let bytes = |text: &str| text.bytes().map(Found::Byte).collect();
        match self {
            Self::Json(Value::Object(fields)) => fields.values().map(Found::Json).collect(),
            Self::Json(Value::String(text)) => bytes(text),
            Self::Text(text) => bytes(text),
            other => other.items().into_iter().flatten().map(Found::Json).collect(),
        }
    }
}
