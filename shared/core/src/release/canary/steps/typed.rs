//! Steps as they are typed: `--steps 5,20,50,100 --pause 5m,10m,10m`.

use std::time::Duration;

use super::{ALL, Steps};
use crate::duration::duration;
use crate::release::canary::step::{Pause, Step};
use crate::release::document::Time;

/// Nobody types more.
const MOST: usize = 100;

/// Weights, and the pauses that belong to them in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TypedSteps {
    pub weights: Vec<u32>,
    pub pauses: Vec<Duration>,
}

/// Reads `5,20,50,100`.
///
/// # Errors
/// Where one is no weight, or is not above the one before it.
pub fn weights(text: &str) -> Result<Vec<u32>, String> {
    let mut weights: Vec<u32> = Vec::new();
    for word in text.split(',').map(str::trim) {
        let digits = word.strip_suffix('%').unwrap_or(word);
        let weight = digits.parse().ok().filter(|weight| (1..=ALL).contains(weight));
        let weight = weight.ok_or_else(|| format!("\"{}\" is no weight from 1 to {ALL}", word.escape_debug()))?;
        if weights.last().is_some_and(|before| weight <= *before) {
            return Err(format!("weights rise from step to step, and {weight} is not above the one before it"));
        }
        weights.push(weight);
    }
    Ok(weights)
}

/// Reads `5m,10m,10m`.
///
/// # Errors
/// Where one is no time.
pub fn pauses(text: &str) -> Result<Vec<Duration>, String> {
    let words: Vec<&str> = text.split(',').map(str::trim).collect();
    if words.len() > MOST {
        return Err(format!("at most {MOST} pauses"));
    }
    words.into_iter().map(duration).collect()
}

impl TypedSteps {
    /// As a plan: each weight and then its pause. All requests are no step to pause at; one pause is for all.
    ///
    /// # Errors
    /// Where there are more pauses or fewer than weights to pause at.
    pub fn steps(&self) -> Result<Steps, String> {
        let pausing = self.weights.iter().filter(|weight| **weight != ALL).count();
        let pauses: Vec<Duration> = match self.pauses.as_slice() {
            [] => Vec::new(),
            [one] => vec![*one; pausing],
            all if all.len() == pausing => all.to_vec(),
            all => {
                let count = all.len();
                return Err(format!("{count} pauses for {pausing} weights below {ALL}: one for each, or one for all"));
            }
        };
        let mut pauses = pauses.into_iter();
        let mut steps = Vec::new();
        for weight in &self.weights {
            steps.push(Step::SetWeight(*weight));
            let pause = if *weight == ALL { None } else { pauses.next() };
            steps.extend(pause.map(|time| Step::Pause(Pause { duration: Some(Time(time)) })));
        }
        Ok(Steps { steps, most: ALL })
    }
}
