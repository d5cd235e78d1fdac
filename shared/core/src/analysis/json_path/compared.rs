//! What a filter compares, by the kinds that Go has
//! (`k8s.io/client-go/third_party/forked/golang/template/funcs.go`).

use std::cmp::Ordering;

use serde_json::Value;

use super::found::Found;

/// A value that can be compared.
#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Truth(bool),
    Integer(i64),
    Unsigned(u8),
    Number(f64),
    Text(String),
}

/// Whether the operator holds of both.
///
/// # Errors
/// Where they are of unlike kinds, or of none.
pub fn holds(left: &Found<'_>, operator: &str, right: &Found<'_>) -> Result<bool, String> {
    let no_kind = "invalid type for comparison";
    let (left, right) = (kind(left).ok_or(no_kind)?, kind(right).ok_or(no_kind)?);
    let less = |left: &Kind, right: &Kind| Ok::<bool, String>(compared(left, right)? == Some(Ordering::Less));
    match operator {
        "==" => equal(&left, &right),
        "!=" => equal(&left, &right).map(|is| !is),
        "<" => less(&left, &right),
        // As Go has it: less, or equal.
        "<=" => Ok(less(&left, &right)? || equal(&left, &right)?),
        ">" => Ok(!(less(&left, &right)? || equal(&left, &right)?)),
        ">=" => Ok(!less(&left, &right)?),
        other => Err(format!("unrecognized filter operator {other}")),
    }
}

fn kind(found: &Found<'_>) -> Option<Kind> {
    match found {
        Found::Json(Value::Bool(truth)) => Some(Kind::Truth(*truth)),
        // JSON has no other numbers to Go.
        Found::Json(Value::Number(number)) => number.as_f64().map(Kind::Number),
        Found::Json(Value::String(text)) => Some(Kind::Text(text.clone())),
        Found::Text(text) => Some(Kind::Text(text.clone())),
        Found::Integer(number) => Some(Kind::Integer(*number)),
        Found::Number(number) => Some(Kind::Number(*number)),
        Found::Truth(truth) => Some(Kind::Truth(*truth)),
        Found::Byte(byte) => Some(Kind::Unsigned(*byte)),
        Found::Json(_) | Found::Nothing => None,
    }
}

fn equal(left: &Kind, right: &Kind) -> Result<bool, String> {
    match (left, right) {
        (Kind::Truth(left), Kind::Truth(right)) => Ok(left == right),
        _ => compared(left, right).map(|order| order == Some(Ordering::Equal)),
    }
}

fn compared(left: &Kind, right: &Kind) -> Result<Option<Ordering>, String> {
    match (left, right) {
        (Kind::Number(left), Kind::Number(right)) => Ok(left.partial_cmp(right)),
        (Kind::Integer(left), Kind::Integer(right)) => Ok(Some(left.cmp(right))),
        (Kind::Unsigned(left), Kind::Unsigned(right)) => Ok(Some(left.cmp(right))),
        (Kind::Integer(left), Kind::Unsigned(right)) => Ok(Some(left.cmp(&i64::from(*right)))),
        (Kind::Unsigned(left), Kind::Integer(right)) => Ok(Some(i64::from(*left).cmp(right))),
        (Kind::Text(left), Kind::Text(right)) => Ok(Some(left.cmp(right))),
        (Kind::Number(_), Kind::Integer(number)) | (Kind::Integer(number), Kind::Number(_)) => Err(format!(
            "incompatible types for comparison: to client-go {number} is another kind than JSON's numbers, \
                         and {number}.0 is the same"
        )),
        (Kind::Truth(_), Kind::Truth(_)) => Err("invalid type for comparison".to_owned()),
        _ => Err("incompatible types for comparison".to_owned()),
    }
}
