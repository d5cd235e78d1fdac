//! A comparison as a team writes it down.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The allowed ratio where nothing is said.
const RATIO: f64 = 2.0;
/// No selector is longer.
const LONGEST: usize = 2000;

/// The color that serves beside what the other one did just before: two raw counters, by their selectors.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Comparison {
    /// All requests, like `http_requests_total{service="api"}`; `{{args.color}}` is the color in question.
    pub requests: String,
    /// Those that failed, like `http_requests_total{service="api",status=~"5.."}`.
    pub errors: String,
    /// So many times the error rate of before is allowed; 2 where nothing is said.
    #[schemars(range(min = 1, max = 1000))]
    pub ratio: Option<f64>,
    /// Like `http://prometheus-server.monitoring:9090`; `--prometheus` wins over it.
    pub address: Option<String>,
}

impl Comparison {
    /// The ratio that is allowed.
    #[must_use]
    pub fn allowed(&self) -> f64 {
        self.ratio.unwrap_or(RATIO)
    }

    /// What is wrong with it, as far as that shows before anything is asked.
    ///
    /// # Errors
    /// In words that name the field.
    pub fn check(&self) -> Result<(), String> {
        for (field, selector) in [("requests", &self.requests), ("errors", &self.errors)] {
            is_selector(selector).map_err(|why| format!("compare.{field}: {why}"))?;
        }
        match self.ratio {
            Some(ratio) if !(1.0..=1000.0).contains(&ratio) => Err("compare.ratio is from 1 to 1000".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Raw counters are read, and how they are read is not for a query to say: a name and labels.
fn is_selector(text: &str) -> Result<(), String> {
    let text = text.trim();
    let (name, labels) = text.split_once('{').unwrap_or((text, "}"));
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
    if text.is_empty() || text.len() > LONGEST || !is_name || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("a counter like http_requests_total{service=\"api\"} is expected, and no query".to_owned());
    }
    if is_closed(labels) { Ok(()) } else { Err("its braces end before it does, or don't end".to_owned()) }
}

/// That the labels end with the last character, whatever stands in quotes.
fn is_closed(labels: &str) -> bool {
    let mut quote = None;
    let mut is_escaped = false;
    for (at, c) in labels.char_indices() {
        match (c, quote) {
            _ if is_escaped => is_escaped = false,
            ('\\', Some(_)) => is_escaped = true,
            (_, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'' | '`', None) => quote = Some(c),
            ('}', None) => return at.saturating_add(1) == labels.len(),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn comparison(requests: &str) -> Comparison {
        Comparison { requests: requests.into(), errors: "errors_total".into(), ratio: None, address: None }
    }

    /// `rate()` extrapolates and counts twice: evidence made of it finds something wrong where nothing is.
    #[test]
    fn a_counter_is_asked_for_and_no_query() {
        for good in
            ["up", "http_requests_total{a=\"b\"}", "{__name__=\"x\"}", "a:b{c=~\"}[\",d!='e'}", "x{a=\"\\\"}\"}"]
        {
            assert_eq!(comparison(good).check(), Ok(()), "{good}");
        }
        for bad in [
            "",
            "rate(x[1m])",
            "sum(x)",
            "x[5m]",
            "x{a=\"b\"}[5m]",
            "x{a=\"b\"",
            "x offset 5m",
            "x or y",
            "x{a=\"b\"} or y",
        ] {
            assert!(comparison(bad).check().is_err(), "{bad}");
        }
        let ratio = |ratio| Comparison { ratio: Some(ratio), ..comparison("x") }.check();
        assert!(ratio(1.25).is_ok() && ratio(0.5).is_err() && ratio(f64::NAN).is_err());
    }
}
