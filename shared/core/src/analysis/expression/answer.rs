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
