//! Where requests go, by what each color has of them.

use std::collections::BTreeMap;

use crate::text::printable;

/// What each color has.
pub type Weights = BTreeMap<String, i64>;

/// Where the requests of a route go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// All that its colors have goes to one of them, by every rule.
    On(String),
    /// Several colors have some.
    Split(Weights),
    /// No color has any, or there is no rule.
    Nowhere,
}

impl Standing {
    /// By what each color has.
    #[must_use]
    pub fn of(weights: Weights) -> Self {
        let mut some = weights.iter().filter(|(_, weight)| **weight > 0);
        match (some.next(), some.next()) {
            (None, _) => Self::Nowhere,
            (Some((color, _)), None) => Self::On(color.clone()),
            (Some(_), Some(_)) => Self::Split(weights),
        }
    }

    /// `blue 95, green 5`
    #[must_use]
    pub fn shown(&self) -> String {
        match self {
            Self::On(color) => color.clone(),
            Self::Split(weights) => shown(weights),
            Self::Nowhere => "no color".to_owned(),
        }
    }
}

/// `blue 95, green 5`
#[must_use]
pub fn shown(weights: &Weights) -> String {
    let each: Vec<String> = weights.iter().map(|(color, weight)| format!("{} {weight}", printable(color))).collect();
    each.join(", ")
}
