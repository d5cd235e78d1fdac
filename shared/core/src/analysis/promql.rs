//! What a PromQL query selects, as far as that shows in its words. What isn't understood is no query here: then
//! nothing is said of it.

mod words;

#[cfg(test)]
mod tests;

use std::time::Duration;

pub use words::Operator;
use words::{Word, words};

/// A query, cut down to what it selects.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub selectors: Vec<Selector>,
    /// How far back it looks, for each range.
    pub ranges: Vec<Duration>,
    /// `or` stands in it: what is missing may be made up for.
    pub has_or: bool,
    /// Labels that it groups or joins by.
    pub grouped_by: Vec<String>,
}

/// Series by their name and labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    pub metric: Option<String>,
    pub matchers: Vec<Matcher>,
}

/// One label and what it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    pub label: String,
    pub operator: Operator,
    pub value: String,
}

/// What groups, joins and says over which labels.
const OVER_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Words that are no metrics.
const OTHER_WORDS: [&str; 10] = ["and", "or", "unless", "bool", "offset", "atan2", "start", "end", "inf", "nan"];

impl Query {
    /// Reads one.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let words = words(text)?;
        let mut query = Self { selectors: Vec::new(), ranges: Vec::new(), has_or: false, grouped_by: Vec::new() };
        let mut rest = words.as_slice();
        while let Some((word, after)) = rest.split_first() {
            rest = query.take(word, after)?;
        }
        Some(query)
    }

    fn take<'w>(&mut self, word: &Word, after: &'w [Word]) -> Option<&'w [Word]> {
        match word {
            Word::Sign('{') => {
                let (matchers, rest) = matchers(after)?;
                self.selectors.push(Selector { metric: None, matchers });
                Some(rest)
            }
            Word::Sign('[') => self.range(after),
            Word::Name(name) => self.named(name, after),
            _ => Some(after),
        }
    }

    fn named<'w>(&mut self, name: &str, after: &'w [Word]) -> Option<&'w [Word]> {
        let lower = name.to_ascii_lowercase();
        let next = after.first();
        if OVER_LABELS.contains(&lower.as_str()) {
            return self.labels(after);
        }
        if OTHER_WORDS.contains(&lower.as_str()) {
            self.has_or |= lower == "or";
            return Some(after);
        }
        let groups =
            |word: &Word| matches!(word, Word::Name(name) if OVER_LABELS.contains(&name.to_ascii_lowercase().as_str()));
        match next {
            // A function, or an aggregation.
            Some(Word::Sign('(')) => Some(after),
            Some(word) if groups(word) && is_aggregation(&lower) => Some(after),
            Some(Word::Sign('{')) => {
                let (matchers, rest) = matchers(after.get(1..)?)?;
                self.selectors.push(Selector { metric: Some(name.to_owned()), matchers });
                Some(rest)
            }
            _ => {
                self.selectors.push(Selector { metric: Some(name.to_owned()), matchers: Vec::new() });
                Some(after)
            }
        }
    }

    /// `(a, b)` behind what groups.
    fn labels<'w>(&mut self, after: &'w [Word]) -> Option<&'w [Word]> {
        let Some((Word::Sign('('), inside)) = after.split_first() else { return Some(after) };
        let end = inside.iter().position(|word| *word == Word::Sign(')'))?;
        let (labels, rest) = inside.split_at(end);
        let names =
            labels.iter().filter_map(|word| if let Word::Name(name) = word { Some(name.clone()) } else { None });
        self.grouped_by.extend(names);
        rest.get(1..)
    }

    /// `[5m]`, and `[5m:1m]` of a query in a query.
    fn range<'w>(&mut self, after: &'w [Word]) -> Option<&'w [Word]> {
        let end = after.iter().position(|word| *word == Word::Sign(']'))?;
        let (inside, rest) = after.split_at(end);
        if let Some(Word::Time(time)) = inside.first() {
            self.ranges.push(*time);
        }
        rest.get(1..)
    }
}

fn is_aggregation(name: &str) -> bool {
    let all = [
        "sum",
        "avg",
        "min",
        "max",
        "count",
        "stddev",
        "stdvar",
        "group",
        "topk",
        "bottomk",
        "quantile",
        "count_values",
    ];
    all.contains(&name)
}

/// To the brace that ends them.
fn matchers(words: &[Word]) -> Option<(Vec<Matcher>, &[Word])> {
    let mut all = Vec::new();
    let mut rest = words;
    loop {
        match rest {
            [Word::Sign('}'), after @ ..] => return Some((all, after)),
            [Word::Sign(','), after @ ..] => rest = after,
            [Word::Name(label) | Word::Text(label), Word::Match(operator), Word::Text(value), after @ ..] => {
                all.push(Matcher { label: label.clone(), operator: *operator, value: value.clone() });
                rest = after;
            }
            // A metric's name in quotes.
            [Word::Text(_), after @ ..] => rest = after,
            _ => return None,
        }
    }
}
