//! What a measurement without data is: never a pass by itself.
//!
//! Argo calls an empty answer that is indexed an error, and lets one pass that isn't (`all()` of nothing is true, and so
//! is a failureCondition that compares with what is no number).

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::analysis::expression::{Answer, Condition};
use crate::analysis::verdict::{Phase, judge};

/// What it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NoData {
    /// Somebody looks at it.
    #[default]
    Inconclusive,
    Fail,
    /// 0, where enough requests were seen to say so.
    Zero,
}

/// For all metrics, and for single ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct NoDataRules {
    pub all: NoData,
    pub of: BTreeMap<String, NoData>,
}

/// Requests that were seen while it was measured, and how many say enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Traffic {
    pub requests: f64,
    pub enough: f64,
}

/// What a measurement came to, and why where there was no data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    pub phase: Phase,
    pub why: Option<&'static str>,
}

impl FromStr for NoData {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "inconclusive" => Ok(Self::Inconclusive),
            "fail" => Ok(Self::Fail),
            "zero" => Ok(Self::Zero),
            _ => Err(format!("\"{}\" is none of inconclusive, fail, zero", text.escape_debug())),
        }
    }
}

impl NoDataRules {
    /// One that was typed: `fail` for all, or `error-rate=zero` for one.
    ///
    /// # Errors
    /// Where it is neither.
    pub fn add(&mut self, typed: &str) -> Result<(), String> {
        match typed.rsplit_once('=') {
            Some((metric, rule)) => drop(self.of.insert(metric.to_owned(), rule.parse()?)),
            None => self.all = typed.parse()?,
        }
        Ok(())
    }

    /// That of a metric.
    #[must_use]
    pub fn of(&self, metric: &str) -> NoData {
        self.of.get(metric).copied().unwrap_or(self.all)
    }
}

/// What an answer is to a metric's conditions, where there has to be something to judge.
///
/// A condition that says itself what nothing means (`len(result) == 0 || …`, `isNaN(result[0]) || …`) is taken at its
/// word.
///
/// # Errors
/// As [`judge`].
pub fn measured(
    (success, failure): (Option<&Condition>, Option<&Condition>),
    answer: &Answer,
    rule: NoData,
    traffic: Option<Traffic>,
) -> Result<Measured, String> {
    let said = |phase| Measured { phase, why: None };
    let is_told = |tells: fn(&Condition) -> bool| [success, failure].into_iter().flatten().any(tells);
    let missing = match lacking(answer) {
        Some(Lack::Empty) if is_told(Condition::tells_of_empty) => None,
        Some(Lack::NotANumber) if is_told(Condition::tells_of_nan) => None,
        lack => lack,
    };
    if missing.is_none() && traffic.is_none_or(|traffic| traffic.requests >= traffic.enough) {
        return judge(success, failure, answer).map(said);
    }
    let why = match missing {
        Some(Lack::Empty) => "the answer is empty",
        Some(Lack::NotANumber) => "the answer is no number",
        None => "there were too few requests",
    };
    let phase = match (rule, traffic) {
        (NoData::Inconclusive, _) => Phase::Inconclusive,
        (NoData::Fail, _) => Phase::Failed,
        (NoData::Zero, Some(traffic)) if missing.is_some() && traffic.requests >= traffic.enough => {
            let zero =
                if matches!(answer, Answer::Scalar(_)) { Answer::Scalar(0.0) } else { Answer::Vector(vec![0.0]) };
            return judge(success, failure, &zero).map(|phase| Measured { phase, why: Some(why) });
        }
        (NoData::Zero, _) => Phase::Inconclusive,
    };
    Ok(Measured { phase, why: Some(why) })
}

enum Lack {
    Empty,
    NotANumber,
}

fn lacking(answer: &Answer) -> Option<Lack> {
    match answer {
        Answer::Vector(numbers) if numbers.is_empty() => Some(Lack::Empty),
        Answer::Vector(numbers) if numbers.iter().any(|number| number.is_nan()) => Some(Lack::NotANumber),
        Answer::Scalar(number) if number.is_nan() => Some(Lack::NotANumber),
        Answer::Json(serde_json::Value::Null) => Some(Lack::Empty),
        _ => None,
    }
}
