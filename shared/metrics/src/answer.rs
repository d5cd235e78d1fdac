//! What Prometheus answers (<https://prometheus.io/docs/prometheus/latest/querying/api/>), as values.

#[cfg(test)]
mod tests;

use http::StatusCode;
use release_core::analysis::counters::{Millis, Series};
use release_core::analysis::expression::Answer;
use serde::Deserialize;
use serde_json::Value;

use crate::trouble::Trouble;

/// Samples of one answer that a condition is asked about.
const MOST: usize = 10_000;

#[derive(Deserialize)]
struct Envelope {
    status: String,
    #[serde(default)]
    data: Data,
    #[serde(default)]
    error: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Data {
    result_type: String,
    result: Value,
}

/// A sample: seconds, and a number as text.
type Sample = (f64, String);

#[derive(Deserialize)]
struct Single {
    value: Option<Sample>,
    /// A native histogram, which is no number.
    histogram: Option<Value>,
}

#[derive(Deserialize)]
struct Many {
    #[serde(default)]
    values: Vec<Sample>,
}

/// The data of an answer that is one.
fn data(status: StatusCode, body: &[u8]) -> Result<Data, Trouble> {
    let envelope: Envelope = match serde_json::from_slice(body) {
        Ok(envelope) => envelope,
        Err(_) if !status.is_success() => return Err(Trouble::Refused(format!("HTTP status {}", status.as_u16()))),
        Err(error) => return Err(Trouble::garbled(&error.to_string())),
    };
    match envelope.status.as_str() {
        "success" => Ok(envelope.data),
        "error" => Err(Trouble::refused(&envelope.error)),
        _ => Err(Trouble::garbled("its status is neither success nor error")),
    }
}

/// What a query answered, as Argo sees it: a vector in the order of the answer, the samples of a range one after the
/// other, a scalar as it is. A text is an error.
///
/// # Errors
/// See [`Trouble`].
pub fn answer(status: StatusCode, body: &[u8]) -> Result<Answer, Trouble> {
    let Data { result_type, result } = data(status, body)?;
    let numbers = match result_type.as_str() {
        "scalar" => return number(&read::<Sample>(result)?).map(Answer::Scalar),
        "vector" => {
            let singles: Vec<Single> = read(result)?;
            singles.iter().map(of_single).collect::<Result<Vec<f64>, _>>()?
        }
        "matrix" => {
            let many: Vec<Many> = read(result)?;
            many.iter().flat_map(|one| &one.values).map(number).collect::<Result<Vec<f64>, _>>()?
        }
        other => return Err(Trouble::garbled(&format!("the query answers a {other:?}, and no numbers"))),
    };
    if numbers.len() > MOST { Err(Trouble::TooLarge) } else { Ok(Answer::Vector(numbers)) }
}

fn of_single(single: &Single) -> Result<f64, Trouble> {
    match (&single.value, &single.histogram) {
        (Some(sample), _) => number(sample),
        (None, Some(_)) => Err(Trouble::garbled("the query answers a histogram, and no numbers")),
        (None, None) => Err(Trouble::garbled("a series has no value")),
    }
}

/// The raw samples of a range.
///
/// # Errors
/// See [`Trouble`].
pub fn series(status: StatusCode, body: &[u8]) -> Result<Vec<Series>, Trouble> {
    let Data { result_type, result } = data(status, body)?;
    if result_type != "matrix" {
        return Err(Trouble::garbled(&format!("a range is expected, and not {result_type:?}")));
    }
    let many: Vec<Many> = read(result)?;
    many.iter().map(of_many).collect()
}

fn of_many(one: &Many) -> Result<Series, Trouble> {
    let samples = one.values.iter().map(|sample| Ok((millis(sample.0)?, number(sample)?)));
    Ok(Series { samples: samples.collect::<Result<_, Trouble>>()? })
}

fn read<T: serde::de::DeserializeOwned>(result: Value) -> Result<T, Trouble> {
    serde_json::from_value(result).map_err(|error| Trouble::garbled(&error.to_string()))
}

/// `NaN`, `+Inf` and `-Inf` among them.
fn number((_, text): &Sample) -> Result<f64, Trouble> {
    text.parse().map_err(|_| Trouble::garbled(&format!("{text:?} is no number")))
}

fn millis(seconds: f64) -> Result<Millis, Trouble> {
    let millis = (seconds * 1000.0).round();
    if !(0.0..=9e15).contains(&millis) {
        return Err(Trouble::garbled("a sample is of no time"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "within its range")]
    Ok(millis as Millis)
}
