//! What conditions are about.

use serde_json::Value;

/// What a query answered, as a condition sees it: `result`.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// `result < 1`
    Scalar(f64),
    /// `result[0] < 1`, in the order of the answer; the samples of all series of a range.
    Vector(Vec<f64>),
    /// `result.ok`, `result == "healthy"`: what a server has said.
    Json(Value),
}

impl Answer {
    /// How many values it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        match self {
            Self::Scalar(_) => 1,
            Self::Vector(numbers) => numbers.len() as u64,
            Self::Json(json) => values(json),
        }
    }
}

fn values(json: &Value) -> u64 {
    let inside: u64 = match json {
        Value::Array(items) => items.iter().map(values).fold(0, u64::saturating_add),
        Value::Object(fields) => fields.values().map(values).fold(0, u64::saturating_add),
        _ => 0,
    };
    inside.saturating_add(1)
}
