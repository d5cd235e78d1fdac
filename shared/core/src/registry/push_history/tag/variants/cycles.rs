//! Variants that need no word before them: they come by turns at every release.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Number, TagForm};
use super::{Alike, FEW, Value, counts};

impl Alike<'_> {
    /// The plain case, for which no word is needed: the same few values come again at every release, by turns, and all
    /// else only rises (`1.4.0-17`, `1.4.0-21`, `1.5.0-17`, `1.5.0-21`).
    pub(super) fn cycles(&self, at: usize) -> bool {
        let component = &self.components[at];
        // `build.7` counts, however it looks.
        if !component.leads && component.label.as_deref().is_some_and(counts) {
            return false;
        }
        let all: Vec<usize> = (0..self.components.len()).filter(|other| *other != at).collect();
        let places: Vec<usize> = all.iter().flat_map(|other| self.components[*other].parts.clone()).collect();
        let mut releases: BTreeMap<Vec<String>, BTreeSet<Value<'_>>> = BTreeMap::new();
        let mut seen: BTreeMap<Value<'_>, BTreeSet<Vec<String>>> = BTreeMap::new();
        for tag in &self.tags {
            let (release, value) = (tag.counted(|at| !component.parts.contains(&at)), tag.numbers_at(&component.parts));
            releases.entry(release.clone()).or_default().insert(value.clone());
            seen.entry(value).or_default().insert(release);
        }
        let repeats = seen.values().filter(|releases| releases.len() > 1).count() > 1;
        let several = releases.values().any(|values| values.len() > 1);
        // A counter behind the release that begins anew with it looks the same.
        let is_small = |value: &Value<'_>| value.iter().all(|numbers| numbers.iter().all(Number::is_first));
        let begins_anew = !component.leads && seen.keys().any(is_small);
        let is_apart = component.leads || component.is_version || are_apart(seen.keys());
        let rest = |tag: &TagForm| tag.numbers_at(&places).concat();
        let all_rises = self.tags.windows(2).all(|pair| rest(&pair[0]) <= rest(&pair[1]));
        repeats && several && is_apart && !begins_anew && seen.len() < FEW && all_rises && self.falls(at)
    }

    /// Lower at one push than at the one before.
    pub(super) fn falls(&self, at: usize) -> bool {
        let own = |tag: &TagForm| tag.numbers_at(&self.components[at].parts).concat();
        self.tags.windows(2).any(|pair| own(&pair[1]) < own(&pair[0]))
    }
}

/// A counter behind a release, or the day of a month, goes on one by one.
fn are_apart<'v>(values: impl Iterator<Item = &'v Value<'v>>) -> bool {
    let mut numbers: Vec<u64> = values.filter_map(|value| value.concat().first()?.worth().1.parse().ok()).collect();
    numbers.sort_unstable();
    numbers.windows(2).all(|pair| pair[1].abs_diff(pair[0]) > 1)
}
